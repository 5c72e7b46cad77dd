"""Where Cloud Run's process and its runtime in the daemon find each other's files."""

from __future__ import annotations

from pathlib import Path

NAME = "cloud_run"
# What the process tells the daemon, below the state directory.
PUBLISHED = Path(NAME, "published.json")
LOG = Path(NAME, "cloud_run.log")

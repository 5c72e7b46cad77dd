"""Find and make the directories of runs: `<runs>/<environment>/<run id>/`, with `latest` pointing at the newest."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

LEDGER_NAME = "ledger.jsonl"
REPORT_NAME = "report.html"
PROGRESS_NAME = "progress.jsonl"
LATEST_NAME = "latest"

RUN_ID = re.compile(r"\d{8}T\d{6}Z[0-9a-f]{4}")
"""UTC time and four hex digits, so that ids sort by time and two runs begun in one second differ."""


def new_run_id(now: datetime | None = None) -> str:
    """The id of a run that begins now, for example `20261123T013000Z4fa1`."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}{secrets.token_hex(2)}"


def create(environment: Path) -> Path:
    """Make the directory of a new run below `<runs>/<environment>` and point `latest` at it. Raises OSError."""
    directory = environment / new_run_id()
    directory.mkdir(mode=0o700, parents=True)
    _point_latest(environment, directory.name)
    return directory


def _point_latest(environment: Path, run_id: str) -> None:
    """Replace the symlink in one step, so that whoever follows it never finds nothing."""
    fresh = environment / f".{LATEST_NAME}.{run_id}"
    fresh.symlink_to(run_id)
    fresh.replace(environment / LATEST_NAME)


def runs(environment: Path) -> list[Path]:
    """The directories of all runs of an environment that have a ledger, oldest first."""
    if not environment.is_dir():
        return []
    found = (entry for entry in environment.iterdir() if RUN_ID.fullmatch(entry.name))
    return sorted(entry for entry in found if (entry / LEDGER_NAME).is_file())


def before(directory: Path) -> Iterator[Path]:
    """The runs of the same environment that began earlier, newest first."""
    yield from (run for run in reversed(runs(directory.parent)) if run.name < directory.name)

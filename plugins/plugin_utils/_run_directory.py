"""Find and make the directories of runs: `<runs>/<environment>/<run id>/`, with `latest` pointing at the newest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

LEDGER_NAME = "ledger.jsonl"
REPORT_NAME = "report.html"
PROGRESS_NAME = "progress.jsonl"
LATEST_NAME = "latest"

RUN_ID = re.compile(r"\d{8}T\d{6}Z[0-9a-f]{4}")
"""UTC time and four hex digits, the fraction of the second, so that ids sort by time even within a second."""


def new_run_id(now: datetime | None = None) -> str:
    """The id of a run that begins now, for example `20261123T013000Z4fa1`."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}{moment.microsecond * 0x10000 // 1_000_000:04x}"


def create(environment: Path) -> Path:
    """Make the directory of a new run below `<runs>/<environment>`. Raises OSError."""
    directory = environment / new_run_id()
    directory.mkdir(mode=0o700, parents=True)
    return directory


def point_latest(directory: Path) -> None:
    """Point `latest` at a run, in one step, so that whoever follows it never finds nothing. Raises OSError."""
    fresh = directory.with_name(f".{LATEST_NAME}.{directory.name}")
    fresh.symlink_to(directory.name)
    fresh.replace(directory.with_name(LATEST_NAME))


def runs(environment: Path) -> list[Path]:
    """The directories of all runs of an environment that have a ledger, oldest first."""
    if not environment.is_dir():
        return []
    found = (entry for entry in environment.iterdir() if RUN_ID.fullmatch(entry.name))
    return sorted(entry for entry in found if (entry / LEDGER_NAME).is_file())


def before(directory: Path) -> Iterator[Path]:
    """The runs of the same environment that began earlier, newest first."""
    yield from (run for run in reversed(runs(directory.parent)) if run.name < directory.name)

"""Processes known by id and start time, so that a number used again is never mistaken for one of ours."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The start time is derived from the boot time, which shifts when the machine's clock is set; in seconds.
START_TOLERANCE = 5.0


@dataclass(frozen=True)
class ProcessRecord:
    """One process: its id and when it started (POSIX seconds)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessRecord:
        """The record of a running process; ProcessLookupError when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(f"no process {pid}") from error

    def process(self) -> psutil.Process | None:
        """The running process; None when it ended (a zombie has ended) or its id belongs to another one now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < START_TOLERANCE
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def write_records(path: Path, records: Iterable[ProcessRecord]) -> None:
    """Keep `records` in `path`, replacing it in one step."""
    staged = path.with_name(f"{path.name}.new")
    staged.write_text(json.dumps([asdict(record) for record in records]) + "\n")
    staged.replace(path)


def read_records(path: Path) -> list[ProcessRecord]:
    """The records in `path`; none when the file is missing or was cut short by a crash of the machine."""
    try:
        return [ProcessRecord(int(entry["pid"]), float(entry["started"])) for entry in json.loads(path.read_text())]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []


def end(records: Iterable[ProcessRecord], seconds: float) -> list[int]:
    """End processes and all their descendants: terminate, and kill what is left after `seconds`; the killed ids."""
    roots = [process for process in (record.process() for record in records) if process is not None]
    everyone = list(roots)
    for root in roots:
        try:
            everyone += root.children(recursive=True)
        except psutil.NoSuchProcess:
            continue
    for process in everyone:
        _signal(process, kill=False)
    _, left = psutil.wait_procs(everyone, timeout=seconds)
    for process in left:
        _signal(process, kill=True)
    psutil.wait_procs(left, timeout=seconds)
    return [process.pid for process in left]


def memory(pid: int) -> int:
    """Bytes that a process and all its descendants hold, what they share counted once (proportional set size)."""
    try:
        root = psutil.Process(pid)
        everyone = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for process in everyone:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return

"""Keep the ledger of one run while it happens, and turn it into the report at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _run_directory, _task_record
from ._in_flight import InFlight, ProgressTail
from ._ledger_writer import LedgerWriter
from ._masked_text import mask_text
from ._report import write_report
from ._report.summary import Summary


@dataclass
class _Loop:
    """How the turns of a loop that is going on ended so far."""

    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict)


class RunRecorder:
    """The ledger, the progress file and the report of one run, below one directory."""

    def __init__(self, directory: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the ledger in a fresh run directory; `clock` gives seconds. Raises OSError."""
        self.directory = directory
        self.progress_file = directory / _run_directory.PROGRESS_NAME
        self.progress_file.touch(mode=0o600)
        self.work = InFlight(ProgressTail(self.progress_file), clock)
        self.ended = False
        self._ledger = LedgerWriter(directory / _run_directory.LEDGER_NAME, clock)
        self._numbers: dict[str, int] = {}
        self._phases: dict[int, tuple[str, str]] = {}
        self._phase = ""
        self._loops: dict[tuple[int, str], _Loop] = {}

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Write the first line; from now on the run can be found. Raises OSError."""
        self._ledger.write("run_start", {"run_id": self.directory.name, **facts})
        self._ledger.publish()
        _run_directory.point_latest(self.directory)

    def playbook(self, path: str) -> None:
        """A further playbook of the same command begins."""
        self.ended = False
        self._ledger.write("playbook", {"playbook": path})

    def play(self, name: str, phase: str | None, hosts: list[str]) -> None:
        """A play, or a batch of one, begins."""
        self._ledger.write("play", {"name": mask_text(name), "phase": phase, "hosts": hosts})

    def task(self, identifier: str, fields: Mapping[str, Any]) -> None:
        """A task becomes known: `name`, `action`, `phase`, `role`, `path`, `handler`. Once is enough."""
        if identifier in self._numbers:
            return
        number = len(self._numbers) + 1
        self._numbers[identifier] = number
        name = mask_text(str(fields["name"]))
        self._phases[number] = (str(fields["phase"]), name)
        if fields["phase"] != self._phase:
            self._phase = str(fields["phase"])
            self._ledger.write("phase", {"phase": self._phase})
        self._ledger.write("task", {"task": number, **fields, "name": name})

    def knows(self, identifier: str) -> bool:
        """Whether the task was announced."""
        return identifier in self._numbers

    def started(self, identifier: str, host: str) -> None:
        """A host takes up a task."""
        number = self._numbers[identifier]
        phase, name = self._phases[number]
        self._ledger.write("task_start", {"task": number, "host": host})
        self.work.started(number, host, phase, name)

    def item(self, identifier: str, host: str, status: str, result: Mapping[str, Any]) -> None:
        """One turn of a loop ended."""
        number = self._numbers[identifier]
        loop = self._loops.setdefault((number, host), _Loop())
        loop.total += 1
        loop.by_status[status] = loop.by_status.get(status, 0) + 1
        fields = _task_record.record(result, failed=status == "failed", no_log=False)
        label = _task_record.label(result) or f"item {loop.total}"
        self._ledger.write("item", {"task": number, "host": host, "status": status, "label": label, **fields})

    def retry(self, identifier: str, host: str, result: Mapping[str, Any]) -> None:
        """An attempt of a task with `until` ended without success."""
        attempt = {key: result.get(key) for key in ("attempts", "retries")}
        self._ledger.write("retry", {"task": self._numbers[identifier], "host": host, **attempt})

    def finished(
        self, identifier: str, host: str, status: str, result: Mapping[str, Any], *, no_log: bool = False
    ) -> None:
        """A host is done with a task; `status` is ok, changed, skipped, failed, ignored, rescued or unreachable."""
        number = self._numbers[identifier]
        failed = status in ("failed", "ignored", "rescued", "unreachable")
        fields = _task_record.record(result, failed=failed, no_log=no_log)
        loop = self._loops.pop((number, host), None)
        if loop:
            fields["items"] = {"total": loop.total, **loop.by_status}
        self._ledger.write("task_end", {"task": number, "host": host, "status": status, **fields})
        self.work.ended(number, host)

    def end(self, outcome: str, stats: Mapping[str, Any], reason: str | None = None) -> None:
        """Write the last line, on the disk when this returns. `outcome` is ok, failed or interrupted."""
        seconds = round(self._ledger.elapsed(), 3)
        fields = {"outcome": outcome, "seconds": seconds, "stats": stats}
        self._ledger.write("run_end", fields | ({"reason": reason} if reason else {}))
        self._ledger.sync()
        self.work.clear()
        self.ended = True

    def report(self) -> tuple[Path, Summary]:
        """Render the ledger next to itself. Raises LedgerError and OSError."""
        destination = self.directory / _run_directory.REPORT_NAME
        return destination, write_report(self._ledger.path, destination)

    def report_earlier(self) -> None:
        """Give the run before this one the page that a kill kept it from. Raises LedgerError, OSError."""
        earlier = next(_run_directory.before(self.directory), None)
        if earlier and not (earlier / _run_directory.REPORT_NAME).exists():
            write_report(earlier / _run_directory.LEDGER_NAME, earlier / _run_directory.REPORT_NAME)

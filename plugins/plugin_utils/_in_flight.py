"""What a run is doing at this moment, and what it waits for, as one line of text."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ._masked_text import mask_text

SUBJECTS_SHOWN = 2
"""Waits that fit on a line beside each other; further ones are counted."""
HOSTS_SHOWN = 3


@dataclass(frozen=True)
class Wait:
    """One line of the progress file: who waits for what, and how far it is (`done` of `total`, None where unknown)."""

    subject: str
    waiting_for: str
    done: float | None
    total: float | None

    def __str__(self) -> str:
        if self.done is None:
            return f"{self.subject}: {self.waiting_for}"
        share = f"{self.done:g}/{self.total:g}" if self.total is not None else f"{self.done:g}"
        return f"{self.subject}: {self.waiting_for} ({share})"


class ProgressTail:
    """Follow the file that modules append to (module_utils/_progress.py), reading only what is new."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def fresh(self) -> list[Wait]:
        """The waits reported since the last call; a line still being written is left for the next one."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        parsed = (_wait(line) for line in whole.splitlines())
        return [wait for wait in parsed if wait is not None]


def _wait(line: bytes) -> Wait | None:
    """One reported wait; None for a line that is none, since what another process wrote must not stop the run."""
    try:
        entry = json.loads(line)
        subject, waiting_for = str(entry["subject"]), str(entry["waiting_for"])
    except (ValueError, KeyError, TypeError):
        return None
    done, total = (entry.get(key) if isinstance(entry.get(key), int | float) else None for key in ("done", "total"))
    return Wait(mask_text(subject), mask_text(waiting_for), done, total)


class InFlight:
    """Hosts at work and their waits; called by the callback's events and read by the thread that draws."""

    def __init__(self, tail: ProgressTail, clock: Callable[[], float] = time.monotonic) -> None:
        self._tail = tail
        self._clock = clock
        self._lock = threading.RLock()
        self._began: dict[tuple[int, str], float] = {}
        self._names: dict[tuple[int, str], tuple[str, str]] = {}
        self._waits: dict[str, Wait] = {}

    def started(self, task: int, host: str, phase: str, name: str) -> None:
        """A host took up a task."""
        with self._lock:
            self._began[task, host] = self._clock()
            self._names[task, host] = (phase, name)

    def ended(self, task: int, host: str) -> None:
        """A host is done with a task; the waits are forgotten when nobody works any more."""
        with self._lock:
            self._began.pop((task, host), None)
            self._names.pop((task, host), None)
            if not self._began:
                self._tail.fresh()
                self._waits.clear()

    def clear(self) -> None:
        """Nobody works any more."""
        with self._lock:
            self._began.clear()
            self._names.clear()
            self._waits.clear()

    def line(self) -> tuple[float, str]:
        """Seconds that the longest-running task has taken, and what is going on; 0 and "" when idle."""
        with self._lock:
            for wait in self._tail.fresh():
                self._waits.pop(wait.subject, None)
                self._waits[wait.subject] = wait
            if not self._began:
                return 0.0, ""
            oldest = min(self._began, key=lambda key: self._began[key])
            seconds = self._clock() - self._began[oldest]
            phase, name = self._names[oldest]
            hosts = [host for _task, host in self._began]
            waits = list(self._waits.values())
        parts = [phase, name, _some(hosts, HOSTS_SHOWN), _waiting(waits)]
        return seconds, " | ".join(part for part in parts if part)


def _some(names: list[str], shown: int) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _waiting(waits: list[Wait]) -> str:
    newest = [str(wait) for wait in reversed(waits)]
    return f"waiting for {_some(newest, SUBJECTS_SHOWN)}" if newest else ""


def duration(seconds: float) -> str:
    """Seconds as people say them: `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`; whole seconds without a decimal."""
    if seconds < 9.95 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"

"""The time the local cloud lives in, which an operator can move forward."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Anything that says what time it is in the local cloud."""

    def now(self) -> datetime:
        """The current time (aware, UTC)."""


class RealClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The current time (aware, UTC)."""
        return datetime.now(UTC)


@dataclass
class AdjustableClock:
    """The machine's time plus an offset that survives restarts in the file `path` (seconds, as text)."""

    path: Path
    _offset: timedelta = field(init=False, default=timedelta())

    def __post_init__(self) -> None:
        """Read the offset a previous run left; ValueError names the file when it is not a number."""
        if not self.path.exists():
            return
        text = self.path.read_text().strip()
        try:
            self._offset = timedelta(seconds=float(text))
        except ValueError as error:
            seconds = by.total_seconds()
            raise ValueError(f"the clock only moves forward, not by {seconds:g} s; `clock reset` returns to real time")
        self._set(self._offset + by)
        return self.now()

    def reset(self) -> datetime:
        """Return to the machine's time."""
        self._set(timedelta())
        return self.now()

    def _set(self, offset: timedelta) -> None:
        staged = self.path.with_name(f"{self.path.name}.new")
        staged.write_text(f"{offset.total_seconds()}\n")
        staged.replace(self.path)
        self._offset = offset

"""The time the local cloud lives in, which an operator can move forward."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


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
        self.reload()

    def reload(self) -> None:
        """Take the offset from the file again, e.g. after a restore; ValueError names a file that is not a number."""
        text = self.path.read_text().strip() if self.path.exists() else "0"
        try:
            self._offset = timedelta(seconds=float(text))
        except ValueError as error:
            raise ValueError(f"{self.path}: {text!r} is not a number of seconds; remove the file") from error

    @property
    def offset(self) -> timedelta:
        """How far this clock runs ahead of the machine."""
        return self._offset

    def now(self) -> datetime:
        """The current time (aware, UTC)."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` and return the new time; ValueError for a negative one, which would undo expiries."""
        if by < timedelta():
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

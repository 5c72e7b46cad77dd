"""Lanes: clouds that run side by side on a machine share no loopback address (local_cloud/twins.py)."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloud.state import StateDirectory

# A lane is laid over the second octet of an address by exclusive or. Those from 64 on never bring an address of the
# ranges in use (10.0 to 10.63, documentation) to 127.0.0.0/16, where everybody else listens.
FIRST_LANE, LAST_LANE = 64, 127


class Lane:
    """A lane held until `release`; the kernel lets go of it however the daemon ends."""

    def __init__(self, number: int, lock: IO[str] | None) -> None:
        """Hold lane `number` by `lock`."""
        self.number = number
        self._lock = lock

    @classmethod
    def take(cls, state: StateDirectory, directory: Path | None = None) -> Lane:
        """The lane of last time if nobody else has it, else 0, else the first that is free.

        RuntimeError when every lane is taken. `directory` holds a lock file a lane, for all users of the machine.
        """
        directory = directory or Path(tempfile.gettempdir()) / "local-cloud-lanes"
        directory.mkdir(exist_ok=True)
        if directory.stat().st_uid == os.getuid():
            directory.chmod(0o1777)
        for number in _in_order(state):
            lock = _locked(directory / str(number))
            if lock is not None:
                state.lane.write_text(f"{number}\n")
                return cls(number, lock)
        raise RuntimeError(f"every lane of {directory} is taken: {LAST_LANE - FIRST_LANE + 2} local clouds run here")

    def release(self) -> None:
        """Let somebody else have it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _in_order(state: StateDirectory) -> Iterator[int]:
    if state.lane.exists():
        yield int(state.lane.read_text())
    yield 0
    yield from range(FIRST_LANE, LAST_LANE + 1)


def _locked(path: Path) -> IO[str] | None:
    """The lock file at `path`, locked; None when somebody else holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    lock = os.fdopen(descriptor, "r+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock

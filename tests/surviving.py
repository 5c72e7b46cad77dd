"""Which processes a test run left behind, told by a variable that each inherited."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that outlived the tests."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.pid} {self.command}"

    def end(self) -> None:
        """Kill it; one that has ended by itself is as good."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def processes(name: str, value: str) -> list[Process]:
    """Every process but this one whose environment has `name` set to `value`."""
    mark = f"{name}={value}".encode()
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (directory / "environ").read_bytes().split(b"\0"):
                continue
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        # What has ended and waits for its parent has no command line.
        if command and int(directory.name) != os.getpid():
            found.append(Process(int(directory.name), command))
    return found

"""What the supervisor knows of each container and each command in one, from its birth to its end."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    from local_cloud.containers.logs import LogWriter
    from local_cloud.containers.supervisor.addresses import Neighbourhood
    from local_cloud.containers.supervisor.plan import ContainerPlan

SIGNAL_BASE = 128


@dataclass
class Task:
    """One process that was asked for: a container's first, or a command beside it.

    `key` names it in messages; `container` is the container it belongs to (itself, for the first). `pid` is 0 until
    it is known, `process` its pidfd.
    """

    key: str
    container: str
    place: Neighbourhood
    birth: socket.socket
    pid: int = 0
    process: int = -1
    started: int = 0
    failure: tuple[str, str] | None = None
    killed_for_memory: bool = False

    def watch(self, pid: int) -> None:
        """It is process `pid`, a child of this one."""
        self.pid = pid
        self.process = os.pidfd_open(pid)
        self.started = time.time_ns()

    def signal(self, number: int) -> None:
        """Send it a signal; nothing when it has ended."""
        if self.process < 0:
            return
        try:
            signal.pidfd_send_signal(self.process, number)
        except ProcessLookupError:
            return

    def reap(self) -> dict[str, Any]:
        """How it ended, as a message; waits for it."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.process)
        self.process = -1
        by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = SIGNAL_BASE + by_signal if by_signal else os.WEXITSTATUS(status)
        reason = "OOMKilled" if self.killed_for_memory else "Completed" if code == 0 else "Error"
        return {
            "said": "ended",
            "key": self.key,
            "code": code,
            "signal": by_signal,
            "reason": reason,
            "started": self.started,
            "finished": time.time_ns(),
        }


@dataclass
class RunningContainer:
    """A container: its first process, its plan, its log."""

    plan: ContainerPlan
    task: Task
    log: LogWriter
    outputs: dict[int, str] = field(default_factory=dict)

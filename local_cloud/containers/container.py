"""One running container, as whoever started it sees it."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from local_cloud.containers.specification import ContainerSpecification

# Exit codes of a process that a signal ended: 128 + its number, as shells and Kubernetes count.
SIGNAL_BASE = 128


class ContainerError(Exception):
    """A container could not be started. `reason` is Kubernetes' word for it.

    `CreateContainerConfigError`: the specification makes no sense (e.g. a user that must not be root);
    `CreateContainerError`: the kernel refused a step, which the message names;
    `RunContainerError`: the command could not be executed (not found: 127, no permission: 126).
    """

    def __init__(self, reason: str, message: str) -> None:
        """Refuse with `reason`."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Ended:
    """How a container (or a command in it) ended: `code` is 0–255, 128 + number when a signal did it."""

    code: int
    signal: int
    reason: str
    started: datetime
    finished: datetime


@dataclass(frozen=True)
class Usage:
    """What a container has used: seconds of processor time since its start, bytes resident now."""

    cpu_seconds: float
    memory_bytes: int
    processes: int


@dataclass(frozen=True)
class Streams:
    """File descriptors for a command's input and outputs; they stay the caller's to close.

    With `terminal` all three are the same end of a pseudo-terminal.
    """

    input: int
    output: int
    error: int
    terminal: bool = False


class Supervisor(Protocol):
    """What a container asks of whoever supervises it."""

    async def signal(self, identifier: str, number: int) -> None:
        """Send a signal to the container's first process; nothing when it has ended."""

    async def execute(
        self, identifier: str, command: Sequence[str], streams: Streams, environment: Mapping[str, str]
    ) -> Ended:
        """Run a command inside; ContainerError when it cannot be started."""

    async def usage(self, identifier: str) -> Usage | None:
        """What it uses; None when it has ended."""


class Container:
    """A started container. It ends with whoever started it, at the latest."""

    def __init__(
        self, specification: ContainerSpecification, pid: int, started: datetime, supervisor: Supervisor
    ) -> None:
        """Made by `Containers.start`; `pid` is the container's first process as this machine counts."""
        self.specification = specification
        self.pid = pid
        self.started = started
        self._supervisor = supervisor
        self._ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    @property
    def identifier(self) -> str:
        """The specification's."""
        return self.specification.identifier

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.done()

    def settle(self, ended: Ended) -> None:
        """Called once by `Containers` when it has ended."""
        if not self._ended.done():
            self._ended.set_result(ended)

    async def ended(self) -> Ended:
        """Wait for its end; asking again gives the same answer."""
        return await asyncio.shield(self._ended)

    async def signal(self, number: int) -> None:
        """Send a signal to its first process."""
        await self._supervisor.signal(self.identifier, number)

    async def stop(self, grace_seconds: float) -> Ended:
        """SIGTERM, and SIGKILL for all of its processes when it has not ended after `grace_seconds`."""
        if self.running:
            await self.signal(signal.SIGTERM)
            try:
                return await asyncio.wait_for(self.ended(), grace_seconds)
            except TimeoutError:
                await self.signal(signal.SIGKILL)
        return await self.ended()

    async def execute(
        self, command: Sequence[str], streams: Streams, environment: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a command beside its first process, in the same namespaces; cancelling kills it."""
        return await self._supervisor.execute(self.identifier, command, streams, environment or {})

    async def usage(self) -> Usage | None:
        """What its processes use; None when it has ended."""
        return await self._supervisor.usage(self.identifier)

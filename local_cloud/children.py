"""The processes that the daemon starts and keeps running."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_cloud.processes import ProcessRecord, end, write_records
from local_cloud.terraform_provider.peer import serving_pid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

PROVIDER = "terraform-provider"
PROVIDER_MODULE = "local_cloud.terraform_provider"

# A child that ends is started again after this many seconds, doubled each time it ends soon after, up to the longest.
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
# A child that ran this long, in seconds, is not one that keeps crashing.
STEADY_SECONDS = 30.0
# A child gets this long to end by itself.
STOP_SECONDS = 5.0


@dataclass
class Child:
    """One supervised process: `command` is run with its output in `log`, again whenever it ends.

    `survivor` finds the same process as a killed daemon left it, by its id: it is kept instead of starting another.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    survivor: Callable[[], int | None] = lambda: None
    restarts: int = 0
    ended_early: int = 0
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    adopted: ProcessRecord | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        if self.adopted is not None:
            return self.adopted.pid
        return self.process.pid if self.process is not None and self.process.returncode is None else None

    @property
    def keeps_ending(self) -> bool:
        """Whether it has ended soon after its start more than once in a row: waiting for it is no use."""
        return self.ended_early > 1


class Children:
    """Keeps children running, and their ids in a file for whoever finds the daemon killed."""

    def __init__(self, state: StateDirectory) -> None:
        """Record them in `state`."""
        self._state = state
        self._children: list[Child] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def supervise(self, child: Child) -> None:
        """Start `child` and keep it running."""
        self._children.append(child)
        self._tasks[child.name] = asyncio.get_running_loop().create_task(self._keep(child))

    async def dismiss(self, *names: str) -> None:
        """End the children of these names, side by side, and keep them no longer; names of none are passed over."""
        leaving = [child for child in self._children if child.name in names]
        tasks = [self._tasks.pop(child.name) for child in leaving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end_all(leaving)
        self._children = [child for child in self._children if child not in leaving]
        self._record()

    def find(self, name: str) -> Child | None:
        """The child of that name, if there is one."""
        return next((child for child in self._children if child.name == name), None)

    def listed(self) -> list[dict[str, object]]:
        """Name, id (None while it is down) and number of restarts of each."""
        return [{"name": child.name, "pid": child.pid, "restarts": child.restarts} for child in self._children]

    async def stop(self) -> None:
        """End all of them: terminate, then kill."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._end_all(self._children)
        self._record()

    @staticmethod
    async def _end_all(children: Sequence[Child]) -> None:
        await asyncio.gather(*(_end(child.process) for child in children if child.process is not None))
        adopted = [child.adopted for child in children if child.adopted is not None]
        await asyncio.to_thread(end, adopted, STOP_SECONDS)
        for child in children:
            child.adopted = None

    async def _keep(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        await self._adopt(child)
        while True:
            begun = loop.time()
            code = await self._run(child)
            child.ended_early = 0 if loop.time() - begun > STEADY_SECONDS else child.ended_early + 1
            pause = min(FIRST_PAUSE * 2**child.ended_early, LONGEST_PAUSE)
            child.restarts += 1
            _LOG.warning("%s ended with %s; see %s; starting it again in %.1f s", child.name, code, child.log, pause)
            await asyncio.sleep(pause)

    async def _adopt(self, child: Child) -> None:
        """Watch over the survivor of a killed daemon, when there is one, until it ends."""
        pid = child.survivor()
        if pid is None:
            return
        with suppress(ProcessLookupError):
            child.adopted = ProcessRecord.of(pid)
            self._record()
            await _end_of(pid)
            child.adopted = None

    async def _run(self, child: Child) -> int:
        with child.log.open("ab") as log:
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(child.environment),
                start_new_session=True,
            )
        self._record()
        return await child.process.wait()

    def _record(self) -> None:
        records = []
        for child in self._children:
            if child.pid is not None:
                with suppress(ProcessLookupError):
                    records.append(ProcessRecord.of(child.pid))
        write_records(self._state.children_file, records)


async def _end_of(pid: int) -> None:
    """Return when a process that is no child of ours has ended; ProcessLookupError when there is none."""
    loop = asyncio.get_running_loop()
    descriptor = os.pidfd_open(pid)
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def provider_exists() -> bool:
    """Whether this installation has the stand-in for the Terraform provider."""
    try:
        return importlib.util.find_spec(f"{PROVIDER_MODULE}.__main__") is not None
    except ModuleNotFoundError:
        return False


def provider(state: StateDirectory) -> Child:
    """The stand-in for the Terraform provider."""
    command = [sys.executable, "-m", PROVIDER_MODULE, "--state", str(state.root)]
    return Child(PROVIDER, command, state.provider_log, os.environ, survivor=lambda: serving_pid(state.provider_socket))

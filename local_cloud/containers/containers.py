"""Starts, asks and ends containers: the caller's side of a supervisor process."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud.containers.container import Container, ContainerError, Ended, Usage
from local_cloud.containers.planning import plan
from local_cloud.processes import ProcessRecord, end, read_records, write_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_cloud.containers.container import Streams
    from local_cloud.containers.specification import ContainerSpecification
    from local_cloud.containers.supervisor.plan import ProcessPlan

PACKAGE_ROOT = Path(__file__).resolve().parent.parent.parent
LARGEST_MESSAGE = 64 * 1024
# How long the supervisor has to end by itself, in seconds.
END_SECONDS = 3.0
SEND_BUFFER = 1 << 20


class SupervisorEnded(Exception):
    """The supervisor is gone, and every container with it."""


class Containers:
    """The containers under one directory. Use as `async with`: whatever a killed predecessor left is ended first."""

    def __init__(self, directory: Path) -> None:
        """Keep writable layers and the record of processes in `directory`, which nobody else uses at the same time."""
        self._directory = directory
        self._containers: dict[str, Container] = {}
        self._plans: dict[str, ProcessPlan] = {}
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._ends: dict[str, asyncio.Future[Ended]] = {}
        self._numbers = itertools.count(1)
        self._sending = asyncio.Lock()
        self.lost = asyncio.Event()

    @property
    def _records(self) -> Path:
        return self._directory / "processes.json"

    async def __aenter__(self) -> Containers:
        """Start the supervisor."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        await asyncio.to_thread(self._sweep)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for one in (self._control, theirs):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._control.setblocking(False)
        with theirs, (self._directory / "supervisor.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-S",
                "-m",
                "local_cloud.containers.supervisor",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
                cwd="/",
                start_new_session=True,
            )
        self._record()
        asyncio.get_running_loop().add_reader(self._control, self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every container, and the supervisor."""
        self._lose()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.to_thread(self._sweep)

    @property
    def running(self) -> Mapping[str, Container]:
        """Identifier → container, of those that have not ended."""
        return self._containers

    async def start(self, specification: ContainerSpecification) -> Container:
        """Start a container; ContainerError with Kubernetes' reason, SupervisorEnded when nothing can be started."""
        identifier = specification.identifier
        if identifier in self._containers:
            raise ContainerError("CreateContainerError", f"the container name {identifier!r} is already in use")
        whole = await asyncio.to_thread(plan, specification, self._directory)
        answer = await self._ask(identifier, {"do": "start", "plan": asdict(whole)})
        self._plans[identifier] = whole.process
        container = Container(specification, answer["pid"], _time(answer["started"]), self)
        self._containers[identifier] = container
        early = self._ends.pop(identifier, None)
        if early is not None:
            self._finish(identifier, early.result())
        self._record()
        return container

    async def signal(self, identifier: str, number: int) -> None:
        """Send a signal to a container's first process."""
        if identifier in self._containers:
            await self._send({"do": "signal", "key": identifier, "number": number})

    async def execute(
        self, identifier: str, command: Sequence[str], streams: Streams, environment: Mapping[str, str]
    ) -> Ended:
        """Run a command in a container to its end; ContainerError when it cannot be started."""
        if identifier not in self._containers:
            raise ContainerError("CreateContainerError", f"container {identifier} is not running")
        own = asdict(self._plans[identifier])
        own |= {"arguments": list(command), "terminal": streams.terminal}
        own["environment"] = {**own["environment"], **environment}
        key = f"{identifier}/{next(self._numbers)}"
        over: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._ends[key] = over
        files = (streams.input, streams.output, streams.error)
        try:
            await self._ask(key, {"do": "execute", "container": identifier, "plan": own}, files)
            return await over
        except asyncio.CancelledError:
            await self._send({"do": "signal", "key": key, "number": signal.SIGKILL})
            raise
        finally:
            self._ends.pop(key, None)

    async def usage(self, identifier: str) -> Usage | None:
        """What a container uses; None when it has ended."""
        if identifier not in self._containers:
            return None
        key = f"usage/{next(self._numbers)}"
        answer = await self._ask(key, {"do": "usage", "container": identifier})
        return Usage(*answer["usage"]) if answer["usage"] is not None else None

    async def _ask(self, key: str, order: dict[str, Any], files: Sequence[int] = ()) -> dict[str, Any]:
        """Give an order and wait for what the supervisor says of it; ContainerError when it failed."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        try:
            await self._send({**order, "key": key}, files)
            said = await answer
        finally:
            self._answers.pop(key, None)
        if said["said"] == "failed":
            raise ContainerError(said["reason"], said["message"])
        return said

    async def _send(self, order: dict[str, Any], files: Sequence[int] = ()) -> None:
        content = json.dumps(order).encode()
        async with self._sending:
            while not self.lost.is_set():
                try:
                    socket.send_fds(self._control, [content], list(files))
                except BlockingIOError:
                    await _writable(self._control)
                except OSError as error:
                    if isinstance(error, BrokenPipeError | ConnectionResetError):
                        self._lose()
                    else:
                        raise ContainerError("CreateContainerError", f"too large an order: {error}") from error
                else:
                    return
        raise SupervisorEnded

    def _hear(self) -> None:
        """Take what the supervisor says."""
        try:
            content = self._control.recv(LARGEST_MESSAGE)
        except BlockingIOError:
            return
        except ConnectionResetError:
            content = b""
        if not content:
            self._lose()
            return
        said = json.loads(content)
        answer = self._answers.get(said["key"])
        if said["said"] == "ended":
            self._over(said)
        elif answer is not None and not answer.done():
            answer.set_result(said)

    def _over(self, said: dict[str, Any]) -> None:
        started, finished = _time(said["started"]), _time(said["finished"])
        ended = Ended(said["code"], said["signal"], said["reason"], started, finished)
        key = said["key"]
        if key in self._containers:
            self._finish(key, ended)
            return
        over = self._ends.setdefault(key, asyncio.get_running_loop().create_future())
        if not over.done():
            over.set_result(ended)

    def _finish(self, identifier: str, ended: Ended) -> None:
        self._plans.pop(identifier, None)
        self._containers.pop(identifier).settle(ended)
        self._record()

    def _lose(self) -> None:
        """The supervisor ends, or has ended: so has everything."""
        if self.lost.is_set():
            return
        self.lost.set()
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        now = datetime.now(UTC)
        for identifier, container in list(self._containers.items()):
            self._finish(identifier, Ended(137, signal.SIGKILL, "Error", container.started, now))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(SupervisorEnded())
        for over in self._ends.values():
            if not over.done():
                over.set_exception(SupervisorEnded())

    def _record(self) -> None:
        """Keep the ids of all processes for a successor that finds this one killed."""
        records = []
        for pid in (self._process.pid, *(container.pid for container in self._containers.values())):
            with suppress(ProcessLookupError):
                records.append(ProcessRecord.of(pid))
        write_records(self._records, records)

    def _sweep(self) -> None:
        """End what the record names and still runs, and forget the writable layers."""
        end(read_records(self._records), END_SECONDS)
        self._records.unlink(missing_ok=True)
        shutil.rmtree(self._directory / "layers", ignore_errors=True)


async def _writable(control: socket.socket) -> None:
    """Return when `control` takes more."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(control, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(control)


def _time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)

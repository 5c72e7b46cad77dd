"""One unix socket for every terraform process: each gets a provider that has that process's own environment."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc

from local_cloud.terraform_provider.peer import peer_pid, serving_pid
from local_cloud.terraform_provider.protocol import handlers
from local_cloud.terraform_provider.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from local_cloud.state import StateDirectory

_log = logging.getLogger(__name__)
_CHUNK: Final = 65536
_UNLIMITED: Final = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class AlreadyServedError(RuntimeError):
    """Another process serves this state directory."""


def environment_of(pid: int) -> Mapping[str, str]:
    """The environment a process was started with; OSError when it has gone or belongs to somebody else."""
    raw = Path(f"/proc/{pid}/environ").read_bytes()
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0") if b"=" in entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


@dataclass
class _Caller:
    """The provider of one terraform process."""

    server: grpc.aio.Server
    provider: Provider
    path: Path
    connections: int = field(default=0)


class Front:
    """Listens on the stand-in's socket and hands every connection to the provider of its process."""

    def __init__(self, state: StateDirectory) -> None:
        """`state` says where the socket goes."""
        self._state = state
        self._callers: dict[int, asyncio.Task[_Caller]] = {}
        self._open: set[asyncio.Task[None]] = set()
        # The providers' own sockets lie in a directory that only this user may enter, under a short path.
        self._room = tempfile.TemporaryDirectory(prefix="terraform-provider-", dir=os.environ.get("XDG_RUNTIME_DIR"))
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Front:
        """Start to listen; AlreadyServedError when another process does."""
        path = self._state.provider_socket
        other = serving_pid(self._state)
        if other is not None:
            raise AlreadyServedError(f"{path} is served by process {other}")
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, path)
        path.chmod(0o600)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and end every provider."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._state.provider_socket.unlink(missing_ok=True)
        self._room.cleanup()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        pid = peer_pid(writer.get_extra_info("socket"))
        try:
            await self._connect(pid, reader, writer)
        except OSError as error:
            _log.warning("connection of process %d refused: %s", pid, error)
        finally:
            writer.close()
            if task is not None:
                self._open.discard(task)

    async def _connect(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if pid not in self._callers:
            self._callers[pid] = asyncio.create_task(self._start(pid))
        caller = await asyncio.shield(self._callers[pid])
        caller.connections += 1
        try:
            await _join(caller.path, reader, writer)
        finally:
            caller.connections -= 1
            if not caller.connections:
                del self._callers[pid]
                await self._end(caller)

    async def _start(self, pid: int) -> _Caller:
        try:
            provider = Provider(environment_of(pid))
        except OSError:
            del self._callers[pid]
            raise
        path = Path(self._room.name) / f"{pid}.sock"
        server = grpc.aio.server(options=_UNLIMITED)
        server.add_generic_rpc_handlers((handlers(provider),))
        server.add_insecure_port(f"unix:{path}")
        await server.start()
        return _Caller(server, provider, path)

    @staticmethod
    async def _end(caller: _Caller) -> None:
        await caller.provider.close()
        await caller.server.stop(grace=None)
        caller.path.unlink(missing_ok=True)


async def _join(path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes both ways until either side has finished."""
    inner_reader, inner_writer = await asyncio.open_unix_connection(path)
    directions = [
        asyncio.create_task(_copy(reader, inner_writer)),
        asyncio.create_task(_copy(inner_reader, writer)),
    ]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        inner_writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        target.write(chunk)
        await target.drain()

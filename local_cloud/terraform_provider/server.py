"""One unix socket for every terraform process: each connection gets a provider with that process's own environment."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc

from local_cloud.terraform_provider.peer import peer_pid, serving_pid
from local_cloud.terraform_provider.protocol import handlers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from local_cloud.terraform_provider.provider import Provider

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


class Front:
    """Listens on the stand-in's socket.

    Terraform opens one connection for each provider block it configures (aliases included) and one to see whether
    anybody listens. Every connection that says something gets a provider and a gRPC server of its own, so that two
    provider blocks of one process do not share their settings.
    """

    def __init__(self, path: Path, provider: type[Provider]) -> None:
        """Serve `provider` on the socket at `path`."""
        self._path = path
        self._provider = provider
        self._open: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        # The providers' own sockets lie in a directory that only this user may enter, under a short path.
        self._room = tempfile.TemporaryDirectory(prefix="terraform-provider-", dir=os.environ.get("XDG_RUNTIME_DIR"))
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Front:
        """Start to listen; AlreadyServedError when another process does."""
        path = self._path
        other = serving_pid(path)
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
        self._path.unlink(missing_ok=True)
        self._room.cleanup()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        pid = peer_pid(writer.get_extra_info("socket"))
        try:
            beginning = await reader.read(_CHUNK)
            if beginning:
                await self._serve(pid, beginning, reader, writer)
        except OSError as error:
            _log.warning("connection of process %d ended: %s", pid, error)
        finally:
            writer.close()

    async def _serve(
        self, pid: int, beginning: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        provider = self._provider(environment_of(pid))
        path = Path(self._room.name) / f"{next(self._numbers)}.sock"
        server = grpc.aio.server(options=_UNLIMITED)
        server.add_generic_rpc_handlers((handlers(provider),))
        server.add_insecure_port(f"unix:{path}")
        await server.start()
        try:
            inner_reader, inner_writer = await asyncio.open_unix_connection(path)
            inner_writer.write(beginning)
            await _join((reader, inner_writer), (inner_reader, writer))
        finally:
            await provider.close()
            await server.stop(grace=None)
            path.unlink(missing_ok=True)


async def _join(*directions: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Copy bytes both ways until either side has finished."""
    copies = [asyncio.create_task(_copy(source, target)) for source, target in directions]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        for _, target in directions:
            target.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        target.write(chunk)
        await target.drain()

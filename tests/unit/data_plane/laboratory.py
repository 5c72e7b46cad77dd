"""Origins that behave and misbehave, the proxy before them, and clients, all in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import uvloop
from aiohttp import web

from local_cloud.data_plane.reverse_proxy.backends import Address, Backend
from local_cloud.data_plane.reverse_proxy.front_end import FrontEnd
from local_cloud.data_plane.reverse_proxy.messages import Decision, Failures, Forward, Request, plain

FAILURES = Failures(plain(503, "no healthy upstream"), plain(503, "upstream connect error"), plain(504, "timeout"))
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run(coroutine: Coroutine[Any, Any, None], seconds: float = 60) -> None:
    """Run a test's coroutine, not longer than `seconds`, and let its connections close."""

    async def limited() -> None:
        await asyncio.wait_for(coroutine, seconds)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=1) if others else None
        await asyncio.sleep(0.01)

    # The event loop is that of the real process.
    uvloop.run(limited())


@dataclass
class Origin:
    """An HTTP server of the ordinary kind that says its name and what it was asked."""

    name: str
    seen: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    slow: float = 0.0
    address: Address = field(default=Address(""))
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> Origin:
        """Listen."""
        self._runner = web.ServerRunner(web.Server(self._answer, keepalive_timeout=60), shutdown_timeout=5)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        self.address = Address(*self._runner.addresses[0])
        return self

    async def stop(self) -> None:
        """End as a service does on SIGTERM: close the door, let what is under way end."""
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        self.asked.set()
        if "Expect" in request.headers:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.bodies.append(await request.read())
        if self.slow:
            await asyncio.sleep(self.slow)
        if request.path == "/stream":
            response = web.StreamResponse()
            await response.prepare(request)
            for number in range(3):
                await response.write(f"part {number};".encode())
            return response
        if request.path == "/missing":
            return web.Response(status=404, text="no such thing")
        if request.path == "/ws":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"{self.name}: {message.data}")
            return socket
        return web.Response(text=self.name)


@contextlib.asynccontextmanager
async def origins(*names: str) -> AsyncIterator[list[Origin]]:
    """Origins that listen, one of each name."""
    started = [await Origin(name).start() for name in names]
    try:
        yield started
    finally:
        for origin in started:
            await origin.stop()


@contextlib.asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Address]:
    """A server that does to every connection what `script` says."""

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await script(reader, writer)
        writer.close()

    server = await asyncio.start_server(kept, "127.0.0.1", 0)
    async with server:
        yield Address(*server.sockets[0].getsockname())


@dataclass
class Proxy:
    """The proxy before one backend."""

    backend: Backend
    port: int
    front: FrontEnd
    decide: Callable[[Request], Decision]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def proxy(*addresses: Address, seconds: float = 5.0, draining: float = 5.0) -> AsyncIterator[Proxy]:
    """A proxy before endpoints at `addresses`."""
    backend = Backend("laboratory", draining_seconds=draining)
    backend.update(addresses)

    def decide(request: Request) -> Decision:
        return Forward(backend, FAILURES, seconds, set_headers=((b"Via", b"1.1 google"),))

    front = FrontEnd(decide)
    port = await front.listen("127.0.0.1", 0)
    try:
        yield Proxy(backend, port, front, decide)
    finally:
        await front.close()
        front.abort()
        backend.close()


async def spoken(port: int, said: bytes, *, end: bool = True) -> bytes:
    """What comes back for bytes sent on a fresh connection, up to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    if end:
        writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer

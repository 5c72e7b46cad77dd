"""The streams between a client and a command or a log, whichever way they are carried: SPDY or WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import WSMsgType, web

from local_cloud.kubernetes.node.kubelet.spdy import SpdyConnection, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

STDIN, STDOUT, STDERR, ERROR, RESIZE = "stdin", "stdout", "stderr", "error", "resize"
# Names by their number in the protocols *.channel.k8s.io; 255 closes the one that follows (v5).
NUMBERED = (STDIN, STDOUT, STDERR, ERROR, RESIZE)
CLOSE = 255
WEBSOCKET_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
SPDY_PROTOCOL = "v4.channel.k8s.io"
# A client opens all its streams within this time, in seconds.
OPENING_SECONDS = 30.0


class Channels(Protocol):
    """Named streams to one client."""

    async def read(self, name: str) -> bytes:
        """What the client sent on `name` next; empty at its end."""

    async def write(self, name: str, content: bytes) -> None:
        """Send on `name`; ConnectionResetError when the client is gone."""

    async def gone(self) -> None:
        """Return when the client is gone."""

    async def close(self) -> None:
        """End all of them."""


class SpdyChannels:
    """Streams of a SPDY connection, told apart by their header `streamtype`."""

    def __init__(self, expected: set[str]) -> None:
        """The client opens the streams `expected`."""
        self._streams: dict[str, asyncio.Future[Stream]] = {
            name: asyncio.get_running_loop().create_future() for name in expected
        }
        self.connection: SpdyConnection | None = None

    def opened(self, stream: Stream) -> None:
        """The client opened one."""
        found = self._streams.get(stream.headers.get("streamtype", ""))
        if found is not None and not found.done():
            found.set_result(stream)

    async def ready(self) -> None:
        """Wait until all are open; TimeoutError."""
        async with asyncio.timeout(OPENING_SECONDS):
            await asyncio.gather(*map(asyncio.shield, self._streams.values()))

    async def read(self, name: str) -> bytes:
        """What the client sent next."""
        return await (await asyncio.shield(self._streams[name])).read() if name in self._streams else b""

    async def write(self, name: str, content: bytes) -> None:
        """Send."""
        if name in self._streams:
            await (await asyncio.shield(self._streams[name])).write(content)

    async def gone(self) -> None:
        """Return when the client is gone."""
        assert self.connection is not None
        await self.connection.closed.wait()

    async def close(self) -> None:
        """End every stream, then the connection."""
        assert self.connection is not None
        for stream in self._streams.values():
            if stream.done() and not stream.cancelled():
                stream.result().close()
        self.connection.close()


class WebSocketChannels:
    """Messages of a WebSocket, the first byte of each the channel's number."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        """Read `socket` until its end."""
        self._socket = socket
        self._received: dict[str, asyncio.Queue[bytes]] = {name: asyncio.Queue() for name in (STDIN, RESIZE)}
        self._reader = asyncio.get_running_loop().create_task(self._receive())

    async def _receive(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.BINARY or not message.data:
                continue
            number, content = message.data[0], message.data[1:]
            if number == CLOSE and content:
                number, content = content[0], b""
            elif not content:
                # Clients open each channel with an empty message.
                continue
            if number < len(NUMBERED) and NUMBERED[number] in self._received:
                self._received[NUMBERED[number]].put_nowait(content)
        for queue in self._received.values():
            queue.put_nowait(b"")

    async def read(self, name: str) -> bytes:
        """What the client sent next."""
        return await self._received[name].get()

    async def write(self, name: str, content: bytes) -> None:
        """Send."""
        await self._socket.send_bytes(bytes([NUMBERED.index(name)]) + content)

    async def gone(self) -> None:
        """Return when the client is gone."""
        await asyncio.shield(self._reader)

    async def close(self) -> None:
        """Close the socket."""
        await self._socket.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)


async def open_channels(request: web.Request, expected: set[str]) -> tuple[Channels, web.StreamResponse]:
    """Switch to whichever protocol the client asks for; the response is what the handler returns in the end."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        socket = web.WebSocketResponse(protocols=WEBSOCKET_PROTOCOLS)
        await socket.prepare(request)
        return WebSocketChannels(socket), socket
    channels = SpdyChannels(expected)
    channels.connection, response = await switch_to_spdy(request, SPDY_PROTOCOL, channels.opened)
    await channels.ready()
    return channels, response


class Hijacked(web.StreamResponse):
    """The response of a connection that was taken over: everything was said already."""

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Nothing is sent."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is sent."""


async def switch_to_spdy(request: web.Request, protocol: str, opened: Any) -> tuple[SpdyConnection, web.StreamResponse]:
    """Take the connection over; HTTPBadRequest when the client does not speak SPDY and `protocol`."""
    offered = request.headers.getall("X-Stream-Protocol-Version", [])
    if request.headers.get("Upgrade", "").lower() != "spdy/3.1":
        raise web.HTTPBadRequest(text="Upgrade request required: SPDY/3.1 or websocket\n")
    known = {name.strip() for line in offered for name in line.split(",")}
    if known and protocol not in known:
        raise web.HTTPForbidden(text=f"unable to negotiate protocol: offered {sorted(known)}, wanted {protocol}\n")
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    connection = SpdyConnection(transport, opened)
    transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        + f"X-Stream-Protocol-Version: {protocol}\r\n\r\n".encode()
    )
    transport.set_protocol(connection)
    return connection, Hijacked()


def status(code: int) -> bytes:
    """What the error stream says of a command that ended with `code`."""
    if code == 0:
        return json.dumps({"metadata": {}, "status": "Success"}).encode()
    return failure(
        f"command terminated with non-zero exit code: {code}",
        "NonZeroExitCode",
        {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    )


def failure(message: str, reason: str = "InternalError", details: Mapping[str, Any] | None = None) -> bytes:
    """What the error stream says when something failed."""
    said = {"metadata": {}, "status": "Failure", "message": message, "reason": reason, "details": details or {}}
    return json.dumps({**said, "code": 500}).encode()

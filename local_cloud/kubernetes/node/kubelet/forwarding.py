"""Forwarded ports: pairs of streams to a port of a pod."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from local_cloud.kubernetes.node.kubelet.channels import switch_to_spdy
from local_cloud.twins import twin

if TYPE_CHECKING:
    from local_cloud.kubernetes.node.kubelet.spdy import Stream

PROTOCOL = "portforward.k8s.io"
WEBSOCKET_PROTOCOL = "v4.channel.k8s.io"
READ_SIZE = 32 * 1024


async def forward(request: web.Request, address: str) -> web.StreamResponse:
    """Forward to `address` of the cloud until the client goes."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _by_websocket(request, address)
    pairs = _Pairs(address)
    connection, response = await switch_to_spdy(request, PROTOCOL, pairs.opened)
    try:
        await connection.closed.wait()
    finally:
        await pairs.stop()
    return response


class _Pairs:
    """Each connection of the client has a data stream and an error stream with one request id."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._errors: dict[str, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def opened(self, stream: Stream) -> None:
        """The client opens the error stream first."""
        request = stream.headers.get("requestid", "")
        if stream.headers.get("streamtype") == "error":
            self._errors[request] = stream
            return
        task = asyncio.get_running_loop().create_task(self._join(stream, self._errors.pop(request, None)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, stream: Stream, errors: Stream | None) -> None:
        port = int(stream.headers.get("port", "0"))
        try:
            reader, writer = await asyncio.open_connection(*twin(self._address, port))
        except OSError as error:
            if errors is not None:
                await errors.write(f"connection to {self._address}:{port} failed: {error.strerror or error}".encode())
                errors.close()
            stream.close()
            return
        inbound = asyncio.ensure_future(_inbound(stream, writer))
        try:
            with suppress(ConnectionResetError):
                while content := await reader.read(READ_SIZE):
                    await stream.write(content)
            stream.close()
            if errors is not None:
                errors.close()
            await inbound
        finally:
            inbound.cancel()
            writer.close()


async def _inbound(stream: Stream, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await stream.read():
            writer.write(content)
            await writer.drain()
        writer.write_eof()


async def _by_websocket(request: web.Request, address: str) -> web.StreamResponse:
    """Two channels for each port in the query: data and errors, each begun with the port's number."""
    ports = [int(port) for value in request.query.getall("port", []) for port in value.split(",")]
    if not ports:
        raise web.HTTPBadRequest(text='query parameter "port" is required\n')
    socket = web.WebSocketResponse(protocols=(WEBSOCKET_PROTOCOL,))
    await socket.prepare(request)
    writers: dict[int, asyncio.StreamWriter] = {}
    tasks = []
    for number, port in enumerate(ports):
        for channel in (2 * number, 2 * number + 1):
            await socket.send_bytes(bytes([channel]) + port.to_bytes(2, "little"))
        try:
            reader, writers[2 * number] = await asyncio.open_connection(*twin(address, port))
        except OSError as error:
            said = f"connection to {address}:{port} failed: {error.strerror or error}"
            await socket.send_bytes(bytes([2 * number + 1]) + said.encode())
            continue
        tasks.append(asyncio.ensure_future(_outbound(socket, 2 * number, reader)))
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data and message.data[0] in writers:
                writers[message.data[0]].write(message.data[1:])
                await writers[message.data[0]].drain()
    finally:
        for task in tasks:
            task.cancel()
        for writer in writers.values():
            writer.close()
    return socket


async def _outbound(socket: web.WebSocketResponse, channel: int, reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionResetError):
        while content := await reader.read(READ_SIZE):
            await socket.send_bytes(bytes([channel]) + content)
        await socket.close()

"""The API server's way to kubelets, webhooks and aggregated APIs: CONNECT over a unix socket, answered by the twin."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from local_cloud.tunnel import UpstreamError, open_local, splice
from local_cloud.twins import twin

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_LONGEST_HEAD = 8192


class Egress:
    """A server of HTTP CONNECT (`HTTPConnect` of the API server's egress selector)."""

    def __init__(self) -> None:
        """Nothing listens yet."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, socket: Path) -> None:
        """Listen on `socket`; what a killed daemon left there is replaced."""
        _clear(socket)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Opening(self), str(socket))
        _protect(socket)

    async def stop(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def join(self, client: asyncio.Transport, address: str, port: int) -> None:
        """Join `client` with the twin of `address`:`port`."""
        task = asyncio.get_running_loop().create_task(self._join(client, address, port))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _join(client: asyncio.Transport, address: str, port: int) -> None:
        try:
            upstream = await open_local(*twin(address, port))
        except (UpstreamError, ValueError) as error:
            _LOG.info("egress to %s:%d: %s", address, port, error)
            client.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        if client.is_closing():
            upstream.abort()
            return
        client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        splice(client, upstream, b"")


def _clear(socket: Path) -> None:
    socket.unlink(missing_ok=True)


def _protect(socket: Path) -> None:
    socket.chmod(0o600)


class _Opening(asyncio.Protocol):
    """A connection until its CONNECT has been read."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the head."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Open the way once the head is complete; the client says nothing before the answer."""
        self._received += data
        if b"\r\n\r\n" not in self._received:
            if len(self._received) > _LONGEST_HEAD:
                self._transport.abort()
            return
        words = bytes(self._received).split(b"\r\n", 1)[0].decode("latin-1").split()
        address, _, port = words[1].rpartition(":") if len(words) == 3 and words[0] == "CONNECT" else ("", "", "")
        if not port.isdigit():
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            self._transport.close()
            return
        self._egress.join(self._transport, address, int(port))

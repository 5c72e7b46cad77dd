"""Plain tunnels for hosts that are passed through: bytes in both directions, looked at by nobody."""

from __future__ import annotations

import asyncio
import base64
import os
from urllib.parse import unquote, urlsplit

CONNECT_SECONDS = 15.0


class UpstreamError(ConnectionError):
    """The real host could not be reached; the message says which and why."""


class _Head(asyncio.Protocol):
    """Collects what the other side says until somebody takes over."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.complete = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Complete once the head of an HTTP answer is there."""
        self.received += data
        if b"\r\n\r\n" in self.received and not self.complete.done():
            self.complete.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        if not self.complete.done():
            self.complete.set_exception(exc or ConnectionResetError("closed without an answer"))
            self.complete.exception()


class _Side(asyncio.Protocol):
    """One side of a tunnel: what it receives goes to the other side, which is not read while this one cannot send."""

    def __init__(self, other: asyncio.Transport, ended: set[_Side]) -> None:
        self._other = other
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        self._other.write(data)

    def eof_received(self) -> bool:
        """Pass the end on, keep the other direction open; both ended, the tunnel has."""
        self._ended.add(self)
        if len(self._ended) > 1:
            self._other.close()
            return False
        if self._other.can_write_eof() and not self._other.is_closing():
            self._other.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """One side gone is both gone, after what is buffered has been sent."""
        self._other.close()

    def pause_writing(self) -> None:
        """The own buffer is full: read no more from the other side."""
        if not self._other.is_closing():
            self._other.pause_reading()

    def resume_writing(self) -> None:
        """There is room again."""
        if not self._other.is_closing():
            self._other.resume_reading()


def splice(client: asyncio.Transport, upstream: asyncio.Transport, early: bytes) -> None:
    """Join two transports; `early` is what the client sent before."""
    ended: set[_Side] = set()
    client.set_protocol(_Side(upstream, ended))
    upstream.set_protocol(_Side(client, ended))
    if early:
        upstream.write(early)


async def open_upstream(host: str, port: int) -> asyncio.Transport:
    """A connection to `host:port`, through the proxy that the daemon's own environment names, if any.

    UpstreamError within `CONNECT_SECONDS` when there is none.
    """
    proxy = upstream_proxy()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            if proxy is None:
                return await _connect(host, port)
            return await _connect_through(proxy, host, port)
    except (OSError, TimeoutError) as error:
        way = f" through {urlsplit(proxy).hostname}" if proxy else ""
        why = "no answer in time" if isinstance(error, TimeoutError) else error
        raise UpstreamError(f"{host}:{port} cannot be reached{way}: {why}") from error


async def open_local(address: str, port: int) -> asyncio.Transport:
    """A connection to what listens on this machine's `address`:`port`; UpstreamError when nothing does."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _connect(address, port)
    except (OSError, TimeoutError) as error:
        raise UpstreamError(f"nothing answers for it on {address}:{port}: {error}") from error


def upstream_proxy() -> str | None:
    """The URL of the proxy this machine needs to reach the outside; None when it needs none."""
    return os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or None


async def _connect(host: str, port: int) -> asyncio.Transport:
    transport, _ = await asyncio.get_running_loop().create_connection(_Head, host, port)
    return transport


async def _connect_through(proxy: str, host: str, port: int) -> asyncio.Transport:
    where = urlsplit(proxy)
    transport, protocol = await asyncio.get_running_loop().create_connection(
        _Head, where.hostname or "", where.port or 80, ssl=True if where.scheme == "https" else None
    )
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if where.username:
        secret = f"{unquote(where.username)}:{unquote(where.password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(secret).decode()}")
    transport.write("\r\n".join([*lines, "", ""]).encode())
    await protocol.complete
    status = bytes(protocol.received).split(b"\r\n", 1)[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        transport.abort()
        raise ConnectionRefusedError(f"the proxy answered {status!r}")
    return transport

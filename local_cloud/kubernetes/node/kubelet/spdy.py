"""SPDY/3.1 as the API server speaks it to kubelets: streams with headers over one connection.

https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ without flow control, which Kubernetes does not use.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 1
CONTROL = 0x80000000
_HEAD = struct.Struct("!II")
_LENGTH = struct.Struct("!I")
LARGEST_FRAME = 0xFFFFFF
CHUNK = 32 * 1024

_WORDS = [
    "options",
    "head",
    "post",
    "put",
    "delete",
    "trace",
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "content-base",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "location",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "method",
    "get",
    "status",
]
_MORE_WORDS = ("200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin")
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
# The words of headers, each behind its length, that both sides' compression starts from (section 2.6.10.1).
DICTIONARY = b"".join(_LENGTH.pack(len(word)) + word.encode() for word in (*_WORDS, *_MORE_WORDS)) + _TAIL.encode()


class Stream:
    """One stream of a connection: what the other side sends, and a way back."""

    def __init__(self, connection: SpdyConnection, number: int, headers: Mapping[str, str]) -> None:
        """Made by the connection for each stream that the other side opens."""
        self._connection = connection
        self._number = number
        self._over = False
        self.headers = headers
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        """What came next; empty when nothing will come any more."""
        content = await self.received.get()
        if not content:
            self.received.put_nowait(b"")
        return content

    async def write(self, content: bytes) -> None:
        """Send; waits while the other side is slow."""
        for start in range(0, len(content), CHUNK):
            self._connection.send_data(self._number, content[start : start + CHUNK], 0)
        await self._connection.drain()

    def close(self) -> None:
        """Send nothing more."""
        if not self._over:
            self._over = True
            self._connection.send_data(self._number, b"", FIN)


class SpdyConnection(asyncio.Protocol):
    """The server's side. `opened` is called with each stream that the client opens."""

    def __init__(self, transport: asyncio.Transport, opened: Callable[[Stream], None]) -> None:
        """Take over `transport`, whose other side speaks SPDY from now on; its former protocol hears of its end."""
        self._transport = transport
        self._former = transport.get_protocol()
        self._opened = opened
        self._received = bytearray()
        self._streams: dict[int, Stream] = {}
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)
        self._writable = asyncio.Event()
        self._writable.set()
        self.closed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Take whole frames."""
        self._received += data
        while len(self._received) >= _HEAD.size:
            first, second = _HEAD.unpack_from(self._received)
            length = second & LARGEST_FRAME
            if len(self._received) < _HEAD.size + length:
                return
            content = bytes(self._received[_HEAD.size : _HEAD.size + length])
            del self._received[: _HEAD.size + length]
            if first & CONTROL:
                self._control(first & 0xFFFF, second >> 24, content)
            else:
                self._data(first, second >> 24, content)

    def connection_lost(self, exc: Exception | None) -> None:
        """Every stream is over."""
        self._writable.set()
        self.closed.set()
        for stream in self._streams.values():
            stream.received.put_nowait(b"")
        self._former.connection_lost(exc)

    def pause_writing(self) -> None:
        """The other side is slow."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._writable.set()

    async def drain(self) -> None:
        """Wait while the other side is slow; ConnectionResetError when it is gone."""
        await self._writable.wait()
        if self.closed.is_set():
            raise ConnectionResetError

    def send_data(self, stream: int, content: bytes, flags: int) -> None:
        """Send a data frame."""
        if not self._transport.is_closing():
            self._transport.write(_HEAD.pack(stream, flags << 24 | len(content)) + content)

    def close(self) -> None:
        """Say goodbye."""
        if not self._transport.is_closing():
            self._send_control(GOAWAY, 0, struct.pack("!II", max(self._streams, default=0), 0))
            self._transport.close()

    def _control(self, kind: int, flags: int, content: bytes) -> None:
        if kind == SYN_STREAM:
            number = int.from_bytes(content[:4], "big")
            stream = Stream(self, number, self._headers(content[10:]))
            self._streams[number] = stream
            answer = self._deflate.compress(_LENGTH.pack(0)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
            self._send_control(SYN_REPLY, 0, _LENGTH.pack(number) + answer)
            self._opened(stream)
            if flags & FIN:
                stream.received.put_nowait(b"")
        elif kind == PING:
            self._send_control(PING, 0, content)
        elif kind == RST_STREAM:
            self._data(int.from_bytes(content[:4], "big"), FIN, b"")
        elif kind == GOAWAY:
            self._transport.close()

    def _data(self, number: int, flags: int, content: bytes) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        if content:
            stream.received.put_nowait(content)
        if flags & FIN:
            stream.received.put_nowait(b"")
            del self._streams[number]

    def _headers(self, block: bytes) -> dict[str, str]:
        """A block of headers; names come in lower case."""
        plain = self._inflate.decompress(block)
        position = 0

        def text() -> str:
            nonlocal position
            (length,) = _LENGTH.unpack_from(plain, position)
            start = position + _LENGTH.size
            position = start + length
            return plain[start:position].decode("latin-1")

        (count,) = _LENGTH.unpack_from(plain, position)
        position += _LENGTH.size
        return {text().lower(): text() for _ in range(count)}

    def _send_control(self, kind: int, flags: int, content: bytes) -> None:
        if not self._transport.is_closing():
            first = CONTROL | VERSION << 16 | kind
            self._transport.write(_HEAD.pack(first, flags << 24 | len(content)) + content)

"""One connection of a client: reads its requests, one exchange after the other, and writes the answers."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from local_cloud.data_plane.reverse_proxy.exchange import Exchange
from local_cloud.data_plane.reverse_proxy.messages import Handler, Headers, Request, head, plain, status_line

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.messages import Answer

# As Google's front ends: a client may leave a connection idle this long, in seconds, and a head has this many bytes.
# https://cloud.google.com/load-balancing/docs/https#timeouts_and_retries
KEEPALIVE_SECONDS = 610.0
LONGEST_HEAD = 65_536
# After an answer that did not wait for the whole request, the client may go on sending for this long, in seconds.
LINGER_SECONDS = 2.0

BAD_REQUEST = plain(400, "Bad Request\n")
TOO_LARGE = plain(431, "Request Header Fields Too Large\n")


class ClientConnection(asyncio.Protocol):
    """A protocol for `loop.create_server`."""

    def __init__(self, handler: Handler, connections: set[ClientConnection]) -> None:
        """`handler` decides about requests; `connections` is where this one is listed while it is open."""
        self.handler = handler
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: Headers = []
        self._head_size = 0
        self._in_head = True
        self._reading: Exchange | None = None
        self._current: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        self._deaf = False
        self._ending = False
        self._early = b""
        self._upgrading = False
        self._idle_timer: asyncio.TimerHandle | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # A transport of uvloop is no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._secure = transport.get_extra_info("ssl_object") is not None
        self._peer = _host(transport.get_extra_info("peername"))
        self._local = _host(transport.get_extra_info("sockname"))
        self._connections.add(self)
        self._watch_idle()

    def data_received(self, data: bytes) -> None:
        """Parse."""
        if self._upgrading:
            self._early += data
            return
        if self._deaf:
            return
        if self._in_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(BAD_REQUEST)
        if self._in_head and self._head_size > LONGEST_HEAD:
            self._refuse(TOO_LARGE)

    def eof_received(self) -> bool:
        """A client that has said everything may still wait for its answer."""
        self._ending = True
        return self._current is not None and not self._secure

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is under way."""
        self._connections.discard(self)
        self._transport = None
        self._stop_watching()
        exchange, self._current = self._current, None
        if exchange is not None:
            exchange.client_lost()
        self._queue.clear()

    def pause_writing(self) -> None:
        """The client reads slower than the backend sends."""
        if self._current is not None:
            self._current.pause_backend()

    def resume_writing(self) -> None:
        """There is room again."""
        if self._current is not None:
            self._current.resume_backend()

    # httptools

    def on_message_begin(self) -> None:
        """A new request."""
        self._target, self._headers, self._in_head = b"", [], True

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin the exchange, or let it wait for the one before."""
        self._in_head, self._head_size = False, 0
        parser = self._parser
        names = [name.lower() for name, _ in self._headers]
        request = Request(
            parser.get_method().decode("latin-1"),
            self._target,
            self._headers,
            parser.get_http_version(),
            self._secure,
            self._peer,
            self._local,
        )
        keep_alive = parser.should_keep_alive() and not self._ending
        exchange = Exchange(self, request, chunked=b"transfer-encoding" in names, keep_alive=keep_alive)
        self._reading = exchange
        if request.method == "CONNECT" or (request.version != "1.0" and names.count(b"host") != 1):
            self._refuse(BAD_REQUEST)
        elif self._current is None:
            self._stop_watching()
            self._current = exchange
            exchange.request_complete = _has_no_body(names, self._headers)
            exchange.begin()
        else:
            self._queue.append(exchange)
            self.pause()

    def on_body(self, body: bytes) -> None:
        """Hand it on."""
        if self._reading is not None and not self._deaf:
            self._reading.body(body)

    def on_message_complete(self) -> None:
        """The request is all there."""
        reading, self._reading = self._reading, None
        self._in_head = True
        if reading is not None and not self._deaf:
            reading.complete()

    # From the exchange

    def write(self, data: bytes) -> None:
        """Send to the client."""
        if self._transport is not None:
            self._transport.write(data)

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on, unless requests wait."""
        if not self._queue and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def exchange_done(self, exchange: Exchange, *, keep_alive: bool) -> None:
        """The answer is written; the next request may begin."""
        if self._current is not exchange or self._transport is None:
            return
        self._current = None
        if not keep_alive or self._upgrading or (self._ending and not self._queue):
            self._linger(whole=exchange.request_complete)
        elif self._queue:
            self._current = self._queue.popleft()
            self._current.begin()
            self.resume()
        else:
            self.resume()
            self._watch_idle()

    def give_up_transport(self) -> tuple[asyncio.Transport, bytes]:
        """The connection and what the client sent early, for whoever speaks with it from now on."""
        assert self._transport is not None
        transport, self._transport = self._transport, None
        self._connections.discard(self)
        self._stop_watching()
        self._current = None
        transport.resume_reading()
        return transport, self._early

    def finish(self) -> None:
        """Answer what is under way, take nothing more; an idle connection ends at once."""
        self._ending = True
        for exchange in (self._current, *self._queue):
            if exchange is not None:
                exchange.keep_alive = False
        if self._current is None and self._transport is not None:
            self._transport.close()

    # Inside

    def _after_upgrade(self, rest: bytes) -> None:
        """The parser stops at every wish to change the protocol; only that for WebSockets is granted."""
        if self._current is not None and self._current.request.is_websocket and not self._queue:
            self._upgrading = True
            self._early += rest
            return
        self._parser = httptools.HttpRequestParser(self)
        if rest and not self._deaf:
            self.data_received(rest)

    def _refuse(self, answer: Answer) -> None:
        """Answer what is no proper request, and end the connection."""
        if self._deaf or self._transport is None:
            return
        self._deaf = True
        self._reading = None
        if self._current is None:
            headers = [*answer.headers, (b"Content-Length", b"%d" % len(answer.body)), (b"Connection", b"close")]
            self._transport.write(head(status_line(answer.status), headers) + answer.body)
            self._linger(whole=True)
        else:
            self._current.keep_alive = False

    def _linger(self, *, whole: bool) -> None:
        """Close; while the client still sends, only after it had time to read the answer."""
        assert self._transport is not None
        self._deaf = True
        if whole:
            self._transport.close()
            return
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.close)

    def _watch_idle(self) -> None:
        self._stop_watching()
        assert self._transport is not None
        self._idle_timer = asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._transport.close)

    def _stop_watching(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None


def _host(name: object) -> str:
    """The address in what a socket calls itself; empty for a unix socket."""
    return str(name[0]) if isinstance(name, tuple) else ""


def _has_no_body(names: list[bytes], headers: Headers) -> bool:
    if b"transfer-encoding" in names:
        return False
    return all(value.strip() == b"0" for name, value in headers if name.lower() == b"content-length")

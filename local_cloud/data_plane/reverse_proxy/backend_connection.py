"""One connection to an endpoint: sends a request, reads the answer, and tells the exchange as it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httptools

from local_cloud.data_plane.reverse_proxy.messages import Headers

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.backends import Endpoint
    from local_cloud.data_plane.reverse_proxy.exchange import Exchange

CONNECT_SECONDS = 5.0


class BackendConnection(asyncio.Protocol):
    """Carries one exchange at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        """A connection to `endpoint`."""
        self.endpoint = endpoint
        self.transport: asyncio.Transport | None = None
        self.reused = False
        self._exchange: Exchange | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._headers: Headers = []
        self._status = 0
        self._has_body_length = False
        self._keep_alive = False
        self._complete = False
        self._lost = False

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not self._lost and self.transport is not None and not self.transport.is_closing()

    def start(self, exchange: Exchange) -> None:
        """Carry `exchange` from now on."""
        self._exchange = exchange
        self._begin_answer()
        self.endpoint.active.add(self)

    def write(self, data: bytes) -> None:
        """Send."""
        if self.transport is not None:
            self.transport.write(data)

    def release(self, *, reusable: bool) -> None:
        """The exchange is over: keep the connection for the next one, or end it."""
        self._exchange = None
        self.endpoint.active.discard(self)
        if reusable and self.usable:
            self.reused = True
            assert self.transport is not None
            self.transport.resume_reading()
            self.endpoint.keep(self)
        else:
            self.abort()

    def close(self) -> None:
        """End it after what is buffered."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """End it now."""
        if self.transport is not None:
            self.transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # A transport of uvloop is no subclass of asyncio's.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse, and let the exchange pass on what was found in one write."""
        exchange = self._exchange
        if exchange is None or self._parser is None:
            # Nobody asked: an answer without a request cannot be trusted.
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            exchange.upgraded(self, data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            exchange.backend_lost(self)
            self.abort()
            return
        exchange.flush()
        if self._complete:
            exchange.answered(keep_alive=self._keep_alive)

    def eof_received(self) -> bool:
        """The end of the connection is the end of a body without a length."""
        if self._exchange is not None and self._status and not self._has_body_length:
            self._exchange.answered(keep_alive=False)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the exchange, if one is under way."""
        self._lost = True
        self.endpoint.forget(self)
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.backend_lost(self)

    def pause_writing(self) -> None:
        """The backend reads slower than the client sends."""
        if self._exchange is not None:
            self._exchange.pause_client()

    def resume_writing(self) -> None:
        """There is room again."""
        if self._exchange is not None:
            self._exchange.resume_client()

    # httptools

    def on_status(self, status: bytes) -> None:
        """The reason phrase is not passed on."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hand the head over."""
        assert self._parser is not None
        assert self._exchange is not None
        status = self._parser.get_status_code()
        if status == 101 or status >= 200:
            self._status = status
            self._keep_alive = self._parser.should_keep_alive()
            names = {name.lower() for name, _ in self._headers}
            self._has_body_length = b"content-length" in names or b"transfer-encoding" in names
            bodiless = self._exchange.answer_head(status, self._headers)
            self._complete = self._complete or bodiless
        else:
            self._exchange.interim(status, self._headers)
        self._headers = []

    def on_body(self, body: bytes) -> None:
        """Hand it over."""
        if self._exchange is not None and not self._complete:
            self._exchange.answer_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a final answer."""
        self._complete = self._status >= 200

    def _begin_answer(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers = []
        self._status = 0
        self._has_body_length = False
        self._complete = False


async def connect(endpoint: Endpoint) -> BackendConnection:
    """A new connection to `endpoint`; OSError or TimeoutError when there is none within `CONNECT_SECONDS`."""
    loop = asyncio.get_running_loop()
    host, port = endpoint.address
    async with asyncio.timeout(CONNECT_SECONDS):
        if endpoint.address.is_socket:
            _, connection = await loop.create_unix_connection(lambda: BackendConnection(endpoint), host)
        else:
            _, connection = await loop.create_connection(lambda: BackendConnection(endpoint), host, port)
    return connection

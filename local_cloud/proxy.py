"""The forward proxy: CONNECT with TLS termination, plain absolute-form requests, and 403 for every other host."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_cloud.emulator.http import Response
from local_cloud.hosts import LOOPBACK, Answerer, HostTable
from local_cloud.tunnel import UpstreamError, open_local, open_upstream, splice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from local_cloud.certificates import Authority
    from local_cloud.exchange import FrontDesk

_LOG = logging.getLogger(__name__)

# A client that opens a connection has this many seconds to say what it wants, and as many for its TLS handshake.
OPENING_SECONDS = 30.0
# Idle connections are kept longer than clients keep theirs (urllib3 and Go: 90 s at most), so that it is always the
# client that closes first and no request is lost to a race.
KEEPALIVE_SECONDS = 600.0
# Requests in flight get this long to end when the proxy stops, in seconds.
STOP_SECONDS = 2.0
# Longest request line, header field and CONNECT head, in bytes.
LONGEST_HEAD = 65_536
MOST_HEADERS = 256


class ForwardProxy:
    """Listens on loopback and hands every connection to aiohttp's HTTP implementation, in this process."""

    def __init__(self, authority: Authority, table: HostTable, desk: FrontDesk) -> None:
        """Show leaves of `authority`, ask `table` about hosts, let `desk` answer."""
        self.authority = authority
        self.table = table
        self.desk = desk
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on `port` (0: a free one) and return the port; OSError when it is taken."""
        self.http = web.Server(
            self.desk.handle,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            max_line_size=LONGEST_HEAD,
            max_field_size=LONGEST_HEAD,
            max_headers=MOST_HEADERS,
            auto_decompress=False,
        )
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Opening(self), LOOPBACK, port, backlog=512)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening, let requests in flight end, close connections."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.http.pre_shutdown()
        await self.http.shutdown(timeout=STOP_SECONDS)
        await self.desk.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside the connections, cancelled when the proxy stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Opening(asyncio.Protocol):
    """The first bytes of a connection, until it is known who takes it over.

    After CONNECT it also stands in while TLS is negotiated, and keeps what arrives before aiohttp takes over.
    """

    def __init__(self, proxy: ForwardProxy) -> None:
        """One connection of `proxy`."""
        self._proxy = proxy
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._decided = False
        self._lost = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first line, not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._deadline = asyncio.get_running_loop().call_later(OPENING_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember it, for whoever is about to take over."""
        self._lost = True
        self._cancel_deadline()

    def data_received(self, data: bytes) -> None:
        """Collect until the connection can be handed on."""
        self._received += data
        if self._decided or self._transport is None:
            return
        if not b"CONNECT ".startswith(bytes(self._received[:8])):
            self._decided = True
            self.hand_over(self._transport, self._proxy.http())
        elif b"\r\n\r\n" in self._received:
            self._decided = True
            self._connect(self._transport)
        elif len(self._received) > LONGEST_HEAD:
            self.answer(Response.text(431, "The head of the request is too long.\n"))

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Let `protocol` have the connection, with what came so far."""
        self._cancel_deadline()
        if self._lost:
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._received:
            protocol.data_received(bytes(self._received))

    def answer(self, response: Response) -> None:
        """Answer the CONNECT itself and close."""
        assert self._transport is not None
        self._decided = True
        lines = [f"HTTP/1.1 {response.status} {'Forbidden' if response.status == 403 else 'Refused'}"]
        headers = {**response.headers, "Content-Length": str(len(response.body)), "Connection": "close"}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + response.body)
        self._transport.close()

    def _connect(self, transport: asyncio.Transport) -> None:
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
        host, _, port = words[1].rpartition(":") if len(words) == 3 else ("", "", "")
        if not host or not port.isdigit() or rest:
            self.answer(Response.text(400, "CONNECT needs HOST:PORT, and nothing may follow it before the answer.\n"))
            return
        self._received.clear()
        host = host.strip("[]").lower()
        twin = self._proxy.table.upstream(host, int(port))
        answerer = self._proxy.table.answerer(host) if port == "443" else Answerer.REFUSED
        if twin is not None:
            self._proxy.spawn(self._pass_through(transport, host, port, open_local(*twin)))
        elif answerer is Answerer.GOOGLE:
            self._proxy.spawn(self._terminate(transport, host))
        elif answerer is Answerer.PASSTHROUGH:
            self._proxy.spawn(self._pass_through(transport, host, port, open_upstream(host, int(port))))
        else:
            self.answer(self._proxy.desk.refuse(host, port))

    async def _terminate(self, transport: asyncio.Transport, host: str) -> None:
        """Speak TLS as `host` and let aiohttp have what is inside."""
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._cancel_deadline()
        context = self._proxy.authority.context(host)
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=OPENING_SECONDS
            )
        except (ssl.SSLError, OSError, asyncio.IncompleteReadError) as error:
            _LOG.warning("TLS with a client that asked for %s failed: %s (does it trust the CA file?)", host, error)
            return
        if secure is not None:
            self.hand_over(secure, self._proxy.http())

    async def _pass_through(
        self, transport: asyncio.Transport, host: str, port: str, opening: Awaitable[asyncio.Transport]
    ) -> None:
        """Join the client with the real host, or with what stands for it on this machine."""
        self._cancel_deadline()
        try:
            upstream = await opening
        except UpstreamError as error:
            answer = Response.text(502, f"{error}\n")
            self._proxy.desk.note_tunnel(host, port, answer)
            self.answer(answer)
            return
        self._proxy.desk.note_tunnel(host, port, Response.empty(200))
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self._lost:
            upstream.abort()
        else:
            splice(transport, upstream, bytes(self._received))

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

"""One request on its way: decided, sent to an endpoint, tried again where that is safe, answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from local_cloud.data_plane.reverse_proxy.backend_connection import BackendConnection, connect
from local_cloud.data_plane.reverse_proxy.messages import (
    IDEMPOTENT,
    Answer,
    Decision,
    Forward,
    Headers,
    Request,
    end_to_end,
    forwarded_head,
    head,
    plain,
    status_line,
)
from local_cloud.tunnel import splice

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.backends import Endpoint
    from local_cloud.data_plane.reverse_proxy.client_connection import ClientConnection

_LOG = logging.getLogger(__name__)

# A request body up to this many bytes is kept, so that the request can be sent again.
REPLAYED_BYTES = 65_536
# Endpoints tried for one request.
MOST_ATTEMPTS = 4


class Exchange:
    """A request of one client and its answer."""

    def __init__(self, client: ClientConnection, request: Request, *, chunked: bool, keep_alive: bool) -> None:
        """`chunked`: the body comes in chunks, else with a length or not at all. `keep_alive`: more may follow."""
        self.request = request
        self.keep_alive = keep_alive
        self.request_complete = False
        self._client = client
        self._chunked = chunked
        self._ended = False
        self._forward: Forward | None = None
        self._connection: BackendConnection | None = None
        self._held: list[bytes] = []
        self._held_size = 0
        self._replayable = True
        self._tried: set[Endpoint] = set()
        self._attempts = 0
        self._answering = False
        self._answer_keep_alive = True
        self._answer_chunked = False
        self._out: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    # From the client

    def begin(self) -> None:
        """Decide and send."""
        try:
            decision = self._client.handler(self.request)
        except Exception:  # noqa: BLE001 - the last boundary: a defect must answer like a server
            _LOG.exception("%s %s could not be decided", self.request.method, self.request.path)
            decision = plain(500, "internal error\n")
        if isinstance(decision, Awaitable):
            self._task = asyncio.get_running_loop().create_task(self._await(decision))
        else:
            self._decided(decision)

    def body(self, data: bytes) -> None:
        """A part of the request's body."""
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._send(data)

    def complete(self) -> None:
        """The request's body is all there."""
        self.request_complete = True
        if self._chunked:
            self._send(b"0\r\n\r\n")

    def client_lost(self) -> None:
        """Nobody waits for the answer any more."""
        self._end()
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.release(reusable=False)

    def pause_backend(self) -> None:
        """The client reads slower than the backend sends."""
        if self._connection is not None and self._connection.transport is not None:
            self._connection.transport.pause_reading()

    def resume_backend(self) -> None:
        """There is room again."""
        if self._connection is not None and self._connection.transport is not None:
            self._connection.transport.resume_reading()

    # From the backend

    def pause_client(self) -> None:
        """The backend reads slower than the client sends."""
        self._client.pause()

    def resume_client(self) -> None:
        """There is room again."""
        self._client.resume()

    def interim(self, status: int, headers: Headers) -> None:
        """Pass on a 1xx answer."""
        if self.request.version != "1.0":
            self._out.append(head(status_line(status), end_to_end(headers)))
            self.flush()

    def answer_head(self, status: int, headers: Headers) -> bool:
        """Pass the head on; True when no body follows."""
        assert self._forward is not None
        self._answering = True
        if status == 101:
            kept = end_to_end(headers)
            kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
            self._out.append(head(status_line(status), kept))
            return True
        bodiless = self.request.method == "HEAD" or status in (204, 304)
        replaced = frozenset(name.lower() for name, _ in self._forward.response_headers)
        passed = end_to_end(headers, replaced) + [pair for pair in self._forward.response_headers if pair[1]]
        has_length = any(name.lower() == b"content-length" for name, _ in passed)
        self._answer_keep_alive = self.keep_alive and self.request_complete
        if not bodiless and not has_length:
            if self.request.version == "1.0":
                self._answer_keep_alive = False
            else:
                self._answer_chunked = True
                passed.append((b"Transfer-Encoding", b"chunked"))
        if not self._answer_keep_alive:
            passed.append((b"Connection", b"close"))
        elif self.request.version == "1.0":
            passed.append((b"Connection", b"keep-alive"))
        self._out.append(head(status_line(status), passed))
        return bodiless

    def answer_body(self, data: bytes) -> None:
        """A part of the answer's body."""
        if self._answer_chunked:
            self._out += (b"%x\r\n" % len(data), data, b"\r\n")
        else:
            self._out.append(data)

    def flush(self) -> None:
        """Send what was collected, in one write."""
        if self._out:
            data = b"".join(self._out) if len(self._out) > 1 else self._out[0]
            self._out.clear()
            self._client.write(data)

    def answered(self, *, keep_alive: bool) -> None:
        """The answer is all there."""
        if self._answer_chunked:
            self._client.write(b"0\r\n\r\n")
        connection, self._connection = self._connection, None
        self._end()
        if connection is not None:
            connection.release(reusable=keep_alive and self.request_complete)
        self._client.exchange_done(self, keep_alive=self._answer_keep_alive)

    def upgraded(self, connection: BackendConnection, early: bytes) -> None:
        """From here on the two sides speak their own language."""
        self.flush()
        if connection.transport is None or not self.request.is_websocket:
            self.backend_lost(connection)
            return
        # The timer stays: the time-out of a backend is also the longest life of a WebSocket.
        client, sent = self._client.give_up_transport()
        if early:
            client.write(early)
        splice(client, connection.transport, sent)

    def backend_lost(self, connection: BackendConnection) -> None:
        """The connection ended before the answer did."""
        self._connection = None
        if self._ended:
            return
        if self._answering:
            # Half an answer cannot be mended; the client learns it by the missing rest.
            self._end()
            self._client.abort()
            return
        if self._may_retry():
            if not connection.reused:
                self._tried.add(connection.endpoint)
            self._attempt()
        else:
            assert self._forward is not None
            self._refuse(self._forward.failures.unreachable, "backend_connection_closed_before_data_sent_to_client")

    # Inside

    async def _await(self, decision: Awaitable[Decision]) -> None:
        try:
            decided = await decision
        except Exception:  # noqa: BLE001 - as in `begin`
            _LOG.exception("%s %s could not be decided", self.request.method, self.request.path)
            decided = plain(500, "internal error\n")
        if not self._ended:
            self._decided(decided)
        elif isinstance(decided, Forward) and decided.done is not None:
            decided.done()

    def _decided(self, decision: Decision) -> None:
        if isinstance(decision, Answer):
            self._answer(decision)
            return
        self._forward = decision
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(decision.seconds, self._timed_out)
        self._attempt()

    def _attempt(self) -> None:
        """Send to the next endpoint, over an open connection where there is one."""
        assert self._forward is not None
        self._attempts += 1
        endpoint = self._forward.backend.pick(self._tried) if self._attempts <= MOST_ATTEMPTS else None
        if endpoint is None:
            failures = self._forward.failures
            if self._tried:
                self._refuse(failures.unreachable, "failed_to_connect_to_backend")
            else:
                self._refuse(failures.no_backend, "failed_to_pick_backend")
            return
        connection = endpoint.take_idle() if self._attempts == 1 else None
        if connection is not None:
            self._attach(connection)
        else:
            self._task = asyncio.get_running_loop().create_task(self._open(endpoint))

    async def _open(self, endpoint: Endpoint) -> None:
        try:
            connection = await connect(endpoint)
        except (OSError, TimeoutError):
            self._tried.add(endpoint)
            if not self._ended:
                self._attempt()
            return
        if self._ended:
            connection.close()
        else:
            self._attach(connection)

    def _attach(self, connection: BackendConnection) -> None:
        assert self._forward is not None
        self._connection = connection
        connection.start(self)
        first = forwarded_head(self.request, self._forward, chunked=self._chunked)
        connection.write(b"".join([first, *self._held]))
        if not self._replayable:
            self._held.clear()
        self._client.resume()

    def _send(self, data: bytes) -> None:
        if self._ended:
            return
        if self._connection is not None:
            self._connection.write(data)
        if self._replayable or self._connection is None:
            self._held.append(data)
            self._held_size += len(data)
        if self._held_size > REPLAYED_BYTES:
            self._replayable = False
            if self._connection is not None:
                self._held.clear()
            else:
                self._client.pause()

    def _may_retry(self) -> bool:
        """Whether sending again cannot do harm: nothing of the answer was seen, and the request may be repeated."""
        return self._replayable and self.request.method in IDEMPOTENT

    def _timed_out(self) -> None:
        assert self._forward is not None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release(reusable=False)
        if self._answering:
            self._end()
            self._client.abort()
        else:
            self._refuse(self._forward.failures.timeout, "backend_timeout")

    def _refuse(self, answer: Answer, why: str) -> None:
        assert self._forward is not None
        _LOG.warning(
            "%s %s%s: %s answered %d: %s",
            self.request.method,
            self.request.host,
            self.request.path,
            self._forward.backend.name,
            answer.status,
            why,
        )
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        keep_alive = self.keep_alive and self.request_complete
        headers = [*answer.headers, (b"Content-Length", b"%d" % len(answer.body))]
        if not keep_alive:
            headers.append((b"Connection", b"close"))
        body = b"" if self.request.method == "HEAD" else answer.body
        self._client.write(head(status_line(answer.status), headers) + body)
        self._end()
        self._client.exchange_done(self, keep_alive=keep_alive)

    def _end(self) -> None:
        """Nothing of it is to happen any more."""
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        if self._forward is not None and self._forward.done is not None:
            self._forward.done()

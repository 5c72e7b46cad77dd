"""Addresses of services: whoever connects is joined with one of the endpoints that are ready at that moment.

New connections go to ready endpoints, round robin; those that exist stay until one of their sides ends, so that an
endpoint that leaves finishes what it does. An address without endpoints does not listen: clients are refused, as a
node of Kubernetes would refuse them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, cast

from local_cloud.data_plane.reverse_proxy.backends import Address
from local_cloud.tunnel import splice

_LOG = logging.getLogger(__name__)

BACKLOG = 1024
# An endpoint that does not take the connection within this time, in seconds, is passed over.
CONNECT_SECONDS = 3.0
# What a client says before an endpoint is found is kept up to this many bytes.
MOST_KEPT = 65_536
# A twin that somebody else listens on is tried again after this many seconds.
RETRY_SECONDS = 2.0


class ServicePort(NamedTuple):
    """A service's address and port, as they are bound on this machine."""

    address: str
    port: int


class _Outbound(asyncio.Protocol):
    """The side of the endpoint until both sides are joined: it may speak first, and its words are kept."""

    def __init__(self) -> None:
        self.said = bytearray()
        self.ended = False

    def data_received(self, data: bytes) -> None:
        """Keep."""
        self.said += data

    def eof_received(self) -> bool:
        """Keep the other direction."""
        self.ended = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember."""
        self.ended = True


class _Inbound(asyncio.Protocol):
    """The side of the client until an endpoint is found: what it says before is kept."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._client: asyncio.Transport | None = None
        self._said = bytearray()
        self._ended = False
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look for an endpoint."""
        # A transport of uvloop is no subclass of asyncio's.
        self._client = cast("asyncio.Transport", transport)
        self._listener.spawn(self._join(self._client))

    def data_received(self, data: bytes) -> None:
        """Keep, and read no more of a client that says much before it is heard."""
        self._said += data
        if len(self._said) > MOST_KEPT and self._client is not None:
            self._client.pause_reading()

    def eof_received(self) -> bool:
        """A client that has said everything still waits for its answer."""
        self._ended = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember."""
        self._lost = True

    async def _join(self, client: asyncio.Transport) -> None:
        found = await self._listener.connect()
        if found is None:
            client.abort()
            return
        upstream, outbound = found
        if self._lost or client.is_closing():
            upstream.abort()
            return
        splice(client, upstream, bytes(self._said))
        if outbound.said:
            client.write(bytes(outbound.said))
        if outbound.ended:
            client.close()
        elif self._ended:
            cast("asyncio.Protocol", client.get_protocol()).eof_received()
        else:
            client.resume_reading()


class Listener:
    """One address of a service while it has endpoints."""

    def __init__(self, where: ServicePort) -> None:
        """Nothing listens yet."""
        self.where = where
        self.endpoints: Sequence[Address] = ()
        self._next = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen; OSError when somebody else does."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Inbound(self), *self.where, backlog=BACKLOG)

    def close(self) -> None:
        """Take no more connections; those that exist go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside the others."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def connect(self) -> tuple[asyncio.Transport, _Outbound] | None:
        """A connection to the next endpoint that takes one; None when none does."""
        loop = asyncio.get_running_loop()
        tried: set[Address] = set()
        while left := [endpoint for endpoint in self.endpoints if endpoint not in tried]:
            self._next += 1
            endpoint = left[self._next % len(left)]
            tried.add(endpoint)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await loop.create_connection(_Outbound, *endpoint)
            except (OSError, TimeoutError):
                continue
        _LOG.warning("%s:%d: none of %d endpoints takes a connection", *self.where, len(tried))
        return None


class ServiceAddresses:
    """All addresses of services."""

    def __init__(self) -> None:
        """None yet."""
        self._listeners: dict[ServicePort, Listener] = {}
        self._refused: dict[ServicePort, str] = {}
        self._wanted: Mapping[ServicePort, Sequence[Address]] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._lock = asyncio.Lock()

    @property
    def refused(self) -> Mapping[ServicePort, str]:
        """Addresses that could not be bound, and why."""
        return self._refused

    def __len__(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def update(self, wanted: Mapping[ServicePort, Sequence[Address]]) -> None:
        """Serve exactly these addresses, each by its endpoints."""
        self._wanted = wanted
        for where, endpoints in wanted.items():
            if where in self._listeners:
                self._listeners[where].endpoints = endpoints
        async with self._lock:
            await self._agree()

    def close(self) -> None:
        """Stop listening everywhere."""
        if self._retry is not None:
            self._retry.cancel()
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    async def _agree(self) -> None:
        wanted = self._wanted
        for where in [where for where in self._listeners if not wanted.get(where)]:
            self._listeners.pop(where).close()
        refused = {}
        for where, endpoints in wanted.items():
            if where in self._listeners or not endpoints:
                continue
            listener = Listener(where)
            listener.endpoints = endpoints
            try:
                await listener.open()
            except OSError as error:
                refused[where] = str(error)
            else:
                self._listeners[where] = listener
        self._say(refused)

    def _say(self, refused: dict[ServicePort, str]) -> None:
        for where in refused.keys() - self._refused.keys():
            _LOG.error("%s:%d cannot be served: %s", *where, refused[where])
        self._refused = refused
        if refused and (self._retry is None or self._retry.cancelled()):
            self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self._again)

    def _again(self) -> None:
        self._retry = None
        task = asyncio.get_running_loop().create_task(self.update(self._wanted))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

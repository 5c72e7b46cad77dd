"""Backends and their endpoints: who may be sent a request, over which connection, and who is being drained."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.backend_connection import BackendConnection

# Idle connections kept to one endpoint.
MOST_IDLE = 128


class Address(NamedTuple):
    """Where an endpoint listens on this machine: a loopback address and port, or the path of a unix socket."""

    host: str
    port: int = 0

    @property
    def is_socket(self) -> bool:
        """Whether `host` is the path of a unix socket."""
        return self.host.startswith("/")


@dataclass(eq=False, slots=True)
class Endpoint:
    """One address behind a backend, with the connections to it.

    `healthy` is what health checks say, `ready` what the owner says; `draining` endpoints get no new requests while
    there are others, and none of their connections is used again.
    """

    address: Address
    healthy: bool = True
    draining: bool = False
    weight: int = 1
    idle: deque[BackendConnection] = field(default_factory=deque)
    active: set[BackendConnection] = field(default_factory=set)
    in_flight: int = 0

    def take_idle(self) -> BackendConnection | None:
        """An open connection that nobody uses, the one used last; None when there is none."""
        while self.idle:
            connection = self.idle.pop()
            if connection.usable:
                return connection
        return None

    def keep(self, connection: BackendConnection) -> None:
        """Take a connection back after an exchange that ended well."""
        if self.draining or len(self.idle) >= MOST_IDLE:
            connection.close()
        else:
            self.idle.append(connection)

    def forget(self, connection: BackendConnection) -> None:
        """Drop a connection that ended."""
        self.active.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)

    def drain(self) -> None:
        """Send nothing new; exchanges under way go on."""
        self.draining = True
        while self.idle:
            self.idle.pop().close()

    def revive(self) -> None:
        """Take part again."""
        self.draining = False

    def cut(self) -> None:
        """End what is still under way."""
        self.drain()
        for connection in list(self.active):
            connection.abort()


class Backend:
    """A set of endpoints that requests are spread over, round robin."""

    def __init__(self, name: str, *, draining_seconds: float = 0.0) -> None:
        """`name` is for logs; an endpoint that is gone is cut after `draining_seconds`."""
        self.name = name
        self.draining_seconds = draining_seconds
        self.endpoints: dict[Address, Endpoint] = {}
        self.leaving: dict[Address, Endpoint] = {}
        self._next = 0
        self._timers: dict[Address, asyncio.TimerHandle] = {}

    def update(
        self, wanted: Iterable[Address], *, new: Callable[[Address], Endpoint] = Endpoint
    ) -> tuple[list[Endpoint], list[Endpoint]]:
        """Have exactly these endpoints; those that came and those that went. What went is drained."""
        addresses = list(dict.fromkeys(wanted))
        gone = [self.endpoints.pop(address) for address in list(self.endpoints) if address not in set(addresses)]
        for endpoint in gone:
            self._leave(endpoint)
        came = []
        for address in addresses:
            if address in self.endpoints:
                continue
            self._forget_leaving(address)
            self.endpoints[address] = new(address)
            came.append(self.endpoints[address])
        return came, gone

    def pick(self, tried: set[Endpoint]) -> Endpoint | None:
        """The next endpoint for a request that `tried` have failed; None when nobody is left.

        Without a healthy one, those that leave but still answer are better than a refusal, as kube-proxy does with
        terminating endpoints.
        """
        usable = [one for one in self.endpoints.values() if one.healthy and not one.draining and one not in tried]
        if not usable:
            usable = [one for one in self.leaving.values() if one.healthy and one not in tried]
        if not usable:
            return None
        self._next = (self._next + 1) % len(usable)
        return usable[self._next]

    def close(self) -> None:
        """Cut everything."""
        for timer in self._timers.values():
            timer.cancel()
        for endpoint in [*self.endpoints.values(), *self.leaving.values()]:
            endpoint.cut()
        self.endpoints.clear()
        self.leaving.clear()

    def _leave(self, endpoint: Endpoint) -> None:
        endpoint.drain()
        self._forget_leaving(endpoint.address)
        self.leaving[endpoint.address] = endpoint
        loop = asyncio.get_running_loop()
        self._timers[endpoint.address] = loop.call_later(self.draining_seconds, self._left, endpoint)

    def _left(self, endpoint: Endpoint) -> None:
        endpoint.cut()
        if self.leaving.get(endpoint.address) is endpoint:
            del self.leaving[endpoint.address]
            self._timers.pop(endpoint.address, None)

    def _forget_leaving(self, address: Address) -> None:
        """Somebody else has the address now, or it came back: what is under way on the old one still ends by itself."""
        self.leaving.pop(address, None)
        timer = self._timers.pop(address, None)
        if timer is not None:
            timer.cancel()

"""Requests per second of the edge and of service addresses: `python -m tests.benchmarks.edge`.

Origin, data plane and clients are processes of their own. What counts is requests per second of the data plane's own
processor time: it says what one core serves, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import psutil
import trustme
import uvloop

from local_cloud.certificates import Authority
from local_cloud.data_plane.edge.backend_services import NetworkEndpoint
from local_cloud.data_plane.edge.configuration import Configuration, Group, Rule, Service
from local_cloud.data_plane.edge.edge import Edge
from local_cloud.data_plane.reverse_proxy.backends import Address
from local_cloud.data_plane.service_addresses import ServiceAddresses, ServicePort
from local_cloud.twins import twin
from tests.http_load import Outcome, Target, load

HOST = "app.example"
EDGE = "203.0.113.111"
ORIGIN = "10.111.0.1"
REQUESTS = 20_000
CLIENTS = 16
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Result:
    """What one way of asking gave."""

    name: str
    per_second: float
    per_processor_second: float
    median_ms: float
    p99_ms: float


class _Origin(asyncio.Protocol):
    """Answers every head with the same few bytes: the origin is not what is measured."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER * data.count(b"\r\n\r\n"))  # type: ignore[attr-defined]


def serve_origin(port: int, ready: Event) -> None:
    """The origin's process."""

    async def life() -> None:
        await asyncio.get_running_loop().create_server(_Origin, twin(ORIGIN, port).address, port)
        ready.set()
        await asyncio.Event().wait()

    uvloop.run(life())


def serve_data_plane(port: int, authority: tuple[bytes, bytes], ready: Event) -> None:
    """The data plane's process: an edge by TLS and by plain HTTP, and a service address."""

    async def life() -> None:
        group = Group("projects/p/zones/z/networkEndpointGroups/g", "GCE_VM_IP_PORT", {})
        service = Service("s", "s", (group,), None, 30, 0, (), ())
        url_map = {
            "defaultService": "projects/p/s",
            "hostRules": [{"hosts": [HOST], "pathMatcher": "app"}],
            "pathMatchers": [
                {
                    "name": "app",
                    "defaultService": "projects/p/s",
                    "pathRules": [{"paths": ["/api", "/api/*"], "service": "projects/p/s"}],
                }
            ],
        }
        rules = (
            Rule("secure", EDGE, port + 1, "m", managed=True, certificates=(HOST,), strict=True),
            Rule("plain", EDGE, port + 2, "m", managed=True),
        )
        edge = Edge(Authority(trustme.CA.from_pem(*authority)), Path("/nowhere"), lambda: None)
        configuration = Configuration(rules, {"m": url_map}, {"projects/p/s": service})
        await edge.update(configuration, lambda _: [NetworkEndpoint(ORIGIN, port)])
        addresses = ServiceAddresses()
        where = ServicePort(*twin(EDGE, port + 3))
        await addresses.update({where: [Address(*twin(ORIGIN, port))]})
        ready.set()
        await asyncio.Event().wait()

    uvloop.run(life())


@contextmanager
def running(serve: Callable[..., None], *arguments: object) -> Iterator[int]:
    """A process that serves; its id."""
    ready = _SPAWN.Event()
    process = _SPAWN.Process(target=serve, args=(*arguments, ready))
    process.start()
    try:
        if not ready.wait(30):
            raise RuntimeError(f"{serve.__name__} does not get ready")
        assert process.pid is not None
        yield process.pid
    finally:
        process.terminate()
        process.join()


def ask(target: Target, fresh: int, requests: int) -> Outcome:
    """The clients' side."""
    outcome = uvloop.run(load(target, requests=requests, clients=CLIENTS, fresh=fresh))
    if outcome.failed or set(outcome.statuses) != {200}:
        raise RuntimeError(f"{dict(outcome.statuses)} {outcome.failures}")
    return outcome


def results(requests: int = REQUESTS) -> Iterator[Result]:
    """One result for each way of asking."""
    authority = trustme.CA()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    pair = (authority.cert_pem.bytes(), authority.private_key_pem.bytes())
    with (
        tempfile.TemporaryDirectory() as directory,
        running(serve_origin, port),
        running(serve_data_plane, port, pair) as pid,
    ):
        bundle = Path(directory, "ca.pem")
        bundle.write_bytes(pair[0])
        address = twin(EDGE, port).address
        for name, offset, secure, fresh, share in (
            ("edge, HTTP, kept connections", 2, False, 0, 1),
            ("edge, HTTP, a connection each", 2, False, CLIENTS, 2),
            ("edge, TLS, kept connections", 1, True, 0, 1),
            ("edge, TLS, a connection each", 1, True, CLIENTS, 10),
            ("service address, kept connections", 3, False, 0, 1),
            ("service address, a connection each", 3, False, CLIENTS, 2),
        ):
            target = Target(address, port + offset, HOST, "/api/x", str(bundle) if secure else "")
            before = psutil.Process(pid).cpu_times()
            outcome = ask(target, fresh, requests // share)
            after = psutil.Process(pid).cpu_times()
            used = after.user + after.system - before.user - before.system
            rate = outcome.asked / outcome.seconds
            yield Result(name, rate, outcome.asked / used, outcome.percentile(0.5), outcome.percentile(0.99))


def main() -> None:
    """Print the table."""
    print(f"{'data plane':36} {'requests/s':>11} {'per core s':>11} {'median ms':>10} {'p99 ms':>8}")
    begun = time.monotonic()
    for one in results():
        numbers = f"{one.per_second:11.0f} {one.per_processor_second:11.0f} {one.median_ms:10.1f} {one.p99_ms:8.1f}"
        print(f"{one.name:36} {numbers}", flush=True)
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()

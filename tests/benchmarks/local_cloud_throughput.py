"""Requests per second of the emulator through the proxy: `python -m tests.benchmarks.local_cloud_throughput`.

Clients are processes of their own, with http.client over TLS through the proxy, so that their work is not the daemon's.
"""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local_cloud import running_cloud

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local_cloud import LocalCloud

PROJECT = "bench-project"
MANAGER = "cloudresourcemanager.googleapis.com"
COMPUTE = "compute.googleapis.com"
NETWORKS = f"/compute/v1/projects/{PROJECT}/global/networks"


@dataclass(frozen=True)
class Work:
    """What one client does: `path` with `{n}` replaced by a number of its own for each request."""

    name: str
    verb: str
    host: str
    path: str
    body: str = ""
    new_connections: bool = False


@dataclass(frozen=True)
class Result:
    """Requests per second over all clients, and the latency of one request in milliseconds."""

    name: str
    clients: int
    requests: int
    per_second: float
    median_ms: float
    p99_ms: float


READ = Work("read a network", "GET", COMPUTE, f"{NETWORKS}/first")
WORKS = (
    Work("read a project", "GET", MANAGER, f"/v1/projects/{PROJECT}"),
    READ,
    Work("list networks", "GET", COMPUTE, f"{NETWORKS}?maxResults=20"),
    Work("create a network", "POST", COMPUTE, NETWORKS, '{"name": "net-{n}", "autoCreateSubnetworks": false}'),
    Work("read, new connection each", "GET", COMPUTE, f"{NETWORKS}/first", new_connections=True),
)


def client(work: Work, number: int, requests: int, port: int, bundle: str, token: str) -> list[float]:
    """Send `requests` requests; the seconds that each took. RuntimeError for an answer that is no success."""
    context = ssl.create_default_context(cafile=bundle)

    def connect() -> http.client.HTTPSConnection:
        opened = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
        opened.set_tunnel(work.host, 443)
        return opened

    connection = connect()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    taken = []
    for at in range(requests):
        begun = time.perf_counter()
        if work.new_connections:
            connection.close()
            connection = connect()
        body = work.body.replace("{n}", f"{number}-{at}") or None
        connection.request(work.verb, work.path, body, headers)
        answer = connection.getresponse()
        payload = answer.read()
        taken.append(time.perf_counter() - begun)
        if answer.status != 200:
            raise RuntimeError(f"{work.verb} {work.path}: {answer.status} {payload[:500]!r}")
    connection.close()
    return taken


def measure(cloud: LocalCloud, work: Work, clients: int, requests: int) -> Result:
    """Run `clients` clients side by side."""
    arguments = (requests // clients, cloud.port, cloud.env["SSL_CERT_FILE"], cloud.token)
    with ProcessPoolExecutor(clients) as pool:
        begun = time.perf_counter()
        offset = clients * 1000
        parts = list(
            pool.map(client, [work] * clients, range(offset, offset + clients), *([x] * clients for x in arguments))
        )
        seconds = time.perf_counter() - begun
    taken = [one for part in parts for one in part]
    p99 = statistics.quantiles(taken, n=100)[98] if len(taken) > 1 else taken[0]
    return Result(work.name, clients, len(taken), len(taken) / seconds, statistics.median(taken) * 1000, p99 * 1000)


def prepare(cloud: LocalCloud) -> None:
    """A project with a network, and no quota in the way."""
    cloud.settings(quotas=False)
    steps: list[Callable[[], object]] = [
        lambda: cloud.post(f"{MANAGER}/v1/projects", {"projectId": PROJECT, "name": "x"}),
        lambda: cloud.post(f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/{COMPUTE}:enable", {}),
        lambda: cloud.post(f"{COMPUTE}{NETWORKS}", {"name": "first", "autoCreateSubnetworks": False}),
    ]
    for step in steps:
        step()


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--format", choices=["text", "json"], default="text")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
        prepare(cloud)
        results = [measure(cloud, work, clients, given.requests) for work in WORKS for clients in given.clients]
    if given.format == "json":
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    print(f"{'':28} {'clients':>7} {'requests/s':>11} {'median ms':>10} {'p99 ms':>8}")
    for result in results:
        numbers = f"{result.per_second:11.0f} {result.median_ms:10.2f} {result.p99_ms:8.2f}"
        print(f"{result.name:28} {result.clients:7} {numbers}")


if __name__ == "__main__":
    main()

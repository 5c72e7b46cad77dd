"""Requests per second that one local cloud answers, through the proxy and its TLS, on connections that stay open."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_cloud import LocalCloud

# Enough for a steady number, few enough to end within seconds.
REQUESTS = 1500
CLIENTS = (1, 4)

ADDRESS = "https://cloudresourcemanager.googleapis.com/v3/organizations/123456789012"


def requests_per_second(cloud: LocalCloud) -> Iterator[tuple[int, float]]:
    """For each number of clients, how many reads of one resource are answered in a second."""
    for clients in CLIENTS:
        share = REQUESTS // clients
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(_ask, [cloud] * clients, [share] * clients))
        yield clients, share * clients / (time.perf_counter() - started)


def _ask(cloud: LocalCloud, count: int) -> None:
    environment = cloud.env
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": environment["HTTPS_PROXY"]}
        session.verify = environment["SSL_CERT_FILE"]
        session.headers["Authorization"] = f"Bearer {environment['GOOGLE_OAUTH_ACCESS_TOKEN']}"
        for _ in range(count):
            session.get(ADDRESS, timeout=30).raise_for_status()

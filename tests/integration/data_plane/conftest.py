"""A local cloud with a project, a network and origins at addresses of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local_cloud.twins import LANE_VARIABLE, twin
from tests.local_cloud import LocalCloud, running_cloud

PROJECT = "presidential-digs-edge"
COMPUTE = f"compute.googleapis.com/compute/v1/projects/{PROJECT}"
REGION = "europe-west1"
ZONE = f"{REGION}-b"
APIS = ("certificatemanager", "compute", "container", "dns", "run", "secretmanager")
# What is waited for comes within seconds; a machine that is busy with other tests takes longer.
PATIENCE = 60.0


class Origins:
    """HTTP servers at the twins of addresses of the cloud."""

    def __init__(self) -> None:
        """None yet."""
        self._servers: dict[tuple[str, int], ThreadingHTTPServer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.healthy: dict[str, bool] = {}

    def start(self, address: str, port: int = 8080) -> str:
        """An origin at `address` that says its address; `/health` is healthy until `healthy` says otherwise."""
        laboratory = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/health":
                    status = 200 if laboratory.healthy.get(address, True) else 503
                else:
                    laboratory.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                    status = 200
                body = address.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                body = b"%d bytes" % len(self.rfile.read(size))
                self.send_response(201)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer((twin(address, port).address, twin(address, port).port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._servers[address, port] = server
        return address

    def stop(self, address: str, port: int = 8080) -> None:
        """End one."""
        server = self._servers.pop((address, port))
        server.shutdown()
        server.server_close()

    def close(self) -> None:
        """End all."""
        for address, port in list(self._servers):
            self.stop(address, port)


def eventually(what: Callable[[], Any]) -> Any:
    """The first true value of `what`, or the last when none comes in time."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def made(cloud: LocalCloud, collection: str, body: dict[str, Any]) -> str:
    """Create a resource of Compute below `collection` (`global/urlMaps`); its relative name."""
    answer = cloud.post(f"{COMPUTE}/{collection}", body)
    assert answer.status_code == 200, answer.text
    return f"projects/{PROJECT}/{collection}/{body['name']}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with a project in which the APIs are enabled, a network, and a DNS zone."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as started:
        organisation = "organizations/123456789012"
        body = {"projectId": PROJECT, "parent": organisation}
        assert started.post("cloudresourcemanager.googleapis.com/v3/projects", body).status_code == 200
        services = [f"{api}.googleapis.com" for api in APIS]
        enabled = started.post(
            f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": services}
        )
        assert enabled.status_code == 200, enabled.text
        made(started, "global/networks", {"name": "net", "autoCreateSubnetworks": False})
        subnetwork = {
            "name": "sub",
            "network": f"projects/{PROJECT}/global/networks/net",
            "ipCidrRange": "10.77.0.0/20",
        }
        made(started, f"regions/{REGION}/subnetworks", subnetwork)
        zone = {"name": "crm", "dnsName": "edge.example.", "description": "names", "visibility": "public"}
        assert started.post(f"dns.googleapis.com/dns/v1/projects/{PROJECT}/managedZones", zone).status_code == 200
        yield started


@pytest.fixture
def origins(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origins]:
    """Origins that end with the test, in the cloud's own lane of loopback addresses."""
    monkeypatch.setenv(LANE_VARIABLE, cloud.state.lane.read_text().strip())
    found = Origins()
    yield found
    found.close()

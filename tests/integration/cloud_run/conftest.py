"""A local cloud with a project that Cloud Run is enabled in, and an image that does what its environment says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.container_images import layout
from tests.integration.data_plane.conftest import PROJECT, REGION
from tests.local_cloud import LocalCloud, running_cloud

APIS = ("compute", "dns", "iam", "run", "secretmanager")
PROGRAM = """
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if os.environ.get("CRASH"):
    print("cannot go on: " + os.environ["CRASH"], flush=True)
    sys.exit(3)

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(1.5)
        if self.path == "/die":
            os._exit(1)
        said = {"version": os.environ.get("VERSION", ""), "path": self.path, "revision": os.environ["K_REVISION"]}
        if self.path == "/everything":
            said |= {"environment": dict(os.environ), "headers": dict(self.headers)}
        if self.path.startswith("/file"):
            said |= {"content": open("/secrets/key").read()}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
server.daemon_threads = False
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("listening", flush=True)
server.serve_forever(poll_interval=0.05)
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reference of the image."""
    return layout(tmp_path_factory.mktemp("image") / "layout", PROGRAM)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the project and a service account for revisions."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as started:
        body = {"projectId": PROJECT, "parent": "organizations/123456789012"}
        assert started.post("cloudresourcemanager.googleapis.com/v3/projects", body).status_code == 200
        services = [f"{api}.googleapis.com" for api in APIS]
        url = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable"
        assert started.post(url, {"serviceIds": services}).status_code == 200
        url = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts"
        assert started.post(url, {"accountId": "runner"}).status_code == 200
        yield started


SERVICES = f"run.googleapis.com/v2/projects/{PROJECT}/locations/{REGION}/services"
ACCOUNT = f"runner@{PROJECT}.iam.gserviceaccount.com"

"""A conversation service over the local cloud, and a front that spoils its answers on request."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.local_cloud import LocalCloud
from tests.workload_services import Service, running_service

PROJECT = "conversation-check"
ACCOUNT = f"conversation-backend@{PROJECT}.iam.gserviceaccount.com"
TEXTS, SOUNDS = f"{PROJECT}-text-cache", f"{PROJECT}-audio-cache"
APIS = ("generativelanguage", "iam", "iamcredentials", "storage", "texttospeech")
STORAGE = "storage.googleapis.com/storage/v1"
PRIVATE = {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}}
LIFECYCLE = {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]}

SLOW_SECONDS = 0.2

# What becomes of an answer: path, status, body → status, body.
Spoil = Callable[[str, int, dict[str, Any]], tuple[int, dict[str, Any]]]


def as_it_is(_path: str, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The answer as the service gave it."""
    return status, body


@dataclass
class Front:
    """Listens before the service. `spoil` changes answers; `before` is called with each request's path first."""

    service: Service
    port: int = 0
    spoil: Spoil = as_it_is
    before: Callable[[str], None] = field(default=lambda _path: None)

    @property
    def url(self) -> str:
        """Where the paths of the conversation begin."""
        return f"http://127.0.0.1:{self.port}/api/conversation"

    def mend(self) -> None:
        """Spoil nothing any more."""
        self.spoil, self.before = as_it_is, lambda _path: None

    def answer(self, verb: str, path: str, content: bytes) -> tuple[int, bytes]:
        """What the service says, spoiled."""
        self.before(path)
        headers = {"Content-Type": "application/json"} if content else {}
        answer = self.service.call(verb, path, data=content, headers=headers)
        status, body = self.spoil(path, answer.status_code, answer.json())
        return status, json.dumps(body).encode()


@contextmanager
def front_of(service: Service) -> Iterator[Front]:
    """A front of `service`, on a port of its own."""
    front = Front(service)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is the base class's
            """Say nothing."""

        def _pass_on(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = front.answer(self.command, self.path, content)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    front.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def furnish(cloud: LocalCloud) -> None:
    """A project with the two caches and the account of the service, where permissions are required."""
    _made(cloud, "cloudresourcemanager.googleapis.com/v1/projects", {"projectId": PROJECT, "name": "x"})
    names = [f"{api}.googleapis.com" for api in APIS]
    _made(cloud, f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": names})
    _made(cloud, f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "conversation-backend"})
    member = f"serviceAccount:{ACCOUNT}"
    policy = {"bindings": [{"role": "roles/iam.serviceAccountTokenCreator", "members": [member]}]}
    account = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts/{ACCOUNT}"
    _made(cloud, f"{account}:setIamPolicy", {"policy": policy})
    for bucket in (TEXTS, SOUNDS):
        wanted = {"name": bucket, "iamConfiguration": PRIVATE, "lifecycle": LIFECYCLE}
        _made(cloud, f"{STORAGE}/b?project={PROJECT}", wanted)
        bindings = [
            {"role": "roles/storage.objectUser", "members": [member]},
            {"role": "roles/storage.admin", "members": ["user:owner@presidential-digs.example"]},
        ]
        assert cloud.put(f"{STORAGE}/b/{bucket}/iam", {"bindings": bindings}).status_code == 200
    cloud.settings(metadata_account=member, metadata_project=PROJECT, iam="enforce")


def _made(cloud: LocalCloud, url: str, body: dict[str, Any]) -> None:
    answer = cloud.post(url, body)
    assert answer.status_code == 200, answer.text


def change_bucket(cloud: LocalCloud, bucket: str, **fields: Any) -> None:
    """Change fields of a bucket, as a person with the rights would."""
    answer = cloud.request("PATCH", f"{STORAGE}/b/{bucket}", json=fields)
    assert answer.status_code == 200, answer.text


@contextmanager
def backend(cloud: LocalCloud, **more: str) -> Iterator[Service]:
    """The service, in real mode, as its own account."""
    names = ("HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "GCE_METADATA_HOST")
    reached = {name: cloud.env[name] for name in names} | {"GCE_METADATA_IP": cloud.env["GCE_METADATA_HOST"]}
    wanted = {
        "CONVERSATION_MODE": "real",
        "GCS_BUCKET_NAME": TEXTS,
        "GCS_AUDIO_BUCKET_NAME": SOUNDS,
        "HOME": os.environ["HOME"],
    }
    with running_service("conversation-backend", **wanted, **reached, **more) as service:
        yield service


def slowly(path: str) -> None:
    """Take a while over texts."""
    if path.endswith("/text/generate"):
        time.sleep(SLOW_SECONDS)


def unasked(front: Front) -> Callable[[str], None]:
    """Make audio of a word as soon as somebody asks for its text."""

    def make(path: str) -> None:
        if path.endswith("/text/generate"):
            requests.post(
                f"{front.service.url}/api/conversation/audio/generate",
                json={"wordId": "synthetic-check-1"},
                timeout=60,
                proxies={"http": ""},
            )

    return make

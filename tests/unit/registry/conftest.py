"""A registry in this process, with one repository and one caller at a time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.tokens import NoTokens
from local_cloud.registry.protocol import Registry
from tests.unit.emulator.conftest import PROJECT, Cloud

HOST = "europe-west1-docker.pkg.dev"
REPOSITORY = f"projects/{PROJECT}/locations/europe-west1/repositories/images"
API = f"artifactregistry/v1/{REPOSITORY}"
IMAGE = f"{PROJECT}/images/team/app"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    """`sha256:…`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Client:
    """What a client does, request by request."""

    cloud: Cloud
    registry: Registry
    host: str = HOST

    def send(self, method: str, path: str, content: bytes = b"", **headers: str) -> Response:
        """One request; header names with `_` for `-`."""
        path, _, query = path.partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, self.host, f"/v2/{path}", query, named, b"", self.cloud.caller)

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(content), 7):
                yield content[start : start + 7]

        return asyncio.run(self.registry.answer(request, body()))

    def ok(self, method: str, path: str, content: bytes = b"", **headers: str) -> Response:
        """One request that must succeed."""
        response = self.send(method, path, content, **headers)
        assert response.status < 300, response.body
        return response

    def refused(self, status: int, code: str, method: str, path: str, content: bytes = b"", **headers: str) -> str:
        """The message of a refusal."""
        response = self.send(method, path, content, **headers)
        assert response.status == status, response.body
        (error,) = json.loads(response.body)["errors"]
        assert error["code"] == code
        return str(error["message"])

    def push_blob(self, content: bytes, image: str = IMAGE) -> dict[str, Any]:
        """Its descriptor."""
        digest = digest_of(content)
        self.ok("POST", f"{image}/blobs/uploads/?digest={digest}", content)
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(content)}

    def push(self, tag: str, image: str = IMAGE, *, layer: bytes = b"layer", **more: Any) -> str:
        """Push a small image; its digest."""
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.push_blob(b"{}", image)}
        manifest |= {"layers": [self.push_blob(layer, image)], **more}
        content = json.dumps(manifest).encode()
        reference = tag or digest_of(content)
        answer = self.ok("PUT", f"{image}/manifests/{reference}", content, content_type=MANIFEST)
        return answer.headers["Docker-Content-Digest"]

    def content(self, path: str) -> bytes:
        """What a GET brings."""
        response = self.ok("GET", path)
        return response.file.read_bytes() if response.file else response.body


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """An empty cloud."""
    cloud = Cloud()
    yield cloud
    cloud.emulator.close()


@pytest.fixture
def client(cloud: Cloud, tmp_path: Path) -> Client:
    """A client of a registry with the repository `images`."""
    cloud.project()
    base, _, _ = API.rpartition("/")
    cloud.ok("POST", f"{base}?repositoryId=images", {"format": "DOCKER"})
    return Client(cloud, Registry(tmp_path / "registry", lambda: cloud.emulator, NoTokens()))

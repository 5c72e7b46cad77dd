"""The registry as clients meet it: through the proxy, with tokens, in ranges, over restarts, snapshots and faults."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.registry.conftest import API

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_cloud import LocalCloud

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
pytestmark = pytest.mark.seconds(3)


def digest_of(content: bytes) -> str:
    """`sha256:…`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def push(cloud: LocalCloud, image: str, layer: bytes, tag: str) -> str:
    """Push an image of one layer; its digest."""
    blobs = []
    for content in (b"{}", layer):
        place = cloud.post(f"{image}/blobs/uploads/").headers["Location"]
        sent = cloud.request("PUT", f"{image.partition('/')[0]}{place}?digest={digest_of(content)}", data=content)
        assert sent.status_code == 201, sent.text
        blobs.append({"mediaType": "application/octet-stream", "digest": digest_of(content), "size": len(content)})
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": blobs[0], "layers": blobs[1:]}
    content = json.dumps(manifest).encode()
    done = cloud.request("PUT", f"{image}/manifests/{tag}", data=content, headers={"Content-Type": MANIFEST})
    assert done.status_code == 201, done.text
    return digest_of(content)


def test_a_client_logs_in_as_docker_does(clean_cloud: LocalCloud, repository: str) -> None:
    cloud = clean_cloud
    refused = cloud.get(f"{repository}/app/manifests/v1", token=None)
    assert refused.status_code == 401
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', refused.headers["WWW-Authenticate"]))
    scope = {"service": challenge["service"], "scope": "repository:registry-test/images/app:pull,push"}
    assert cloud.get(challenge["realm"], token=None, params=scope).status_code == 401
    login = basic_login("oauth2accesstoken", cloud.token)
    answer = cloud.get(challenge["realm"], token=None, params=scope, headers=login)
    token = answer.json()["token"]
    assert token != cloud.token
    assert cloud.get(f"{repository}/app/manifests/v1", token=token).status_code == 404
    assert cloud.get(f"{repository}/app/manifests/v1", token=None, headers=login).status_code == 404
    wrong = basic_login("somebody", cloud.token)
    assert cloud.get(f"{repository}/app/manifests/v1", token=None, headers=wrong).status_code == 401


def basic_login(user: str, password: str) -> dict[str, str]:
    """The header of a Basic login."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def test_a_blob_is_streamed_and_read_in_ranges(clean_cloud: LocalCloud, repository: str) -> None:
    cloud, image = clean_cloud, f"{repository}/app"
    layer = bytes(range(256)) * 20_000
    place = cloud.post(f"{image}/blobs/uploads/").headers["Location"]

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(layer), 100_000):
            yield layer[start : start + 100_000]

    host = image.partition("/")[0]
    assert cloud.request("PATCH", f"{host}{place}", data=pieces()).status_code == 202
    assert cloud.put(f"{host}{place}?digest={digest_of(layer)}").status_code == 201
    blob = f"{image}/blobs/{digest_of(layer)}"
    assert cloud.request("HEAD", blob).headers["Content-Length"] == str(len(layer))
    part = cloud.get(blob, headers={"Range": "bytes=1000-1099"})
    assert (part.status_code, part.content) == (206, layer[1000:1100])
    assert cloud.get(blob).content == layer
    (told,) = [one for one in cloud.journal(method="Docker-PatchUpload") if one["service"] == "artifactregistry"]
    assert told["resource"].endswith("/repositories/images/dockerImages/app")


def test_images_outlive_a_restart_and_come_back_with_a_snapshot(clean_cloud: LocalCloud, repository: str) -> None:
    cloud, image = clean_cloud, f"{repository}/app"
    first = push(cloud, image, b"first", "v1")
    cloud.snapshot("with-first")
    second = push(cloud, image, b"second", "v1")
    cloud.stop()
    cloud.start()
    assert cloud.request("HEAD", f"{image}/manifests/v1").headers["Docker-Content-Digest"] == second
    cloud.restore("with-first")
    assert cloud.request("HEAD", f"{image}/manifests/v1").headers["Docker-Content-Digest"] == first
    assert cloud.get(f"{image}/blobs/{digest_of(b'first')}").content == b"first"
    assert cloud.get(f"{image}/manifests/{second}").status_code == 404
    cloud.reset()
    assert not list((cloud.state.root / "registry").glob("*"))


def test_pulls_can_be_made_to_fail(clean_cloud: LocalCloud, repository: str) -> None:
    cloud, image = clean_cloud, f"{repository}/app"
    push(cloud, image, b"layer", "v1")
    cloud.faults.add(service="artifactregistry", method="Docker-GetManifest", resource="*/app", status=503, count=1)
    assert cloud.get(f"{image}/manifests/v1").status_code == 503
    assert cloud.get(f"{image}/manifests/v1").status_code == 200


def test_the_command_cleans_up(clean_cloud: LocalCloud, repository: str) -> None:
    cloud, image = clean_cloud, f"{repository}/app"
    push(cloud, image, b"layer", "pr-1")
    condition: dict[str, Any] = {"tagState": "TAGGED", "tagPrefixes": ["pr-"], "olderThan": "86400s"}
    body = {"cleanupPolicies": {"pull-requests": {"action": "DELETE", "condition": condition}}}
    assert cloud.patch(f"{API}/images?updateMask=cleanupPolicies", body).ok
    assert "deleted" not in cloud.command("registry", "cleanup").stdout
    cloud.advance(86_500)
    said = cloud.command("registry", "cleanup").stdout
    assert "(pull-requests)" in said
    # The owner's token has expired with the clock.
    token = cloud.token_for("user:owner@presidential-digs.example")
    assert cloud.get(f"{image}/manifests/pr-1", token=token).status_code == 404

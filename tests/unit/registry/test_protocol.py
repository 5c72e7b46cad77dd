"""The distribution protocol: pushed in pieces or at once, mounted, pulled, listed, deleted, and refused."""

from __future__ import annotations

import json
from dataclasses import replace

from local_cloud.emulator.settings import IamMode
from local_cloud.identity.principal import Principal
from tests.unit.emulator.conftest import FOREVER, PROJECT
from tests.unit.registry.conftest import API, IMAGE, MANIFEST, REPOSITORY, Client, digest_of


def test_a_blob_is_sent_in_pieces(client: Client) -> None:
    place = client.ok("POST", f"{IMAGE}/blobs/uploads/").headers["Location"].removeprefix("/v2/")
    client.ok("PATCH", place, b"first ", content_range="0-5")
    assert client.ok("GET", place).headers["Range"] == "0-5"
    client.refused(416, "BLOB_UPLOAD_INVALID", "PATCH", place, b"late", content_range="9-12")
    digest = digest_of(b"first second")
    client.ok("PUT", f"{place}?digest={digest}", b"second")
    assert client.content(f"{IMAGE}/blobs/{digest}") == b"first second"
    client.refused(404, "BLOB_UPLOAD_UNKNOWN", "GET", place)


def test_content_of_another_digest_is_refused_and_forgotten(client: Client) -> None:
    digest = digest_of(b"what was meant")
    path = f"{IMAGE}/blobs/uploads/?digest={digest}"
    assert digest in client.refused(400, "DIGEST_INVALID", "POST", path, b"what was sent")
    client.refused(404, "BLOB_UNKNOWN", "GET", f"{IMAGE}/blobs/{digest}")
    client.refused(400, "DIGEST_INVALID", "POST", f"{IMAGE}/blobs/uploads/?digest=md5:00", b"x")


def test_an_upload_can_be_cancelled(client: Client) -> None:
    place = client.ok("POST", f"{IMAGE}/blobs/uploads/").headers["Location"].removeprefix("/v2/")
    client.ok("DELETE", place)
    client.refused(404, "BLOB_UPLOAD_UNKNOWN", "PATCH", place, b"x")


def test_a_blob_is_mounted_from_a_repository_that_has_it(client: Client) -> None:
    client.cloud.ok("POST", f"{API.rpartition('/')[0]}?repositoryId=others", {"format": "DOCKER"})
    digest = client.push_blob(b"shared")["digest"]
    other = f"{PROJECT}/others/app"
    client.refused(404, "BLOB_UNKNOWN", "HEAD", f"{other}/blobs/{digest}")
    mounted = client.ok("POST", f"{other}/blobs/uploads/?mount={digest}&from={IMAGE}")
    assert mounted.status == 201
    assert client.content(f"{other}/blobs/{digest}") == b"shared"
    absent = digest_of(b"nowhere")
    assert client.ok("POST", f"{other}/blobs/uploads/?mount={absent}&from={IMAGE}").status == 202


def test_an_image_is_pulled_by_tag_and_by_digest(client: Client) -> None:
    digest = client.push("v1")
    by_tag = client.ok("HEAD", f"{IMAGE}/manifests/v1")
    assert by_tag.headers["Docker-Content-Digest"] == digest
    assert by_tag.headers["Content-Type"] == MANIFEST
    assert client.content(f"{IMAGE}/manifests/{digest}") == client.content(f"{IMAGE}/manifests/v1")
    client.refused(404, "MANIFEST_UNKNOWN", "GET", f"{IMAGE}/manifests/v2")
    client.refused(404, "MANIFEST_UNKNOWN", "GET", f"{PROJECT}/images/another/manifests/{digest}")


def test_a_manifest_needs_what_it_refers_to(client: Client) -> None:
    missing = {"mediaType": "application/octet-stream", "digest": digest_of(b"never sent"), "size": 10}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": client.push_blob(b"{}"), "layers": [missing]}
    content = json.dumps(manifest).encode()
    assert str(missing["digest"]) in client.refused(
        404, "MANIFEST_BLOB_UNKNOWN", "PUT", f"{IMAGE}/manifests/v1", content, content_type=MANIFEST
    )
    wrong = {**manifest, "layers": [{**client.push_blob(b"four"), "size": 5}]}
    client.refused(
        400, "MANIFEST_INVALID", "PUT", f"{IMAGE}/manifests/v1", json.dumps(wrong).encode(), content_type=MANIFEST
    )
    client.refused(400, "MANIFEST_INVALID", "PUT", f"{IMAGE}/manifests/v1", b"[]", content_type=MANIFEST)
    client.refused(400, "MANIFEST_INVALID", "PUT", f"{IMAGE}/manifests/v1", content, content_type="text/plain")


def test_an_index_needs_its_manifests(client: Client) -> None:
    kind = "application/vnd.oci.image.index.v1+json"
    descriptor = {"mediaType": MANIFEST, "digest": client.push("v1"), "size": 1, "platform": {"os": "linux"}}
    index = {"schemaVersion": 2, "mediaType": kind, "manifests": [descriptor]}
    client.ok("PUT", f"{IMAGE}/manifests/all", json.dumps(index).encode(), content_type=kind)
    index["manifests"] = [{**descriptor, "digest": digest_of(b"none")}]
    client.refused(
        404, "MANIFEST_UNKNOWN", "PUT", f"{IMAGE}/manifests/all", json.dumps(index).encode(), content_type=kind
    )


def test_tags_are_listed_in_pages(client: Client) -> None:
    for tag in ("b", "a", "c"):
        client.push(tag)
    first = client.ok("GET", f"{IMAGE}/tags/list?n=2")
    assert first.parsed()["tags"] == ["a", "b"]
    assert "last=b" in first.headers["Link"]
    rest = client.ok("GET", f"{IMAGE}/tags/list?n=2&last=b")
    assert (rest.parsed()["tags"], "Link" in rest.headers) == (["c"], False)
    client.refused(404, "NAME_UNKNOWN", "GET", f"{PROJECT}/images/none/tags/list")


def test_referrers_are_found_by_their_subject(client: Client) -> None:
    digest = client.push("v1")
    subject = {"mediaType": MANIFEST, "digest": digest, "size": 1}
    signature = client.push("", layer=b"signature", subject=subject, artifactType="application/vnd.example.signature")
    found = client.ok("GET", f"{IMAGE}/referrers/{digest}").parsed()["manifests"]
    assert [(one["digest"], one["artifactType"]) for one in found] == [(signature, "application/vnd.example.signature")]
    other = client.ok("GET", f"{IMAGE}/referrers/{digest}?artifactType=application/other")
    assert other.parsed()["manifests"] == []


def test_only_an_untagged_manifest_is_deleted(client: Client) -> None:
    digest = client.push("v1")
    client.refused(400, "GOOGLE_MANIFEST_DANGLING_TAG", "DELETE", f"{IMAGE}/manifests/{digest}")
    client.ok("DELETE", f"{IMAGE}/manifests/v1")
    client.ok("DELETE", f"{IMAGE}/manifests/{digest}")
    client.refused(404, "MANIFEST_UNKNOWN", "GET", f"{IMAGE}/manifests/{digest}")


def test_tags_of_an_immutable_repository_stay(client: Client) -> None:
    client.cloud.ok("PATCH", f"{API}?updateMask=dockerConfig", {"dockerConfig": {"immutableTags": True}})
    digest = client.push("v1")
    assert client.push("v1") == digest
    layer = client.push_blob(b"another layer")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": client.push_blob(b"{}"), "layers": [layer]}
    content = json.dumps(manifest).encode()
    message = client.refused(400, "MANIFEST_INVALID", "PUT", f"{IMAGE}/manifests/v1", content, content_type=MANIFEST)
    assert "immutability" in message
    client.refused(400, "MANIFEST_INVALID", "DELETE", f"{IMAGE}/manifests/v1")
    assert client.ok("HEAD", f"{IMAGE}/manifests/v1").headers["Docker-Content-Digest"] == digest


def test_what_is_not_there_is_named(client: Client) -> None:
    message = client.refused(404, "NAME_UNKNOWN", "HEAD", f"{PROJECT}/none/app/manifests/v1")
    assert message == 'Repository "none" not found'
    client.refused(400, "NAME_INVALID", "GET", f"{PROJECT}/images/manifests/v1")
    client.refused(405, "UNSUPPORTED", "DELETE", f"{IMAGE}/blobs/{digest_of(b'x')}")
    client.cloud.ok("POST", f"serviceusage/v1/projects/{PROJECT}/services/artifactregistry.googleapis.com:disable", {})
    assert "has not been used" in client.refused(403, "DENIED", "GET", f"{IMAGE}/manifests/v1")


def test_nobody_gets_in_without_a_token(client: Client) -> None:
    client.cloud.caller = None
    answer = client.send("GET", "")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="https://europe-west1-docker.pkg.dev/v2/token",service="europe-west1-docker.pkg.dev"'
    )


def test_readers_pull_and_writers_push(client: Client) -> None:
    digest = client.push("v1")
    reader, writer = (f"user:{name}@presidential-digs.example" for name in ("reader", "writer"))
    bindings = [
        {"role": "roles/artifactregistry.reader", "members": [reader]},
        {"role": "roles/artifactregistry.writer", "members": [writer]},
    ]
    client.cloud.ok("POST", f"{API}:setIamPolicy", {"policy": {"bindings": bindings}})
    client.cloud.settings.iam = IamMode.ENFORCE
    client.cloud.caller = Principal(reader, reader.removeprefix("user:"), "2", FOREVER)
    client.ok("GET", f"{IMAGE}/manifests/{digest}")
    message = client.refused(403, "DENIED", "POST", f"{IMAGE}/blobs/uploads/")
    assert "artifactregistry.repositories.uploadArtifacts" in message
    assert REPOSITORY in message
    client.cloud.caller = Principal(writer, writer.removeprefix("user:"), "3", FOREVER)
    client.push("v2", layer=b"more")
    client.refused(403, "DENIED", "DELETE", f"{IMAGE}/manifests/v2")
    client.cloud.caller = Principal(
        "user:nobody@presidential-digs.example", "nobody@presidential-digs.example", "4", FOREVER
    )
    client.refused(403, "DENIED", "GET", f"{IMAGE}/manifests/{digest}")
    client.cloud.settings.iam = IamMode.AUDIT
    noted = client.ok("HEAD", f"{IMAGE}/manifests/{digest}")
    assert noted.headers["X-Local-Cloud-Would-Deny"] == "artifactregistry.repositories.downloadArtifacts"


def test_gcr_io_is_a_repository_of_that_name(client: Client) -> None:
    gcr = replace(client, host="gcr.io")
    gcr.refused(404, "NAME_UNKNOWN", "HEAD", f"{PROJECT}/app/manifests/v1")
    us = API.replace("europe-west1", "us").rpartition("/")[0]
    client.cloud.ok("POST", f"{us}?repositoryId=gcr.io", {"format": "DOCKER"})
    digest = gcr.push("v1", f"{PROJECT}/app")
    (image,) = client.cloud.ok("GET", f"{us}/gcr.io/dockerImages")["dockerImages"]
    assert image["uri"] == f"gcr.io/{PROJECT}/app@{digest}"


def test_a_repository_made_anew_is_empty(client: Client) -> None:
    digest = client.push("v1")
    blob = client.push_blob(b"layer")["digest"]
    client.cloud.ok("DELETE", API)
    client.cloud.ok("POST", f"{API.rpartition('/')[0]}?repositoryId=images", {"format": "DOCKER"})
    client.refused(404, "MANIFEST_UNKNOWN", "GET", f"{IMAGE}/manifests/{digest}")
    client.refused(404, "BLOB_UNKNOWN", "GET", f"{IMAGE}/blobs/{blob}")
    assert client.registry.cleanup()["freed_bytes"] > 0

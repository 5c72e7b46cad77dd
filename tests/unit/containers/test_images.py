"""Image names, and images from a layout of files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from local_cloud.containers.images import ImageError, Images
from local_cloud.containers.reference import InvalidReference, Reference, default_pull_policy
from tests.images import image

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nginx", ("registry-1.docker.io", "library/nginx", "latest", "")),
        ("bitnami/redis:7", ("registry-1.docker.io", "bitnami/redis", "7", "")),
        ("localhost:5000/a/b", ("localhost:5000", "a/b", "latest", "")),
        (f"europe-docker.pkg.dev/p/r/i@{DIGEST}", ("europe-docker.pkg.dev", "p/r/i", "", DIGEST)),
        (f"gcr.io/p/i:1.2@{DIGEST}", ("gcr.io", "p/i", "1.2", DIGEST)),
    ],
)
def test_references_are_completed(text: str, parts: tuple[str, ...]) -> None:
    found = Reference.parse(text)
    assert (found.host, found.path, found.tag, found.digest) == parts


@pytest.mark.parametrize("text", ["", "UPPER/case", "a b", "gcr.io/p/i:", "gcr.io/p/i@sha256:1", "gcr.io/../x"])
def test_what_names_no_image_is_refused(text: str) -> None:
    if text == "gcr.io/p/i:":
        assert Reference.parse(text).tag == "latest"
        return
    with pytest.raises(InvalidReference):
        Reference.parse(text)


def test_only_a_tag_that_moves_is_always_pulled() -> None:
    assert default_pull_policy("gcr.io/p/i") == "Always"
    assert default_pull_policy("gcr.io/p/i:1") == "IfNotPresent"
    assert default_pull_policy(f"gcr.io/p/i@{DIGEST}") == "IfNotPresent"


def test_an_image_is_unpacked_once(tmp_path: Path) -> None:
    reference = image(tmp_path / "layout", {"app/run": "x"}, Entrypoint=["/app/run"], Env=["A=1"], User="1000:1000")
    images = Images(tmp_path / "images")
    first = asyncio.run(images.pull(reference))
    assert (first.root / "app" / "run").read_text() == "x"
    assert first.configuration.entrypoint == ("/app/run",)
    assert first.configuration.environment == {"A": "1"}
    (first.root / "mark").touch()
    assert asyncio.run(Images(tmp_path / "images").pull(reference)).root == first.root
    assert (first.root / "mark").exists()


def test_a_blob_with_other_content_is_refused(tmp_path: Path) -> None:
    reference = image(tmp_path / "layout", {"a": "x"})
    for blob in (tmp_path / "layout" / "blobs" / "sha256").iterdir():
        if b"layers" not in blob.read_bytes():
            blob.write_bytes(b"other")
    with pytest.raises(ImageError, match="other content"):
        asyncio.run(Images(tmp_path / "images").pull(reference))


def test_a_digest_is_no_path(tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    layout.mkdir()
    (layout / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:../../../etc/passwd"}]}))
    with pytest.raises(ImageError):
        asyncio.run(Images(tmp_path / "images").pull(f"oci-layout:{layout}"))


def test_what_is_never_pulled_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as refused:
        asyncio.run(Images(tmp_path).pull("gcr.io/p/i:1", "Never"))
    assert refused.value.reason == "ErrImageNeverPull"

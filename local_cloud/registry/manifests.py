"""Manifests: what one refers to, whether all of that is there, and what the API shows of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cloud.registry.names import DIGEST
from local_cloud.registry.refusals import RegistryError

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.registry.files import Files

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests asks for 4 MB at least.
LARGEST = 4 * 1024 * 1024
IMAGES = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
INDEXES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Manifest:
    """`content` as it was pushed, byte by byte, and parsed."""

    media_type: str
    content: bytes
    parsed: Mapping[str, Any]

    @property
    def is_index(self) -> bool:
        """Whether it lists other manifests."""
        return self.media_type in INDEXES

    @property
    def subject(self) -> str:
        """The digest of the manifest this one is about, or empty."""
        return str((self.parsed.get("subject") or {}).get("digest", ""))

    @property
    def artifact_type(self) -> str:
        """What it is when it is no image: its own word, else the configuration's type."""
        return str(self.parsed.get("artifactType") or (self.parsed.get("config") or {}).get("mediaType", ""))

    def blobs(self) -> Iterator[Mapping[str, Any]]:
        """Descriptors of configuration and layers, except of layers that are somewhere else (`urls`)."""
        if self.parsed.get("config"):
            yield self.parsed["config"]
        yield from (layer for layer in self.parsed.get("layers") or () if not layer.get("urls"))

    def manifests(self) -> list[Mapping[str, Any]]:
        """Descriptors of the manifests of an index."""
        return list(self.parsed.get("manifests") or ()) if self.is_index else []

    def size(self) -> int:
        """Bytes of configuration and layers together."""
        return sum(int(descriptor.get("size", 0)) for descriptor in self.blobs())


def parse(content: bytes, media_type: str) -> Manifest:
    """The manifest; RegistryError 400 when it is none, or when the Content-Type says otherwise than it does."""
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise _invalid(f"it is not JSON: {error}") from None
    if not isinstance(parsed, dict) or parsed.get("schemaVersion") != 2:
        raise _invalid("schemaVersion must be 2")
    declared = media_type.partition(";")[0].strip() or str(parsed.get("mediaType", ""))
    if parsed.get("mediaType", declared) != declared:
        raise _invalid(f"its mediaType {parsed['mediaType']} is not the Content-Type {declared}")
    if declared not in IMAGES | INDEXES:
        raise _invalid(f"media type {declared or 'nothing'} is none of {', '.join(sorted(IMAGES | INDEXES))}")
    manifest = Manifest(declared, content, parsed)
    for descriptor in (*manifest.blobs(), *manifest.manifests()):
        if not DIGEST.fullmatch(str(descriptor.get("digest"))):
            raise _invalid(f"{descriptor.get('digest')!r} is not a digest (sha256 in hexadecimal digits)")
    return manifest


def _invalid(why: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", f"manifest invalid: {why}")


def require_blobs(manifest: Manifest, files: Files, directory: str) -> None:
    """RegistryError 404 for a blob that was not pushed, 400 for one of another size."""
    for descriptor in manifest.blobs():
        path = files.find(directory, str(descriptor["digest"]))
        if path is None:
            message = f"blob {descriptor['digest']} was not pushed to this repository"
            raise RegistryError(404, "MANIFEST_BLOB_UNKNOWN", message)
        if path.stat().st_size != descriptor.get("size"):
            raise _invalid(f"blob {descriptor['digest']} has {path.stat().st_size} bytes, not {descriptor.get('size')}")


def metadata(manifest: Manifest, files: Files, directory: str) -> dict[str, Any]:
    """What the API shows of an image."""
    found: dict[str, Any] = {"mediaType": manifest.media_type, "imageSizeBytes": str(manifest.size())}
    if manifest.is_index:
        found["imageManifests"] = [_platform(descriptor) for descriptor in manifest.manifests()]
    elif str((manifest.parsed.get("config") or {}).get("mediaType", "")).endswith(
        ("image.config.v1+json", "container.image.v1+json")
    ):
        created = _created(files.find(directory, str(manifest.parsed["config"]["digest"])))
        found |= {"buildTime": created} if created else {}
    if manifest.parsed.get("artifactType"):
        found["artifactType"] = manifest.artifact_type
    if manifest.subject:
        found["subjectDigest"] = manifest.subject
    return found


def _platform(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    platform = descriptor.get("platform") or {}
    shown = {"architecture": platform.get("architecture"), "os": platform.get("os"), "variant": platform.get("variant")}
    named = {key: value for key, value in shown.items() if value}
    return {"digest": descriptor["digest"], "mediaType": descriptor.get("mediaType", ""), **named}


def _created(config: Path | None) -> str:
    if config is None:
        return ""
    try:
        parsed = json.loads(config.read_bytes())
    except ValueError:
        return ""
    return str(parsed.get("created", "")) if isinstance(parsed, dict) else ""

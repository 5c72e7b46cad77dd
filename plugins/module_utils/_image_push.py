"""PRIVATE to the collection: a composed image as blobs and a manifest, and the way of both into a registry."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._oci_registry import CONFIG, MANIFEST, Reference, Registry
from ._progress import report

if TYPE_CHECKING:
    from ._image_base import Pulled
    from ._image_recipe import Composed
    from ._image_tree import Layer

# Blobs that are sent at the same time.
_SIDE_BY_SIDE = 4
# Nothing in an image tells when it was made, or no two would be the same.
_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Assembled:
    """A whole image: `manifest` and `config` as bytes, and the layers that are new."""

    manifest: bytes
    config: bytes
    layers: tuple[Layer, ...]
    pulled: Pulled
    descriptors: tuple[Mapping[str, Any], ...]

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def digest_of(content: bytes) -> str:
    """`sha256:…`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def assemble(
    composed: Composed, layers: Sequence[Layer], pulled: Pulled, architecture: str, labels: Mapping[str, str]
) -> Assembled:
    """Configuration and manifest of `layers` over a base; the same input gives the same bytes."""
    history = [dict(entry) for entry in pulled.history]
    history += [{"created": _EPOCH, "created_by": layer.by} for layer in layers]
    config = {
        "architecture": architecture,
        "config": {**composed.config, "Labels": {**composed.config.get("Labels", {}), **labels}},
        "created": _EPOCH,
        "history": history,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [*pulled.differences, *(layer.difference for layer in layers)]},
    }
    content = _canonical(config)
    descriptors = [dict(descriptor) for descriptor in pulled.layers]
    descriptors += [_descriptor("application/vnd.oci.image.layer.v1.tar+gzip", one.digest, one.size) for one in layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, digest_of(content), len(content)),
        "layers": descriptors,
    }
    return Assembled(_canonical(manifest), content, tuple(layers), pulled, tuple(descriptors))


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def push(registry: Registry, image: Reference, made: Assembled, tags: Sequence[str]) -> None:
    """Send what the registry has not got, side by side, then the manifest under every tag."""
    origin = made.pulled.base.origin
    sending = _Sending(image.name, sum(int(one["size"]) for one in made.descriptors) + len(made.config))
    work: list[Callable[[], None]] = [
        lambda: _send(registry, image, sending, digest_of(made.config), len(made.config), lambda: made.config)
    ]
    work += [_later(registry, image, sending, layer) for layer in made.layers]
    if origin is not None:
        work += [_later_base(registry, image, sending, origin, descriptor) for descriptor in made.pulled.layers]
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for done in [pool.submit(one) for one in work]:
            done.result()
    for tag in tags:
        registry.put_manifest(image, tag, made.manifest)


@dataclass
class _Sending:
    """How many bytes are there, for whoever watches."""

    subject: str
    total: int
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, size: int) -> None:
        with self.lock:
            self.done += size
            report(self.subject, "the push (bytes)", self.done, self.total)


def _later(registry: Registry, image: Reference, sending: _Sending, layer: Layer) -> Callable[[], None]:
    return lambda: _send(registry, image, sending, layer.digest, layer.size, layer.path.read_bytes)


def _later_base(
    registry: Registry, image: Reference, sending: _Sending, origin: Reference, descriptor: Mapping[str, Any]
) -> Callable[[], None]:
    digest, size = str(descriptor["digest"]), int(descriptor["size"])
    mount = origin.path if origin.host == image.host else ""
    return lambda: _send(registry, image, sending, digest, size, lambda: registry.blob(origin, digest), mount)


def _send(
    registry: Registry,
    image: Reference,
    sending: _Sending,
    digest: str,
    size: int,
    content: Callable[[], bytes],
    mount: str = "",
) -> None:
    if not registry.has_blob(image, digest):
        registry.put_blob(image, digest, content(), mount)
    sending.add(size)

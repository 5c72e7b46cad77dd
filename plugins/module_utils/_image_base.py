"""PRIVATE to the collection: what an image is built on: an image of a registry, nothing, or the host itself."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._image_recipe import DEFAULT_PATH
from ._oci_registry import INDEXES, Manifest, Reference, Registry, parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

# An image with this label has only application layers: whoever runs it puts the machine's own programs below them
# (local_cloud/containers of this repository).
BASE_LABEL = "digs.presidential.base"
WANTED_LABEL = "digs.presidential.base.wanted"
HOST = "host"
SCRATCH = "scratch"


@dataclass(frozen=True)
class Base:
    """What FROM names. `identity` is a digest, `host` with the Python of the machine, or `scratch`.

    `layers` are descriptors at `origin`; `differences` the digests of what is in them.
    """

    wanted: str
    identity: str
    origin: Reference | None = None
    manifest: Manifest | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def on_host(self) -> bool:
        return self.identity.startswith(HOST)


def find_base(registry: Registry, wanted: str, *, host_base: bool) -> Base:
    """The base image where a registry has it, else the host when that is allowed; Failure otherwise."""
    if wanted == SCRATCH:
        return Base(wanted, SCRATCH)
    reference = parse_reference(wanted, "FROM")
    try:
        digest = registry.digest(reference)
        why = f"{reference.name} has no {reference.wanted}"
    except Failure as failure:
        digest, why = None, failure.message
    if digest is not None:
        return Base(wanted, digest, reference)
    if not host_base:
        raise Failure(
            "BASE_IMAGE_UNREACHABLE",
            f"The base image {wanted} cannot be pulled: {why}",
            hint="Reach its registry, mirror it to one that is reached, or (only for the local cloud) allow host_base.",
        )
    labels = {BASE_LABEL: HOST, WANTED_LABEL: wanted}
    return Base(wanted, f"{HOST}:python{host_python()}", labels=labels)


def host_python() -> str:
    """The version of this machine's interpreter: `3.11`."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Pulled:
    """A base with its configuration: `layers` are descriptors, `differences` the digests of the tars in them."""

    base: Base
    config: Mapping[str, Any]
    layers: tuple[Mapping[str, Any], ...] = ()
    differences: tuple[str, ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()

    @property
    def python(self) -> str:
        """The version of the interpreter in it."""
        found = dict(item.partition("=")[::2] for item in self.config.get("Env") or [])
        version = found.get("PYTHON_VERSION", "")
        return ".".join(version.split(".")[:2]) if version else host_python()


def pull(registry: Registry, base: Base, architecture: str) -> Pulled:
    """The configuration of a base and where its layers are; the layers themselves stay where they are."""
    if base.origin is None:
        return Pulled(base, {} if base.identity == SCRATCH else {"Env": [f"PATH={DEFAULT_PATH}"]})
    manifest = registry.manifest(base.origin, base.identity)
    if manifest is not None and manifest.media_type in INDEXES:
        chosen = _of_platform(manifest, architecture)
        manifest = registry.manifest(base.origin, chosen) if chosen else None
    if manifest is None:
        raise Failure("BASE_IMAGE_UNREACHABLE", f"{base.wanted} has no image for linux/{architecture}.")
    parsed = manifest.parsed
    config = json.loads(registry.blob(base.origin, parsed["config"]["digest"]))
    return Pulled(
        base,
        config.get("config") or {},
        tuple(parsed["layers"]),
        tuple(config["rootfs"]["diff_ids"]),
        tuple(config.get("history") or ()),
    )


def _of_platform(index: Manifest, architecture: str) -> str:
    for descriptor in index.parsed["manifests"]:
        platform = descriptor.get("platform") or {}
        if platform.get("os") == "linux" and platform.get("architecture") == architecture:
            return str(descriptor["digest"])
    return ""

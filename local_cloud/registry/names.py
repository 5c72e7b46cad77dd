"""Which repository and image a registry host and the name in a path mean, and which paths the protocol has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cloud.emulator.profiles.artifacts.repositories import CONTAINER_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCKER = "-docker.pkg.dev"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Place:
    """`repository` is `projects/p/locations/l/repositories/r`, `image` the name in it (`team/app`)."""

    repository: str
    image: str


@dataclass(frozen=True)
class Target:
    """What a path asks for: `kind` is base, token, uploads, upload, blob, manifest, tags or referrers; `name` is the
    name in the path, `reference` a tag, a digest or the id of an upload."""

    kind: str
    name: str = ""
    reference: str = ""


def serves(host: str) -> bool:
    """Whether `host` speaks the registry protocol."""
    return host.endswith(_DOCKER) or host in CONTAINER_REGISTRY


def place_of(host: str, name: str) -> Place | None:
    """Where `name` is on `host`; None when it names no image of a repository."""
    parts = name.split("/")
    if not NAME.fullmatch(name):
        return None
    if host in CONTAINER_REGISTRY:
        location, identifier, image = CONTAINER_REGISTRY[host], host, parts[1:]
    else:
        location, identifier, image = host.removesuffix(_DOCKER), parts[1] if len(parts) > 1 else "", parts[2:]
    if not image:
        return None
    return Place(f"projects/{parts[0]}/locations/{location}/repositories/{identifier}", "/".join(image))


# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints, and Google's token endpoint.
_PATHS: Mapping[str, str] = {
    "base": r"/v2/?",
    "token": r"/v2/token",
    "uploads": r"/v2/(?P<name>.+)/blobs/uploads/?",
    "upload": r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[0-9a-f]{32})",
    "blob": r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)",
    "manifest": r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)",
    "tags": r"/v2/(?P<name>.+)/tags/list",
    "referrers": r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)",
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATHS.items()}


def target_of(path: str) -> Target | None:
    """What `path` asks for; None outside the protocol."""
    for kind, pattern in _COMPILED.items():
        match = pattern.fullmatch(path)
        if match:
            found = match.groupdict()
            return Target(kind, found.get("name", ""), found.get("reference", ""))
    return None

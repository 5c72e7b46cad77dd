"""One repository as one request may use it: the API enabled, the repository there, the caller allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cloud.emulator.call import Call
from local_cloud.emulator.enablement import require_enabled
from local_cloud.emulator.errors import ApiError
from local_cloud.emulator.profiles.artifacts import cleanup, contents, repositories
from local_cloud.registry.names import Place
from local_cloud.registry.refusals import RegistryError, of_api

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Request
    from local_cloud.emulator.store import Stored

DOWNLOAD = "artifactregistry.repositories.downloadArtifacts"
UPLOAD = "artifactregistry.repositories.uploadArtifacts"
DELETE = "artifactregistry.repositories.deleteArtifacts"
_METHOD = f"artifactregistry.{repositories.COLLECTION}.get"


@dataclass(frozen=True)
class Opened:
    """`package` is the image's, `directory` that of the repository's files; `call` is what profiles are asked with."""

    call: Call
    package: str
    directory: str

    @property
    def repository(self) -> str:
        """The repository's name."""
        return self.call.name

    @property
    def would_deny(self) -> str:
        """In the `audit` mode of IAM, the permission that was missing."""
        return str(self.call.memory.get("would_deny", ""))

    def version(self, reference: str) -> Stored | None:
        """The manifest at a tag or digest of the image, or None."""
        store = self.call.store
        if reference.startswith("sha256:"):
            return store.get(contents.SERVICE, f"{self.package}/versions/{reference}")
        tag = store.get(contents.SERVICE, f"{self.package}/tags/{reference}")
        return store.get(contents.SERVICE, str(tag.body["version"])) if tag else None

    def tags(self) -> list[Stored]:
        """The tags of the image."""
        return contents.tags_of(self.call.store, self.package)

    def versions(self) -> list[Stored]:
        """The manifests of the image, the oldest first."""
        return contents.versions_of(self.call.store, self.package)


def open_repository(emulator: Emulator, request: Request, place: Place, permission: str) -> Opened:
    """The repository at `place` for the caller of `request`; RegistryError without it or without `permission`."""
    profile = emulator.profiles[contents.SERVICE]
    method = emulator.routes.document(contents.SERVICE, profile.versions[0]).methods[_METHOD]
    name = emulator.canonical(profile, place.repository)
    kind = profile.type_of(repositories.COLLECTION)
    call = Call(emulator, profile, method, request, name, _NOTHING, _NOTHING, {}, kind)
    try:
        with emulator.store.transaction():
            cleanup.run_daily(emulator)
            require_enabled(call)
            emulator.access.require(call, (permission,))
            directory = _directory(call, place)
    except ApiError as error:
        raise of_api(error) from error
    return Opened(call, contents.package_name(name, place.image), directory)


_NOTHING: Mapping[str, str] = {}


def _directory(call: Call, place: Place) -> str:
    stored = call.store.get(contents.SERVICE, call.name)
    identifier = call.name.rpartition("/")[2]
    if stored is None:
        raise RegistryError(404, "NAME_UNKNOWN", f'Repository "{identifier}" not found')
    if stored.body["format"] != "DOCKER":
        raise RegistryError(400, "NAME_INVALID", f"Repository {identifier} has format {stored.body['format']}")
    if stored.body["mode"] != "STANDARD_REPOSITORY":
        message = f"The local cloud serves standard repositories; {identifier} is a {stored.body['mode']}"
        raise RegistryError(501, "UNSUPPORTED", message)
    return str(call.store.fact(repositories.directory_key(call.name)))

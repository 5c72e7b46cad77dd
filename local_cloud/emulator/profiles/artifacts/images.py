"""Images as `gcloud artifacts docker images list` shows them: versions of a Docker repository under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import parents
from local_cloud.emulator.errors import not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler, ResourceType
from local_cloud.emulator.profiles.artifacts import contents
from local_cloud.emulator.profiles.artifacts.repositories import registry_uri

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

COLLECTION = "projects.locations.repositories.dockerImages"
# Fields of a version's metadata that its image shows.
_SHOWN = ("imageSizeBytes", "mediaType", "buildTime", "artifactType", "imageManifests")


def list_images(call: Call) -> Body:
    """`dockerImages.list`."""
    parents.require(call, call.name)
    repository = call.name.removesuffix("/dockerImages")
    found = [
        version
        for package in call.store.children(contents.SERVICE, contents.PACKAGES, f"{repository}/packages")
        for version in contents.versions_of(call.store, package.name)
    ]
    return page(call, found, "dockerImages", lambda version: _image(call, version))


def get_image(call: Call) -> Body:
    """`dockerImages.get`, by digest or by tag."""
    repository, _, identifier = call.name.rpartition("/dockerImages/")
    image, at, digest = identifier.partition("@")
    package = f"{repository}/packages/{image if at else identifier.rpartition(':')[0] or identifier}"
    version = call.store.get(contents.SERVICE, f"{package}/versions/{digest}") if at else None
    if not at:
        tag = call.store.get(contents.SERVICE, f"{package}/tags/{identifier.rpartition(':')[2]}")
        version = call.store.get(contents.SERVICE, str(tag.body["version"])) if tag else None
    if version is None:
        raise not_found("Requested entity was not found.")
    return _image(call, version)


def _image(call: Call, version: Stored) -> Body:
    repository = contents.repository_of(version.name)
    package, _, digest = version.name.rpartition("/versions/")
    image = package.rpartition("/")[2]
    uri = registry_uri(repository, "DOCKER")
    tags = [tag.name.rpartition("/")[2] for tag in contents.tagged(call.store, version.name)]
    metadata = version.body["metadata"]
    return {
        "name": f"{repository}/dockerImages/{image}@{digest}",
        "uri": f"{uri}/{image.replace('%2F', '/')}@{digest}",
        **({"tags": tags} if tags else {}),
        **{key: metadata[key] for key in _SHOWN if metadata.get(key)},
        "uploadTime": version.body["createTime"],
        "updateTime": version.body["updateTime"],
    }


TYPE = ResourceType(COLLECTION)
METHODS: dict[str, Handler] = {f"{COLLECTION}.list": list_images, f"{COLLECTION}.get": get_image}

"""What is in a repository: packages, their versions (for images: manifests by digest) and tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_cloud.emulator import operations, parents, verbs
from local_cloud.emulator.errors import already_exists, failed_precondition, invalid, not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.store import Store, Stored

SERVICE = "artifactregistry"
PACKAGES = "projects.locations.repositories.packages"
VERSIONS = f"{PACKAGES}.versions"
TAGS = f"{PACKAGES}.tags"
# https://distribution.github.io/distribution/spec/api: a tag
TAG_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_NAME = re.compile(
    r"(?P<repository>projects/[^/]+/locations/[^/]+/repositories/[^/]+)/(?P<kind>packages|dockerImages)/(?P<id>.+?)"
    r"(?P<rest>/(versions|tags)(/[^/]+)?)?"
)
# A version shows this many of its tags: documentation of `relatedTags`.
_MOST_TAGS = 100


def canonical_name(emulator: Emulator, name: str) -> str:
    """Slashes of an image's name are `%2F` in resource names; the path was decoded on its way here."""
    match = _NAME.fullmatch(name)
    return f"{match['repository']}/{match['kind']}/{encoded(match['id'])}{match['rest'] or ''}" if match else name


def encoded(image: str) -> str:
    """An image's name as an id: `team/app` → `team%2Fapp`."""
    return image.replace("/", "%2F")


def package_name(repository: str, image: str) -> str:
    """The package of an image: `projects/p/locations/l/repositories/r/packages/team%2Fapp`."""
    return f"{repository}/packages/{encoded(image)}"


def repository_of(name: str) -> str:
    """The repository that a package, version or tag is in."""
    return "/".join(name.split("/")[:6])


def tags_of(store: Store, package: str) -> list[Stored]:
    """Tags of a package, in the order of their names."""
    return sorted(store.children(SERVICE, TAGS, f"{package}/tags"), key=lambda tag: tag.name)


def versions_of(store: Store, package: str) -> list[Stored]:
    """Versions of a package, the oldest first."""
    return store.children(SERVICE, VERSIONS, f"{package}/versions")


def tagged(store: Store, version: str) -> list[Stored]:
    """The tags that point to a version."""
    package = version.rpartition("/versions/")[0]
    return [tag for tag in tags_of(store, package) if tag.body["version"] == version]


def put_version(call: Call, package: str, digest: str, metadata: Body) -> Stored:
    """Keep a version (and its package) as new, or as it is when it is there."""
    name, now = f"{package}/versions/{digest}", call.stamp()
    known = call.store.get(SERVICE, package)
    first = known.body["createTime"] if known else now
    call.store.put(SERVICE, package, PACKAGES, {"name": package, "createTime": first, "updateTime": now})
    stored = call.store.get(SERVICE, name)
    if stored is None:
        body = {"name": name, "createTime": now, "updateTime": now, "metadata": metadata}
        stored = call.store.put(SERVICE, name, VERSIONS, body)
    return stored


def put_tag(call: Call, package: str, tag: str, version: str) -> None:
    """Let a tag point to a version; ApiError 400 when tags are immutable and it points to another one."""
    if not re.fullmatch(TAG_PATTERN, tag):
        raise invalid(f"Tag {tag!r} must match {TAG_PATTERN}.", location="tagId")
    name = f"{package}/tags/{tag}"
    stored = call.store.get(SERVICE, name)
    if stored is not None and stored.body["version"] != version:
        refuse_immutable(call, name)
    call.store.put(SERVICE, name, TAGS, {"name": name, "version": version})
    _touch(call, version)


def refuse_immutable(call: Call, tag: str) -> None:
    """ApiError 400 when the repository lets no tag be moved or deleted."""
    repository = call.store.get(SERVICE, repository_of(tag))
    if repository is not None and (repository.body.get("dockerConfig") or {}).get("immutableTags"):
        identifier = tag.rpartition("/")[2]
        raise failed_precondition(f"cannot update tag {identifier}. The repository has enabled tag immutability")


def remove_tag(call: Call, name: str) -> None:
    """Take a tag away."""
    refuse_immutable(call, name)
    version = str(call.stored(name).body["version"])
    call.store.remove(SERVICE, name)
    _touch(call, version)


def remove_version(store: Store, name: str) -> None:
    """Take a version away with its tags, and the package with its last version."""
    for tag in tagged(store, name):
        store.remove(SERVICE, tag.name)
    store.remove(SERVICE, name)
    package = name.rpartition("/versions/")[0]
    if not versions_of(store, package):
        store.remove(SERVICE, package)


def _touch(call: Call, version: str) -> None:
    stored = call.store.get(SERVICE, version)
    if stored is not None:
        call.store.put(SERVICE, version, VERSIONS, {**stored.body, "updateTime": call.stamp()})


def _version_view(call: Call, body: Body) -> Body:
    related = [tag.body for tag in tagged(call.store, str(body["name"]))][:_MOST_TAGS]
    full = call.query.get("view") == "FULL"
    return {**body, **({"relatedTags": related} if full and related else {})}


def delete_version(call: Call) -> Body | Response:
    """`versions.delete`: a tagged one only with `force`."""
    stored = call.stored()
    tags = tagged(call.store, stored.name)
    if tags and call.query.get("force") != "true":
        raise failed_precondition("cannot delete version because it is tagged; delete its tags first or use force.")
    for tag in tags:
        refuse_immutable(call, tag.name)
    remove_version(call.store, stored.name)
    return operations.start(call, stored.name, "delete", None)


def batch_delete(call: Call) -> Body:
    """`versions.batchDelete`: all or none."""
    package = call.name.removesuffix("/versions")
    names = [canonical_name(call.emulator, str(name)) for name in call.body.get("names") or []]
    for name in names:
        if not name.startswith(f"{package}/versions/"):
            raise invalid(f"{name} is not a version of {package}.", location="names")
        call.stored(name)
        if tagged(call.store, name):
            raise failed_precondition(f"cannot delete version {name} because it is tagged")
    if not call.body.get("validateOnly"):
        for name in names:
            remove_version(call.store, name)
    return operations.start(call, package, "batchDelete", None)


def delete_package(call: Call) -> Body | Response:
    """`packages.delete`: with everything in it."""
    for tag in tags_of(call.store, call.stored().name):
        refuse_immutable(call, tag.name)
    return verbs.delete(call)


def create_tag(call: Call) -> Body:
    """`tags.create`."""
    package, tag = call.name.removesuffix("/tags"), call.query.get("tagId", "")
    if call.store.get(SERVICE, f"{package}/tags/{tag}"):
        raise already_exists("the tag already exists")
    return _write_tag(call, package, tag)


def patch_tag(call: Call) -> Body:
    """`tags.patch`: a tag moves to another version, or is made."""
    package, _, tag = call.name.rpartition("/tags/")
    return _write_tag(call, package, tag)


def _write_tag(call: Call, package: str, tag: str) -> Body:
    version = canonical_name(call.emulator, call.emulator.canonical(None, str(call.required("version"))))
    if not version.startswith(f"{package}/versions/") or call.store.get(SERVICE, version) is None:
        raise not_found(f"version {version} was not found in {package}")
    put_tag(call, package, tag, version)
    return call.stored(f"{package}/tags/{tag}").body


def delete_tag(call: Call) -> Body:
    """`tags.delete`."""
    remove_tag(call, call.stored().name)
    return {}


def list_tags(call: Call) -> Body:
    """`tags.list`, in the order of their names."""
    parents.require(call, call.name)
    return page(call, [tag.body for tag in tags_of(call.store, call.name.removesuffix("/tags"))], "tags")


TYPES = (
    ResourceType(PACKAGES),
    ResourceType(VERSIONS, view=_version_view),
    ResourceType(TAGS, id_source="query:tagId"),
)
METHODS: dict[str, Handler] = {
    f"{PACKAGES}.delete": delete_package,
    f"{VERSIONS}.delete": delete_version,
    f"{VERSIONS}.batchDelete": batch_delete,
    f"{TAGS}.create": create_tag,
    f"{TAGS}.patch": patch_tag,
    f"{TAGS}.delete": delete_tag,
    f"{TAGS}.list": list_tags,
}

"""What a resource is in: the resource above it in the same service, which must be there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.discovery import Document, Method
    from local_cloud.emulator.profile import ResourceType


def require(call: Call, collection_path: str) -> None:
    """The 404 of the type above when `collection_path` (`projects/p/topics/t/snapshots`) is in a resource that is not
    there; `-` stands for any."""
    parent = collection_path.rpartition("/")[0]
    if "-" in parent.split("/"):
        return
    kind = _type_of(call, parent)
    if kind is not None and call.store.get(call.service, parent) is None:
        raise call.missing(parent, kind)


def _type_of(call: Call, name: str) -> ResourceType | None:
    """The profile's type whose resources are named like `name`, or None."""
    for resource_type in call.profile.types:
        method = _getter(call.document, resource_type.collection)
        if method and method.regex.fullmatch(_prefix(method) + name):
            return resource_type
    return None


@lru_cache(maxsize=1024)
def _getter(document: Document, collection: str) -> Method | None:
    return document.methods.get(f"{document.api}.{collection}.get")


@lru_cache(maxsize=1024)
def _prefix(method: Method) -> str:
    """What stands before the relative name in the method's path: `compute/v1/`, `v3/`."""
    return method.path.removesuffix(method.relative(method.path))

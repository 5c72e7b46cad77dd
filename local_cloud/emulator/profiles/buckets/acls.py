"""Access control lists of buckets, of objects, and of objects to come, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from local_cloud.emulator.conventions import digest
from local_cloud.emulator.errors import invalid, not_found
from local_cloud.emulator.http import Response
from local_cloud.emulator.profile import Body, Handler
from local_cloud.emulator.profiles.buckets import objects, settings

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

_MISSING = "The specified key does not exist."
_LISTS = ("bucketAccessControls", "defaultObjectAccessControls", "objectAccessControls")
_ROLES: Mapping[str, tuple[str, ...]] = {
    "bucketAccessControls": ("OWNER", "READER", "WRITER"),
    "defaultObjectAccessControls": ("OWNER", "READER"),
    "objectAccessControls": ("OWNER", "READER"),
}


def _place(call: Call) -> str:
    """The relative path of the list: `b/B/acl`, `b/B/defaultObjectAcl`, `b/B/o/O/acl`."""
    bucket = f"b/{call.parameters['bucket']}"
    if call.method.collection == "objectAccessControls":
        return f"{bucket}/o/{call.parameters['object']}/acl"
    return f"{bucket}/{'acl' if call.method.collection == 'bucketAccessControls' else 'defaultObjectAcl'}"


def _owner(call: Call) -> Stored:
    """The bucket, or the object of an object's list; ApiError 400 where access is uniform."""
    bucket = objects.bucket_of(call)
    if bucket.body["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]:
        raise invalid("Cannot use ACL API to update bucket policy when uniform bucket-level access is enabled.")
    if call.method.collection != "objectAccessControls":
        return bucket
    return objects.find(call, bucket.body["name"], call.parameters["object"])


def _entries(call: Call) -> dict[str, Body]:
    """Entity → entry as it is shown."""
    found = settings.entries(call, objects.bucket_of(call).body, call.method.collection, _place(call))
    return {entity: _shown(call, entity, body) for entity, body in found.items()}


def _shown(call: Call, entity: str, body: Mapping[str, object]) -> Body:
    """An entry as its list shows it; those of objects to come have no name of their own."""
    bucket, place = call.parameters["bucket"], _place(call)
    kind = "bucketAccessControl" if call.method.collection == "bucketAccessControls" else "objectAccessControl"
    entry: Body = {"kind": f"storage#{kind}", "entity": entity, **_facts(entity), **body}
    entry["etag"] = digest([place, entity, entry["role"]])
    if call.method.collection == "bucketAccessControls":
        entry |= {"bucket": bucket, "id": f"{bucket}/{entity}", "selfLink": call.self_link(f"{place}/{entity}")}
    if call.method.collection == "objectAccessControls":
        found = _owner(call).body
        link = f"b/{bucket}/o/{quote(found['name'], safe='')}/acl/{entity}"
        entry |= {"bucket": bucket, "object": found["name"], "generation": found["generation"]}
        entry |= {"id": f"{bucket}/{found['name']}/{found['generation']}/{entity}", "selfLink": call.self_link(link)}
    return entry


def _facts(entity: str) -> Body:
    """What an entity says of itself."""
    kind, _, rest = entity.partition("-")
    if kind in ("user", "group") and "@" in rest:
        return {"email": rest}
    return {"domain": rest} if kind == "domain" else {}


def get(call: Call) -> Body:
    """`get`; 404 for an entity that is not in the list."""
    _owner(call)
    entry = _entries(call).get(call.parameters["entity"])
    if entry is None:
        raise not_found(_MISSING)
    return entry


def list_(call: Call) -> Body:
    """`list`, never in pages."""
    _owner(call)
    plural = "bucketAccessControls" if call.method.collection == "bucketAccessControls" else "objectAccessControls"
    return {"kind": f"storage#{plural}", "items": list(_entries(call).values())}


def put(call: Call) -> Body:
    """`insert`, `update` and `patch`."""
    owner = _owner(call)
    entity = call.parameters.get("entity") or str(call.required("entity"))
    role = str(call.required("role"))
    if role not in _ROLES[call.method.collection]:
        raise invalid(f"Invalid argument: role '{role}' is not one of {', '.join(_ROLES[call.method.collection])}.")
    _write(call, owner, entity, {"role": role})
    return _entries(call)[entity]


def _write(call: Call, owner: Stored, entity: str, body: Body) -> None:
    """Keep an entry; its bucket or object is a generation of metadata older."""
    call.store.put("storage", f"{_place(call)}/{entity}", call.method.collection, body)
    metageneration = str(int(owner.body["metageneration"]) + 1)
    changed = {**owner.body, "metageneration": metageneration, "updated": call.stamp()}
    call.store.put("storage", owner.name, owner.collection, changed)


def delete(call: Call) -> Response:
    """`delete`."""
    get(call)
    _write(call, _owner(call), call.parameters["entity"], {})
    return Response.empty(204)


_VERBS: Mapping[str, Callable[[Call], Body | Response]] = {
    "get": get,
    "list": list_,
    "insert": put,
    "update": put,
    "patch": put,
    "delete": delete,
}
METHODS: dict[str, Handler] = {f"{collection}.{verb}": _VERBS[verb] for collection in _LISTS for verb in _VERBS}
_READ = {"get", "list"}
PERMISSIONS = {
    f"{collection}.{verb}": (
        f"storage.{noun}.get",
        f"storage.{noun}.{'getIamPolicy' if verb in _READ else 'setIamPolicy'}",
        *(() if verb in _READ or noun == "buckets" else (f"storage.{noun}.update",)),
    )
    for collection, noun in zip(_LISTS, ("buckets", "buckets", "objects"), strict=True)
    for verb in _VERBS
}

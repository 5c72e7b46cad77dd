"""Server-written fields that mean the same wherever a schema declares them: kind, id, selfLink, times, etag,
fingerprint."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.schema import is_output_only, properties, resolve

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

Maker = Callable[["Call", str], Any]


def _scope_link(call: Call, name: str, scope: str) -> str | None:
    parts = name.split("/")
    return call.self_link("/".join(parts[:4])) if len(parts) > 4 and parts[2] == scope else None


def _number(call: Call, name: str) -> str:
    """A new id, or the one that is already the resource's name."""
    tail = name.rpartition("/")[2]
    return tail if call.resource_type.id_source == "numeric" and tail.isdigit() else call.number()


# Written once, when the resource is created.
_AT_CREATION: Mapping[str, Maker] = {
    "id": _number,
    "uid": lambda call, name: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{call.number()}")),
    "creationTimestamp": lambda call, name: call.stamp(),
    "createTime": lambda call, name: call.stamp(),
    "creationTime": lambda call, name: call.stamp(),
    "timeCreated": lambda call, name: call.stamp(),
    "selfLink": lambda call, name: call.self_link(name),
    "region": lambda call, name: _scope_link(call, name, "regions"),
    "zone": lambda call, name: _scope_link(call, name, "zones"),
}
# Written again at every change.
_AT_CHANGE: Mapping[str, Maker] = {
    "updateTime": lambda call, name: call.stamp(),
    "updated": lambda call, name: call.stamp(),
}
_HASHES = ("etag", "fingerprint")


def digest(body: Any) -> str:
    """Eight bytes of the content's hash in base64, the shape of Google's etags and fingerprints."""
    text = json.dumps(body, sort_keys=True, default=str)
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def write_conventions(call: Call, body: Body, name: str, before: Body | None) -> None:
    """Fill in the conventional fields of `body` in place; those of `before` that never change are kept."""
    fields = properties(call.kept_in, call.kept_schema)
    hidden = call.resource_type.hidden
    for makers, once in ((_AT_CREATION, True), (_AT_CHANGE, False)):
        for key, make in makers.items():
            if key not in fields or key in hidden or not _is_servers(call, fields[key]):
                continue
            value = before.get(key) if once and before else make(call, name)
            if value is not None:
                body[key] = value
    if "selfLinkWithId" in fields and "id" in body and "selfLinkWithId" not in hidden:
        body["selfLinkWithId"] = call.self_link(f"{name.rpartition('/')[0]}/{body['id']}")
    if call.profile.style != "aip":
        fill_kinds(call, {"$ref": call.schema}, body)


def write_hashes(call: Call, body: Body, generation: int) -> None:
    """Set etag and fingerprints over the finished content."""
    fields = properties(call.kept_in, call.kept_schema)
    content = {key: value for key, value in body.items() if key not in (*_HASHES, "labelFingerprint")}
    for key in _HASHES:
        if key in fields and key not in call.resource_type.hidden:
            body[key] = digest([content, generation])
    if "labelFingerprint" in fields:
        # GKE calls the labels of a cluster otherwise.
        body["labelFingerprint"] = digest(body.get("labels") or body.get("resourceLabels") or {})


def fill_kinds(call: Call, node: Mapping[str, Any], value: Any) -> None:
    """Set `kind` on every object whose schema gives it a default."""
    node = resolve(call.document, node)
    if isinstance(value, dict):
        fields = node.get("properties", {})
        if "default" in fields.get("kind", {}):
            value.setdefault("kind", fields["kind"]["default"])
        for key, item in value.items():
            fill_kinds(call, fields.get(key, node.get("additionalProperties", {})), item)
    elif isinstance(value, list):
        for item in value:
            fill_kinds(call, node.get("items", {}), item)


def _is_servers(call: Call, node: Mapping[str, Any]) -> bool:
    return call.profile.style != "aip" or is_output_only(node)

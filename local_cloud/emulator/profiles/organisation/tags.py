"""Tag keys, tag values and their bindings to resources."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from local_cloud.emulator import operations, verbs
from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, ResourceType
from local_cloud.emulator.profiles.organisation import holds

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

_HIDDEN = "Permission denied on resource '{name}' (or it may not exist)."


def _check_key(call: Call, before: Body | None, wanted: Body) -> None:
    parent = call.emulator.canonical(call.profile, wanted.get("parent", ""))
    if before is None and call.store.get("cloudresourcemanager", parent) is None:
        raise ApiError(403, _HIDDEN.format(name=wanted.get("parent", "")))
    _refuse_second(call, before, wanted, "tagKeys")


def _check_value(call: Call, before: Body | None, wanted: Body) -> None:
    if before is None and call.store.get("cloudresourcemanager", wanted.get("parent", "")) is None:
        raise ApiError(403, _HIDDEN.format(name=wanted.get("parent", "")))
    _refuse_second(call, before, wanted, "tagValues")


def _refuse_second(call: Call, before: Body | None, wanted: Body, collection: str) -> None:
    for item in call.store.children("cloudresourcemanager", collection):
        if before is None and (item.body["parent"], item.body["shortName"]) == (
            _shown_parent(call, wanted["parent"]),
            wanted.get("shortName"),
        ):
            raise ApiError(
                409, f"{collection} with shortName '{wanted.get('shortName')}' already exists in {wanted['parent']}."
            )


def _shown_parent(call: Call, parent: str) -> str:
    """Projects are shown by number."""
    kind, _, identifier = parent.partition("/")
    return f"projects/{call.emulator.project_number(identifier) or identifier}" if kind == "projects" else parent


def _finish_key(call: Call, body: Body) -> Body:
    parent = body["parent"].partition("/")[2]
    space = (call.emulator.project_id(parent) or parent) if body["parent"].startswith("projects/") else parent
    body["namespacedName"] = f"{space}/{body['shortName']}"
    body["parent"] = _shown_parent(call, body["parent"])
    return body


def _finish_value(call: Call, body: Body) -> Body:
    key = call.store.get("cloudresourcemanager", body["parent"])
    body["namespacedName"] = f"{key.body['namespacedName'] if key else ''}/{body['shortName']}"
    return body


def _namespaced(call: Call) -> Body:
    name = call.query.get("name", "")
    for item in call.store.children("cloudresourcemanager", call.resource_type.collection):
        if item.body["namespacedName"] == name:
            return verbs.show(call, item)
    raise ApiError(403, _HIDDEN.format(name=name))


def _list(call: Call) -> Body:
    parent = _shown_parent(call, call.query.get("parent", ""))
    found = [
        verbs.show(call, item)
        for item in call.store.children("cloudresourcemanager", call.resource_type.collection)
        if item.body["parent"] == parent
    ]
    return page(call, found, call.resource_type.collection)


def _delete(call: Call) -> Body:
    """The operation of a deletion shows what was deleted."""
    stored = call.stored()
    holds.refuse_held(call)
    held = [
        item.name
        for item in call.store.children("cloudresourcemanager", "tagValues")
        if item.body["parent"] == stored.name
    ]
    if held:
        raise ApiError(
            400, f"Cannot delete tag key {stored.name} while it has the value {held[0]}.", status="FAILED_PRECONDITION"
        )
    call.store.remove("cloudresourcemanager", stored.name)
    return operations.start(call, stored.name, "delete", stored.body)


def _value(call: Call) -> Stored:
    """The tag value that a binding names, by id or by namespaced name."""
    if call.body.get("tagValueNamespacedName"):
        for item in call.store.children("cloudresourcemanager", "tagValues"):
            if item.body["namespacedName"] == call.body["tagValueNamespacedName"]:
                return item
    found = call.store.get("cloudresourcemanager", str(call.body.get("tagValue", "")))
    if found is None:
        wanted = call.body.get("tagValue") or call.body.get("tagValueNamespacedName") or ""
        raise invalid(f"Tag value '{wanted}' not found.", location="tagValue")
    return found


def _numbered(call: Call, parent: str) -> str:
    """`//service/projects/ID/…` with the project's number, as bindings are shown."""
    parts = parent.split("/")
    if "projects" in parts[:-1]:
        index = parts.index("projects") + 1
        parts[index] = call.emulator.project_number(parts[index]) or parts[index]
    return "/".join(parts)


def _bind(call: Call) -> Body:
    value = _value(call)
    parent = _numbered(call, str(call.required("parent")))
    name = f"tagBindings/{quote(parent, safe='')}/{value.name}"
    body = {
        "name": name,
        "parent": parent,
        "tagValue": value.name,
        "tagValueNamespacedName": value.body["namespacedName"],
    }
    call.memory["response_type"] = "TagBinding"
    call.store.put("cloudresourcemanager", f"tagBindings/{parent}/{value.name}", "tagBindings", body)
    return operations.start(call, name, "create", body)


def _bindings(call: Call) -> Body:
    parent = _numbered(call, call.query.get("parent", ""))
    return page(
        call,
        [
            item.body
            for item in call.store.children("cloudresourcemanager", "tagBindings")
            if item.body["parent"] == parent
        ],
        "tagBindings",
    )


def _unbind(call: Call) -> Body:
    """The name holds the parent percent-encoded, and the path encodes it once more."""
    head, _, value = unquote(call.name).removeprefix("tagBindings/").rpartition("/tagValues/")
    wanted = (_numbered(call, head), f"tagValues/{value}")
    for item in call.store.children("cloudresourcemanager", "tagBindings"):
        if (item.body["parent"], item.body["tagValue"]) == wanted:
            call.store.remove("cloudresourcemanager", item.name)
            return operations.start(call, call.name, "delete", None)
    raise ApiError(403, _HIDDEN.format(name=call.name))


TYPES = (
    ResourceType(
        "tagKeys", id_source="numeric", immutable=("parent", "shortName"), check=_check_key, before_write=_finish_key
    ),
    ResourceType(
        "tagValues",
        id_source="numeric",
        immutable=("parent", "shortName"),
        check=_check_value,
        before_write=_finish_value,
    ),
    ResourceType("tagBindings", schema="TagBinding"),
)
METHODS = {
    **{f"{collection}.getNamespaced": _namespaced for collection in ("tagKeys", "tagValues")},
    **{f"{collection}.list": _list for collection in ("tagKeys", "tagValues")},
    **{f"{collection}.delete": _delete for collection in ("tagKeys", "tagValues")},
    "tagBindings.create": _bind,
    "tagBindings.list": _bindings,
    "tagBindings.delete": _unbind,
}

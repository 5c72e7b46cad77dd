"""The standard verbs over any resource type: create, get, list, update, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from local_cloud.emulator import operations, parents
from local_cloud.emulator.conventions import fill_kinds, write_conventions, write_hashes
from local_cloud.emulator.errors import aborted, already_exists, condition_not_met, failed_precondition, invalid
from local_cloud.emulator.http import Response
from local_cloud.emulator.paging import page
from local_cloud.emulator.paths import get_path, merged, remove_path, set_path, without_nulls
from local_cloud.emulator.payload import id_of, mask_of, payload_of, read_only_kept
from local_cloud.emulator.references import normalise, refusal_while_used
from local_cloud.emulator.schema import missing_required, properties, resolve, without_zeros

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body, ResourceType
    from local_cloud.emulator.store import Stored

# What the method that creates is called, by style of the API.
_CREATIONS = {"aip": "create", "legacy": "insert", "compute": "insert"}
Verb = Callable[["Call"], "Body | Response"]


def get(call: Call) -> Body:
    """The resource in the path."""
    soft = call.resource_type.soft_delete
    return show(call, call.stored(deleted=bool(soft and soft.gettable)))


def show(call: Call, stored: Stored) -> Body:
    """A stored resource as this API version shows it."""
    body = dict(stored.body)
    if stored.deleted_at is not None and call.resource_type.soft_delete:
        body |= call.resource_type.soft_delete.marks
    if call.resource_type.view:
        call.memory["shown"] = stored.name
        body = call.resource_type.view(call, body)
    adapter = call.profile.adapters.get(call.document.version, {}).get(call.resource_type.collection)
    return adapter.outbound(call, body) if adapter else body


def list_(call: Call) -> Body:
    """One page of the collection in the path; a `-` in it stands for any id."""
    collection = call.resource_type.collection
    show_deleted = call.query.get("showDeleted") == "true"
    if "/-/" in call.name:
        pattern = re.compile(re.escape(call.name).replace("/\\-/", "/[^/]+/").replace("/-/", "/[^/]+/"))
        found = [
            item
            for item in call.store.children(call.service, collection, deleted=show_deleted)
            if pattern.fullmatch(item.parent)
        ]
    else:
        parents.require(call, call.name)
        found = call.store.children(call.service, collection, call.name, deleted=show_deleted)
    body = page(call, found, list_key(call), lambda item: show(call, item))
    if call.profile.style != "aip" and call.method.response:
        body = _list_envelope(call, body)
    return body


def list_key(call: Call) -> str:
    """The field of the list response that holds the resources: the array of the type's schema."""
    for key, node in properties(call.document, call.method.response or "").items():
        if node.get("items", {}).get("$ref") == call.schema:
            return key
    return "items"


def _list_envelope(call: Call, body: Body) -> Body:
    fields = properties(call.document, call.method.response or "")
    if "id" in fields:
        body["id"] = call.name
    if "selfLink" in fields:
        body["selfLink"] = call.self_link(call.name)
    fill_kinds(call, {"$ref": call.method.response or ""}, body)
    return body


def aggregated_list(call: Call) -> Body:
    """Every resource of the collection in a project, grouped by region, zone or global."""
    root = f"projects/{call.project}/"
    plain = call.resource_type.collection
    collections = [plain, f"global{plain[0].upper()}{plain[1:]}", f"region{plain[0].upper()}{plain[1:]}"]
    group_key = plain
    items: dict[str, Any] = {}
    for collection in collections:
        for stored in call.store.children(call.service, collection):
            if stored.name.startswith(root):
                scope = stored.name.removeprefix(root).rpartition(f"/{stored.name.split('/')[-2]}/")[0]
                items.setdefault(scope, {group_key: []})[group_key].append(show(call, stored))
    if "global" not in items and call.query.get("includeAllScopes", "").lower() == "true":
        warning = {
            "code": "NO_RESULTS_ON_PAGE",
            "message": "No results for the scope 'global'.",
            "data": [{"key": "scope", "value": "global"}],
        }
        items["global"] = {"warning": warning}
    body: Body = {"items": dict(sorted(items.items()))}
    return _list_envelope(call, body)


def create(call: Call) -> Body | Response:
    """A new resource in the collection in the path."""
    resource_type = call.resource_type
    body = without_nulls(payload_of(call))
    name = _new_name(call, body)
    parents.require(call, name.rpartition("/")[0])
    _refuse_taken(call, name)
    call.memory["name"] = name
    _apply(call, resource_type.defaults, body, only_missing=True)
    missing = missing_required(call.document, call.schema, body, call.method.id)
    if missing:
        raise _missing_field(call, missing[0])
    if resource_type.run:
        fields = resource_type.run.starting if operations.runs(call) else resource_type.run.alone
        _apply(call, fields, body, only_missing=False)
    stored = keep(call, name, body, before=None)
    if resource_type.after_create:
        resource_type.after_create(call, stored.body)
    return respond(call, stored.name, call.method.verb, call.store.get(call.service, stored.name) or stored)


def _new_name(call: Call, body: Body) -> str:
    identifier = id_of(call, body)
    if identifier is None:
        return call.name
    pattern = call.resource_type.id_pattern
    if pattern and not re.fullmatch(pattern, identifier):
        raise invalid(f"Invalid {call.resource_type.noun} id '{identifier}': it must match {pattern}.", location="name")
    return call.emulator.canonical(call.profile, f"{call.name}/{identifier}")


def _refuse_taken(call: Call, name: str) -> None:
    if call.store.get(call.service, name, deleted=True):
        compute = "The resource '{name}' already exists"
        template = call.resource_type.exists or (
            compute if call.profile.style == "compute" else "Requested entity already exists"
        )
        raise already_exists(template.format(**call.words(name)))


def _missing_field(call: Call, name: str) -> Exception:
    if call.profile.style == "compute":
        return invalid(
            f"Invalid value for field 'resource.{name}': ''. Required field '{name}' not specified.", location=name
        )
    return invalid(f"The field '{call.resource_type.noun}.{name}' is required but was not given.", location=name)


def _apply(call: Call, values: Mapping[str, Any], body: Body, *, only_missing: bool) -> None:
    for spelled, value in values.items():
        optional = spelled.startswith("?")
        path = spelled.removeprefix("?")
        if only_missing and get_path(body, path) is not None:
            continue
        if optional and get_path(body, path.rpartition(".")[0]) is None:
            continue
        made = value(call, body) if callable(value) else value
        if made is not None:
            set_path(body, path, made)


def keep(call: Call, name: str, body: Body, before: Stored | None) -> Stored:
    """Finish a resource and store it: references, checks, computed and conventional fields, hooks, zeros, hashes."""
    resource_type = call.resource_type
    targets = normalise(call, body)
    if resource_type.check:
        resource_type.check(call, before.body if before else None, body)
    if call.profile.style == "aip" and "name" in properties(call.kept_in, call.kept_schema):
        body["name"] = call.shown_name(name)
    write_conventions(call, body, name, before.body if before else None)
    call.memory["name"] = name
    _apply(call, resource_type.computed, body, only_missing=False)
    if resource_type.before_write:
        body = resource_type.before_write(call, body)
    if call.profile.proto3:
        body = without_zeros(call.kept_in, {"$ref": call.kept_schema}, body, frozenset(resource_type.keep_zero))
    write_hashes(call, body, (before.generation if before else 0) + 1)
    stored = call.store.put(call.service, name, resource_type.collection, body)
    call.store.link((call.service, name), targets)
    return stored


def update(call: Call) -> Body | Response:
    """A change of the resource in the path: PATCH merges (by mask where there is one), PUT replaces."""
    stored = call.stored()
    change = payload_of(call)
    _refuse_stale(call, stored.body, change)
    mask = mask_of(call)
    if call.method.http == "PATCH" or mask:
        body = without_nulls(_masked(call, stored.body, change, mask) if mask else _merged(call, stored.body, change))
    else:
        body = {**read_only_kept(call, stored.body), **without_nulls(change)}
        _apply(call, call.resource_type.defaults, body, only_missing=True)
    refuse_immutable(call, stored.body, body)
    _refuse_emptied(call, stored.body, body)
    run = operations.runs(call)
    if run:
        _apply(call, run.changing, body, only_missing=False)
    kept = keep(call, stored.name, body, stored)
    return respond(call, kept.name, call.method.verb, kept)


def _merged(call: Call, before: Body, change: Body) -> Body:
    if call.profile.style == "aip":
        body = {**before, **change}
        return {key: value for key, value in body.items() if value is not None}
    result: Body = merged(before, change)
    return result


def _masked(call: Call, before: Body, change: Body, mask: list[str]) -> Body:
    if mask == ["*"]:
        return {**read_only_kept(call, before), **without_nulls(change)}
    body: Body = merged(before, {})
    for path in mask:
        value = get_path(change, path)
        if value is None:
            remove_path(body, path)
        else:
            set_path(body, path, value)
    return body


def _refuse_stale(call: Call, before: Body, change: Body) -> None:
    for key in ("etag", "fingerprint", "labelFingerprint"):
        given = change.get(key)
        if given and before.get(key) and given != before[key]:
            if call.profile.style == "compute":
                raise condition_not_met(
                    f"Invalid {key}: '{given}'. Supplied fingerprint does not match current metadata fingerprint.",
                    location=key,
                )
            raise aborted(
                f"The {key} '{given}' is stale: the resource was changed in the meantime. Read it again and retry."
            )


def refuse_immutable(call: Call, before: Body, after: Body) -> None:
    """ApiError 400 when a field that is fixed at creation would change."""
    after = dict(after)
    normalise(call, after)
    for path in call.resource_type.immutable:
        wanted, had = get_path(after, path), get_path(before, path)
        if wanted is not None and wanted != had:
            raise invalid(
                f"Invalid value for field 'resource.{path}': '{wanted}'. The field is immutable; it is '{had}'.",
                location=path,
            )


def _refuse_emptied(call: Call, before: Body, after: Body) -> None:
    """ApiError 400 when a field that a creation requires, or that is fixed at creation, would be taken away."""
    creation = f"{call.service}.{call.resource_type.collection}.{_CREATIONS[call.profile.style]}"
    required = missing_required(call.kept_in, call.kept_schema, after, creation)
    for path in (*required, *call.resource_type.immutable):
        if get_path(before, path) is not None and get_path(after, path) is None:
            raise _missing_field(call, path)


def delete(call: Call) -> Body | Response:
    """The end of the resource in the path, unless something still uses it."""
    stored = call.stored()
    resource_type = call.resource_type
    given = call.query.get("etag")
    if given and stored.body.get("etag") not in (None, given):
        raise aborted(
            f"The etag '{given}' is stale: the resource was changed in the meantime. Read it again and retry."
        )
    used = refusal_while_used(call, stored.name)
    if used and resource_type.in_use_by_operation:
        return operations.failed(call, stored.name, "delete", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", used.message)
    if used:
        raise used
    run = operations.runs(call)
    if run:
        body = dict(stored.body)
        _apply(call, run.stopping, body, only_missing=False)
        call.store.put(call.service, stored.name, stored.collection, body)
        return respond(call, stored.name, "delete", None)
    below = [child for child in call.store.below(call.service, stored.name) if child.deleted_at is None]
    call.memory["target_id"] = stored.body.get("id")
    if resource_type.soft_delete:
        result = _soft_delete(call, stored, resource_type)
    else:
        for child in below:
            call.store.remove(call.service, child.name)
        call.store.remove(call.service, stored.name)
        result = None
    if resource_type.after_delete:
        resource_type.after_delete(call, stored.body)
    return respond(call, stored.name, "delete", result)


def _soft_delete(call: Call, stored: Stored, resource_type: ResourceType) -> Stored:
    soft = resource_type.soft_delete
    body = dict(stored.body)
    if soft and soft.expiry_field:
        body[soft.expiry_field] = call.stamp(call.now + timedelta(days=soft.days))
    return call.store.put(call.service, stored.name, stored.collection, body, deleted_at=call.now.timestamp())


def undelete(call: Call) -> Body | Response:
    """The return of a soft-deleted resource."""
    stored = call.stored(deleted=True)
    if stored.deleted_at is None:
        raise failed_precondition(f"The {call.resource_type.noun} '{stored.name}' is not deleted.")
    soft = call.resource_type.soft_delete
    body = {key: value for key, value in stored.body.items() if not soft or key != soft.expiry_field}
    kept = call.store.put(call.service, stored.name, stored.collection, body)
    return respond(call, kept.name, "undelete", kept)


def respond(call: Call, target: str, verb: str, result: Stored | None) -> Body | Response:
    """What the method's response schema asks for: an operation, the resource, or nothing."""
    if is_operation(call):
        return operations.start(
            call, target, verb, show(call, result) if result and call.profile.dialect == "aip" else None
        )
    if result is not None and call.method.response and call.method.response != "Empty":
        return show(call, result)
    return Response.empty(204) if call.profile.empty_status == 204 else {}


def is_operation(call: Call) -> bool:
    """Whether the method answers with a long-running operation."""
    fields = (
        resolve(call.document, {"$ref": call.method.response}).get("properties", {}) if call.method.response else {}
    )
    return "done" in fields or "operationType" in fields


STANDARD: Mapping[str, Verb] = {
    "get": get,
    "list": list_,
    "aggregatedList": aggregated_list,
    "insert": create,
    "create": create,
    "patch": update,
    "update": update,
    "delete": delete,
    "undelete": undelete,
}

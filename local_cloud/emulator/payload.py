"""From a request body to the resource in it: wrappers, field masks, where the new id stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.paths import get_path, set_path
from local_cloud.emulator.schema import camel, is_output_only, properties, without_output_only

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

_PATH_VERBS = frozenset({"PUT"})


def wrapper_field(call: Call) -> str | None:
    """The field of the request that holds the resource (`serviceAccount` of CreateServiceAccountRequest), or None
    when the body is the resource."""
    if not call.method.request or call.method.request == call.schema:
        return None
    for key, node in properties(call.document, call.method.request).items():
        if node.get("$ref") == call.schema:
            return key
    return None


def payload_of(call: Call) -> Body:
    """The resource in the request body in canonical form, in the spelling it is kept in; output-only fields are
    ignored, as the APIs do."""
    wrapper = wrapper_field(call)
    body: Body = call.body.get(wrapper) or {} if wrapper else call.body
    kept = frozenset(call.resource_type.writable)
    given = {path: get_path(body, path) for path in kept if "." in path}
    body = without_output_only(call.document, call.schema, body, kept)
    for path, value in given.items():
        if value is not None:
            set_path(body, path, value)
    for path in call.resource_type.output_only:
        body.pop(path, None)
    adapter = call.profile.adapters.get(call.document.version, {}).get(call.resource_type.collection)
    return adapter.inbound(call, body) if adapter else body


def mask_of(call: Call) -> list[str]:
    """The update mask as dotted camelCase paths, from the query or the body; empty without one."""
    raw = (
        call.query.get("updateMask")
        or (call.body.get("updateMask") if isinstance(call.body.get("updateMask"), str) else "")
        or ""
    )
    paths = [".".join(camel(part) for part in path.strip().split(".")) for path in str(raw).split(",") if path.strip()]
    wrapper = wrapper_field(call)
    return [path.removeprefix(f"{wrapper}.") if wrapper else path for path in paths]


def id_of(call: Call, body: Body) -> str | None:
    """The new resource's id, or None when the path already names it (PUT)."""
    source = call.resource_type.id_source or _id_source(call)
    kind, _, key = source.partition(":")
    if kind == "path":
        return None
    if kind == "query":
        return call.query.get(key) or call.number()
    if kind == "body":
        return str(body.get(key) or call.body.get(key) or call.required(key))
    if kind == "sequence":
        return str(call.store.count(f"{call.service}/{call.name}"))
    return call.number() if kind == "numeric" else call.emulator.uuid(call)


def _id_source(call: Call) -> str:
    if call.method.http in _PATH_VERBS:
        return "path"
    for key, node in call.method.parameters.items():
        if node.get("location") == "query" and key.endswith("Id") and key not in {"requestId", "clientOperationId"}:
            return f"query:{key}"
    if wrapper_field(call):
        for key, node in properties(call.document, call.method.request or "").items():
            if key.endswith("Id") and node.get("type") == "string":
                return f"body:{key}"
    return "body:name" if call.profile.style != "aip" else "numeric"


def read_only_kept(call: Call, before: Body) -> Body:
    """What of `before` a full replacement leaves alone: the server's own fields and the name."""
    fields = properties(call.kept_in, call.kept_schema)
    own = {"name", *call.resource_type.output_only, *call.resource_type.computed, *call.resource_type.immutable}
    return {
        key: value
        for key, value in before.items()
        if key in own or (key in fields and is_output_only(fields[key]) and key not in call.resource_type.writable)
    }

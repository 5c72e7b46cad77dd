"""Long-running operations in the three dialects on the wire: Compute's status, GKE's, and AIP-151's done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_cloud.emulator import container_operations
from local_cloud.emulator.errors import not_found, unimplemented
from local_cloud.emulator.paging import page
from local_cloud.emulator.store import StoredOperation

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body, Run

_SCOPES = ("regions", "zones")
# google.rpc.Code.INTERNAL: what stands behind the resource failed.
_INTERNAL = 13


def start(call: Call, target: str, verb: str, result: Body | None) -> Body:
    """Keep a new operation on the resource `target` and return what the caller sees; `result` is the finished
    resource (None for a deletion)."""
    at_once = f"{call.method.collection}.{call.method.verb}" in call.profile.done_at_once
    seconds = 0.0 if at_once else call.emulator.settings.operation_seconds
    done_at = call.now.timestamp() + seconds
    if call.profile.dialect == "compute":
        name, body = _compute(call, target, verb)
    elif call.profile.dialect == "container":
        name, body = container_operations.made(call, target, verb, _token(call))
    else:
        name, body = _aip(call, target, verb, result)
    return _kept(call, StoredOperation(name, body, done_at, target if runs(call) else "", verb))


def runs(call: Call) -> Run | None:
    """How a runtime works on resources of the called type; None where none does."""
    return call.type.run if call.type and call.service in call.emulator.attended else None


def _kept(call: Call, operation: StoredOperation) -> Body:
    call.store.put_operation(call.service, operation)
    return shown(call, operation)


def failed(call: Call, target: str, verb: str, code: str, message: str) -> Body:
    """A Compute operation that ends in an error: the request was accepted and the work could not be done."""
    name, body = _compute(call, target, verb)
    body |= {
        "error": {"errors": [{"code": code, "message": message}]},
        "httpErrorStatusCode": 400,
        "httpErrorMessage": "BAD REQUEST",
    }
    done_at = call.now.timestamp() + call.emulator.settings.operation_seconds
    return _kept(call, StoredOperation(name, body, done_at, "", verb))


def _token(call: Call) -> str:
    return hashlib.sha256(f"{call.service}{call.store.count('operation')}".encode()).hexdigest()


def _compute(call: Call, target: str, verb: str) -> tuple[str, Body]:
    token = _token(call)
    parts = target.split("/")
    operation = f"operation-{int(call.now.timestamp() * 1000)}-{token[:13]}-{token[13:21]}-{token[21:29]}"
    root, scope = _scope_of(parts)
    home = f"{root}/{scope}"
    name = f"{home}/operations/{operation}"
    stored = call.store.get(call.service, target, deleted=True)
    body: Body = {
        "kind": "compute#operation",
        "id": call.number(),
        "name": operation,
        "operationType": call.profile.operation_types.get(f"{call.method.collection}.{verb}", verb),
        "targetLink": call.self_link(target),
        "targetId": str((stored.body.get("id") if stored else call.memory.get("target_id")) or call.number()),
        "status": "DONE",
        "user": call.caller,
        "progress": 100,
        "insertTime": call.stamp(),
        "startTime": call.stamp(),
        "selfLink": call.self_link(name),
    }
    if scope != "global":
        body[scope.partition("/")[0].removesuffix("s")] = call.self_link(home)
    return name, body


def _scope_of(parts: Sequence[str]) -> tuple[str, str]:
    """(`projects/P`, `global` or `regions/R`) of a target; what belongs to the organisation is at
    (`locations`, `global`)."""
    if parts[0] != "projects":
        return "locations", "global"
    return "/".join(parts[:2]), "/".join(parts[2:4]) if len(parts) > 3 and parts[2] in _SCOPES else "global"


def _aip(call: Call, target: str, verb: str, result: Body | None) -> tuple[str, Body]:
    token = _token(call)
    name = call.profile.operation_name(call, target, token) if call.profile.operation_name else _aip_name(target, token)
    body: Body = {"name": name}
    metadata = call.profile.operation_metadata(call, target, verb, result) if call.profile.operation_metadata else {}
    if metadata:
        body["metadata"] = metadata
    body["done"] = True
    if result is None:
        body["response"] = {"@type": "type.googleapis.com/google.protobuf.Empty"}
    else:
        schema = call.memory.get("response_type") or (call.schema if call.type else "")
        package = call.memory.get("type_url") or call.profile.type_url
        body["response"] = {"@type": f"type.googleapis.com/{package}.{schema}", **result}
    return name, body


def _aip_name(target: str, token: str) -> str:
    parts = target.split("/")
    prefix = "/".join(parts[:4]) + "/" if len(parts) > 3 and parts[2] == "locations" else ""
    return f"{prefix}operations/{token[:8]}-{token[8:12]}-{token[12:16]}-{token[16:20]}-{token[20:32]}"


def shown(call: Call, operation: StoredOperation) -> Body:
    """The operation as it looks now: finished, failed, or still under way."""
    done, error = _progress(call, operation)
    if call.profile.dialect == "container":
        return container_operations.shown(call, operation, done, error)
    body = _outcome(call, operation, error) if done and operation.target else operation.body
    if call.profile.dialect == "compute":
        if done:
            return {**body, "endTime": call.stamp(datetime.fromtimestamp(operation.done_at, UTC))}
        running = {key: value for key, value in body.items() if key != "error" and not key.startswith("httpError")}
        return {**running, "status": "RUNNING", "progress": 0}
    return body if done else {key: value for key, value in body.items() if key not in ("done", "response")}


def _progress(call: Call, operation: StoredOperation) -> tuple[bool, str]:
    """(whether it is done, why it failed): by the clock, then by the resource that a runtime works on."""
    if call.now.timestamp() < operation.done_at:
        return False, ""
    if not operation.target:
        return True, ""
    stored = call.store.get(call.service, operation.target)
    if stored is None:
        return True, "" if operation.verb == "delete" else f"{operation.target} was deleted in the meantime."
    kind = call.profile.type_of(stored.collection)
    if operation.verb == "delete" or kind is None or kind.run is None:
        return False, ""
    settled = kind.run.settled(stored.body)
    return (True, settled) if isinstance(settled, str) else (settled, "")


def _outcome(call: Call, operation: StoredOperation, error: str) -> Body:
    """The finished operation of a resource that a runtime worked on: how the resource is now, or the error."""
    body = dict(operation.body)
    if error:
        body.pop("response", None)
        return {**body, "error": {"code": _INTERNAL, "message": error}}
    stored = call.store.get(call.service, operation.target)
    if stored is not None and "response" in body:
        body["response"] = {"@type": body["response"]["@type"], **stored.body}
    return body


def answer(call: Call) -> Body:
    """The answer to a method of an operations collection: get, wait, list, delete, cancel."""
    verb = call.method.verb
    if verb in ("get", "wait", "delete", "cancel"):
        found = call.store.operation(call.service, call.name)
        if found is None:
            if call.profile.dialect == "compute":
                raise not_found(f"The resource '{call.name}' was not found")
            raise not_found(f'Operation not found: "{call.name}"')
        if verb == "delete":
            call.store.remove_operation(call.service, call.name)
        if verb in ("delete", "cancel"):
            return {}
        return _waited(call, found) if verb == "wait" else shown(call, found)
    if verb == "list":
        prefix = call.name if call.name.endswith("operations") else f"{call.name}/operations"
        bodies = [shown(call, operation) for operation in call.store.operations(call.service, f"{prefix}/")]
        return page(call, bodies, "items" if call.profile.dialect == "compute" else "operations")
    raise unimplemented(call.method.id, call.service)


def _waited(call: Call, operation: StoredOperation) -> Body:
    """A wait answers when the operation is done: the emulator finishes it then and there instead of holding the
    connection; what a runtime works on is shown as it is, and the client waits again."""
    return _kept(call, replace(operation, done_at=min(operation.done_at, call.now.timestamp())))

"""The long-running operations of GKE: a status, and an error in `statusMessage`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body
    from local_cloud.emulator.store import StoredOperation

_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")
# google.rpc.Code.INTERNAL: what stands behind the resource failed.
_INTERNAL = 13


def made(call: Call, target: str, verb: str, token: str) -> tuple[str, Body]:
    """Name and content of a new operation on the resource `target`."""
    location = "/".join(target.split("/")[:4])
    moment = int(call.now.timestamp() * 1000)
    operation = f"operation-{moment}-{token[:8]}-{token[8:12]}-{token[12:16]}-{token[16:20]}-{token[20:32]}"
    name = f"{location}/operations/{operation}"
    kind = call.memory.get("operation_type") or call.profile.operation_types[f"{call.method.collection}.{verb}"]
    return name, {
        "name": operation,
        "zone": location.rpartition("/")[2],
        "operationType": kind,
        "status": "DONE",
        "selfLink": _link(call, name),
        "targetLink": _link(call, target),
        "startTime": call.stamp(),
    }


def shown(call: Call, operation: StoredOperation, done: bool, error: str) -> Body:
    """The operation while it runs, and when it is done or has failed; `detail` says what a runtime is at."""
    if not done:
        stored = call.store.get(call.service, operation.target) if operation.target else None
        waiting = str(stored.body.get("statusMessage", "")) if stored else ""
        return {**operation.body, "status": "RUNNING"} | ({"detail": waiting} if waiting else {})
    body = {**operation.body, "endTime": call.stamp(datetime.fromtimestamp(operation.done_at, UTC))}
    return body | ({"statusMessage": error, "error": {"code": _INTERNAL, "message": error}} if error else {})


def _link(call: Call, name: str) -> str:
    """By the project's number, and with `zones` in it for what is in a zone."""
    parts = name.split("/")
    parts[1] = call.emulator.project_number(parts[1]) or parts[1]
    if _ZONE.fullmatch(parts[3]):
        parts[2] = "zones"
    return f"https://container.googleapis.com/{call.document.version}/{'/'.join(parts)}"

"""IAM conditions: CEL over the resource and the time of the request."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import celpy
from celpy import celtypes
from celpy.evaluation import CELEvalError

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call


def holds(call: Call, condition: Mapping[str, Any] | None) -> bool:
    """Whether a binding's condition is met; one that fails to evaluate is not, as on Google."""
    if not condition:
        return True
    activation = {
        "resource": celtypes.MapType(
            {
                celtypes.StringType("name"): celtypes.StringType(resource_name(call)),
                celtypes.StringType("service"): celtypes.StringType(f"{call.service}.googleapis.com"),
                celtypes.StringType("type"): celtypes.StringType(_resource_type(call)),
            }
        ),
        "request": celtypes.MapType({celtypes.StringType("time"): celtypes.TimestampType(call.now)}),
    }
    try:
        return bool(_program(str(condition.get("expression", "false"))).evaluate(activation))
    except CELEvalError:
        return False


@lru_cache(maxsize=256)
def _program(expression: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression))


def resource_name(call: Call) -> str:
    """`projects/_/buckets/B/objects/O` for Cloud Storage, the relative name elsewhere
    (https://cloud.google.com/iam/docs/conditions-resource-attributes)."""
    if call.service != "storage":
        return call.name
    bucket, target = call.parameters.get("bucket", ""), call.parameters.get("object", "")
    name = target or call.query.get("name", "") if call.method.collection == "objects" else ""
    return f"projects/_/buckets/{bucket}" + (f"/objects/{name}" if name else "")


def _resource_type(call: Call) -> str:
    if call.service == "storage":
        return (
            "storage.googleapis.com/Object" if call.method.collection == "objects" else "storage.googleapis.com/Bucket"
        )
    noun = call.type.noun if call.type else ""
    return f"{call.service}.googleapis.com/{noun[:1].upper()}{noun[1:]}"

"""IAM conditions: CEL over the resource, the time of the request and, for a policy, the roles that it would change."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import celpy
from celpy import celtypes
from celpy.evaluation import CELEvalError

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_MODIFIED = "iam.googleapis.com/modifiedGrantsByRole"


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
        "api": celtypes.MapType({celtypes.StringType(_MODIFIED): _modified_roles(call)}),
        "request": celtypes.MapType({celtypes.StringType("time"): celtypes.TimestampType(call.now)}),
    }
    try:
        return bool(_program(str(condition.get("expression", "false"))).evaluate(activation))
    except CELEvalError:
        return False


@lru_cache(maxsize=256)
def _program(expression: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression), functions=_FUNCTIONS)


def _get_attribute(attributes: Any, name: Any, default: Any) -> Any:
    """`api.getAttribute(name, default)`."""
    return attributes.get(name, default)


def _has_only(values: Any, allowed: Any) -> celtypes.BoolType:
    """`list.hasOnly(list)`: nothing that the other list lacks; true of an empty list."""
    return celtypes.BoolType(all(value in allowed for value in values))


_FUNCTIONS: dict[str, Any] = {"getAttribute": _get_attribute, "hasOnly": _has_only}


def _modified_roles(call: Call) -> celtypes.ListType:
    """The roles whose members `setIamPolicy` would change, none for every other method
    (https://cloud.google.com/iam/docs/setting-limits-on-granting-roles)."""
    if call.method.verb != "setIamPolicy":
        return celtypes.ListType()
    wanted: Mapping[str, Any] = call.body.get("policy") or call.body
    before = call.store.policy(call.service, call.name) or {}
    changed = {role for role, _ in _grants(before) ^ _grants(wanted)}
    return celtypes.ListType([celtypes.StringType(role) for role in sorted(changed)])


def _grants(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Every role with a member and its condition."""
    return {
        (str(binding.get("role")), f"{member} {binding.get('condition')}")
        for binding in policy.get("bindings") or ()
        for member in binding.get("members") or ()
    }


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

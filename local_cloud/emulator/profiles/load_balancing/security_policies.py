"""Cloud Armor security policies: rules by priority, with the default rule at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import invalid, not_found
from local_cloud.emulator.paths import merged
from local_cloud.emulator.profile import Body, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

# Priority of the rule that every policy ends with: https://cloud.google.com/armor/docs/security-policy-overview
_LAST = 2147483647
_KIND = "compute#securityPolicyRule"
_DEFAULT_RULE = {
    "priority": _LAST,
    "action": "allow",
    "description": "default rule",
    "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
}


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    seen: set[int] = set()
    for rule in wanted.get("rules") or []:
        priority = rule.get("priority")
        if priority is None or not 0 <= int(priority) <= _LAST or priority in seen:
            raise invalid(
                f"Invalid value for field 'resource.rules[].priority': '{priority}'. Every rule has a priority of its"
                f" own from 0 to {_LAST}.",
                location="rules.priority",
            )
        seen.add(priority)
        if not rule.get("action") or not rule.get("match"):
            raise invalid(
                f"Invalid value for field 'resource.rules[].action': '{rule.get('action', '')}'. A rule needs an action"
                " and a match.",
                location="rules.action",
            )


def _finish(call: Call, body: Body) -> Body:
    rules = list(body.get("rules") or [])
    if all(rule["priority"] != _LAST for rule in rules):
        rules.append(_DEFAULT_RULE)
    body["rules"] = [
        {"description": "", "preview": False, **rule, "kind": _KIND}
        for rule in sorted(rules, key=lambda rule: int(rule["priority"]))
    ]
    return body


def _priority(call: Call) -> int:
    given = call.query.get("priority", "0")
    if not given.isdigit():
        raise invalid(f"Invalid value for field 'priority': '{given}'. It must be a whole number.", location="priority")
    return int(given)


def _rule(call: Call, priority: int) -> Body:
    for rule in call.stored().body["rules"]:
        if rule["priority"] == priority:
            found: Body = rule
            return found
    raise not_found(f"The resource '{call.name}' has no rule of priority {priority}.")


def _keep(call: Call, rules: list[Body]) -> Body | Response:
    stored = call.stored()
    kept = verbs.keep(call, stored.name, {**stored.body, "rules": rules}, stored)
    return verbs.respond(call, kept.name, call.method.verb, kept)


def add_rule(call: Call) -> Body | Response:
    """`securityPolicies.addRule`."""
    return _keep(call, [*call.stored().body["rules"], call.body])


def patch_rule(call: Call) -> Body | Response:
    """`securityPolicies.patchRule?priority=`."""
    rule = _rule(call, _priority(call))
    others = [other for other in call.stored().body["rules"] if other is not rule and other != rule]
    return _keep(call, [*others, merged(rule, call.body)])


def remove_rule(call: Call) -> Body | Response:
    """`securityPolicies.removeRule?priority=`; the default rule stays."""
    priority = _priority(call)
    if priority == _LAST:
        raise invalid(f"Invalid value for field 'priority': '{priority}'. The default rule cannot be removed.")
    rule = _rule(call, priority)
    return _keep(call, [other for other in call.stored().body["rules"] if other != rule])


def get_rule(call: Call) -> Body:
    """`securityPolicies.getRule?priority=`."""
    return _rule(call, _priority(call))


_COLLECTIONS = ("securityPolicies", "regionSecurityPolicies")
TYPES = tuple(
    ResourceType(
        collection, label="security_policy", defaults={"type": "CLOUD_ARMOR"}, check=_check, before_write=_finish
    )
    for collection in _COLLECTIONS
)
METHODS = {
    f"{collection}.{verb}": method
    for collection in _COLLECTIONS
    for verb, method in {
        "addRule": add_rule,
        "patchRule": patch_rule,
        "removeRule": remove_rule,
        "getRule": get_rule,
    }.items()
}
PERMISSIONS = {
    f"{collection}.{verb}": (f"compute.{collection}.{'get' if verb == 'getRule' else 'update'}",)
    for collection in _COLLECTIONS
    for verb in ("addRule", "patchRule", "removeRule", "getRule")
} | {"regionSecurityPolicies.setLabels": ("compute.regionSecurityPolicies.update",)}

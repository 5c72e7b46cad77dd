"""Firewall policies of networks and of the organisation: rules by priority, the default rules at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import in_use, invalid, not_found
from local_cloud.emulator.paths import merged
from local_cloud.emulator.profiles.networking import firewall_associations
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body
    from local_cloud.emulator.store import Stored

# Priorities of the implied rules: https://cloud.google.com/firewall/docs/network-firewall-policies
_DEFAULT_RULES = (
    (2147483644, "default egress rule ipv6", "EGRESS", "destIpRanges", "::/0"),
    (2147483645, "default ingress rule ipv6", "INGRESS", "srcIpRanges", "::/0"),
    (2147483646, "default egress rule", "EGRESS", "destIpRanges", "0.0.0.0/0"),
    (2147483647, "default ingress rule", "INGRESS", "srcIpRanges", "0.0.0.0/0"),
)
# What a rule may do, by the list it is in.
_ACTIONS = {
    "rules": ("allow", "deny", "goto_next", "apply_security_profile_group"),
    "packetMirroringRules": ("mirror", "do_not_mirror", "goto_next"),
}


def finish(call: Call, body: Body) -> Body:
    """Rules carry their kind and tuple count, are sorted, and end with the default ones."""
    given = {rule["priority"]: rule for rule in body.get("rules") or []}
    for priority, description, direction, key, block in _DEFAULT_RULES:
        match = {key: [block], "layer4Configs": [{"ipProtocol": "all"}]}
        rule = {
            "priority": priority,
            "description": description,
            "direction": direction,
            "match": match,
            "action": "goto_next",
            "enableLogging": False,
        }
        given.setdefault(priority, rule)
    body["rules"] = [_finished(call, given[priority]) for priority in sorted(given)]
    body["ruleTupleCount"] = sum(rule["ruleTupleCount"] for rule in body["rules"])
    mirroring = sorted(body.pop("packetMirroringRules", None) or [], key=lambda rule: int(rule["priority"]))
    if mirroring:
        body["packetMirroringRules"] = [_finished(call, rule) for rule in mirroring]
    if not body.get("associations"):
        body.pop("associations", None)
    return body


def _finished(call: Call, rule: Body) -> Body:
    match = rule.get("match") or {}
    ranges = len(match.get("srcIpRanges") or []) + len(match.get("destIpRanges") or [])
    tuples = max(ranges, 1) + len(match.get("layer4Configs") or [])
    return {"enableLogging": False, **rule, "kind": "compute#firewallPolicyRule", "ruleTupleCount": tuples}


def check_rules(call: Call, before: Body | None, wanted: Body) -> None:
    """Every rule has a priority of its own, a direction and an action."""
    for field in _ACTIONS:
        seen: set[int] = set()
        for rule in wanted.get(field) or []:
            _check_rule(rule, field)
            if rule["priority"] in seen:
                raise invalid(
                    f"Invalid value for field 'resource.{field}[].priority': '{rule['priority']}'. Two rules have this"
                    " priority.",
                    location=f"{field}.priority",
                )
            seen.add(rule["priority"])


def _check_rule(rule: Body, field: str) -> None:
    for key, allowed in (("priority", None), ("direction", ("INGRESS", "EGRESS")), ("action", _ACTIONS[field])):
        if rule.get(key) is None or (allowed and rule[key] not in allowed):
            hint = (
                f"It must be one of {', '.join(allowed)}."
                if allowed
                else "A rule needs a priority from 0 to 2147483647."
            )
            raise invalid(
                f"Invalid value for field 'resource.{field}[].{key}': '{rule.get(key)}'. {hint}",
                location=f"{field}.{key}",
            )


def _keep_rules(call: Call, stored: Stored, rules: list[Body]) -> Body | Response:
    kept = verbs.keep(call, stored.name, {**stored.body, _field(call): rules}, stored)
    return verbs.respond(call, kept.name, call.method.verb, kept)


def _field(call: Call) -> str:
    """The list a rule method works on: mirroring rules are kept apart."""
    return "packetMirroringRules" if "PacketMirroring" in call.method.verb else "rules"


def _priority(call: Call) -> int:
    try:
        return int(call.query.get("priority", ""))
    except ValueError:
        raise invalid(
            f"Invalid value for field 'priority': '{call.query.get('priority', '')}'.", location="priority"
        ) from None


def get_rule(call: Call) -> Body:
    """`getRule?priority=` and `getPacketMirroringRule`."""
    priority = _priority(call)
    for rule in call.stored().body.get(_field(call), []):
        if rule["priority"] == priority:
            return dict(rule)
    raise invalid(
        f"Invalid value for field 'priority': '{priority}'. The firewall policy does not contain a rule at priority"
        f" {priority}.",
        location="priority",
    )


def _others(stored: Stored, field: str, priority: int) -> list[Body]:
    return [rule for rule in stored.body.get(field, []) if rule["priority"] != priority]


def add_rule(call: Call) -> Body | Response:
    """`addRule` and `addPacketMirroringRule`."""
    stored, field = call.stored(), _field(call)
    _check_rule(call.body, field)
    rules = stored.body.get(field, [])
    if any(rule["priority"] == call.body["priority"] for rule in rules):
        raise invalid(f"Cannot have rules with the same priorities: {call.body['priority']}.", location="priority")
    return _keep_rules(call, stored, [*rules, call.body])


def patch_rule(call: Call) -> Body | Response:
    """`patchRule?priority=` and `patchPacketMirroringRule`."""
    stored, before = call.stored(), get_rule(call)
    rules = _others(stored, _field(call), before["priority"])
    return _keep_rules(call, stored, [*rules, merged(before, call.body)])


def remove_rule(call: Call) -> Body | Response:
    """`removeRule?priority=` and `removePacketMirroringRule`."""
    stored, before = call.stored(), get_rule(call)
    return _keep_rules(call, stored, _others(stored, _field(call), before["priority"]))


def delete(call: Call) -> Body | Response:
    """A policy that is associated stays."""
    stored = call.stored()
    if stored.body.get("associations"):
        target = firewall_associations.target_of(call, stored.body["associations"][0]["attachmentTarget"])
        raise in_use(f"The firewall_policy resource '{stored.name}' is already being used by '{target}'")
    return verbs.delete(call)


def clone_rules(call: Call) -> Body | Response:
    """`cloneRules?sourceFirewallPolicy=`."""
    stored = call.stored()
    source = call.store.get(
        "compute",
        relative_name(call, "compute", call.resource_type.collection, call.query.get("sourceFirewallPolicy", "")),
    )
    if source is None:
        raise not_found(f"The resource '{call.query.get('sourceFirewallPolicy', '')}' was not found")
    return _keep_rules(call, stored, source.body["rules"])


METHODS = {
    "getRule": get_rule,
    "addRule": add_rule,
    "patchRule": patch_rule,
    "removeRule": remove_rule,
    "getPacketMirroringRule": get_rule,
    "addPacketMirroringRule": add_rule,
    "patchPacketMirroringRule": patch_rule,
    "removePacketMirroringRule": remove_rule,
    "delete": delete,
    "cloneRules": clone_rules,
    **firewall_associations.METHODS,
}

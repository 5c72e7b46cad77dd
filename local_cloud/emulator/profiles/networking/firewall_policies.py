"""Network firewall policies: rules by priority, associations with networks, the default rules at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import already_exists, in_use, invalid, not_found
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
    body.setdefault("associations", [])
    if not body["associations"]:
        del body["associations"]
    return body


def _finished(call: Call, rule: Body) -> Body:
    match = rule.get("match") or {}
    ranges = len(match.get("srcIpRanges") or []) + len(match.get("destIpRanges") or [])
    tuples = max(ranges, 1) + len(match.get("layer4Configs") or [])
    return {"enableLogging": False, **rule, "kind": "compute#firewallPolicyRule", "ruleTupleCount": tuples}


def check_rules(call: Call, before: Body | None, wanted: Body) -> None:
    """Every rule has a priority of its own, a direction and an action."""
    seen: set[int] = set()
    for rule in wanted.get("rules") or []:
        _check_rule(rule)
        if rule["priority"] in seen:
            raise invalid(
                f"Invalid value for field 'resource.rules[].priority': '{rule['priority']}'. Two rules have this"
                " priority.",
                location="rules.priority",
            )
        seen.add(rule["priority"])


def _check_rule(rule: Body) -> None:
    for key, allowed in (
        ("priority", None),
        ("direction", ("INGRESS", "EGRESS")),
        ("action", ("allow", "deny", "goto_next", "apply_security_profile_group")),
    ):
        if rule.get(key) is None or (allowed and rule[key] not in allowed):
            hint = (
                f"It must be one of {', '.join(allowed)}."
                if allowed
                else "A rule needs a priority from 0 to 2147483647."
            )
            raise invalid(
                f"Invalid value for field 'resource.rules[].{key}': '{rule.get(key)}'. {hint}", location=f"rules.{key}"
            )


def _keep(call: Call, stored: Stored, body: Body, verb: str) -> Body | Response:
    kept = verbs.keep(call, stored.name, body, stored)
    return verbs.respond(call, kept.name, verb, kept)


def _priority(call: Call) -> int:
    try:
        return int(call.query.get("priority", ""))
    except ValueError:
        raise invalid(
            f"Invalid value for field 'priority': '{call.query.get('priority', '')}'.", location="priority"
        ) from None


def get_rule(call: Call) -> Body:
    """`getRule?priority=`."""
    priority = _priority(call)
    for rule in call.stored().body["rules"]:
        if rule["priority"] == priority:
            return dict(rule)
    raise invalid(
        f"Invalid value for field 'priority': '{priority}'. The firewall policy does not contain a rule at priority"
        f" {priority}.",
        location="priority",
    )


def add_rule(call: Call) -> Body | Response:
    """`addRule`."""
    stored = call.stored()
    _check_rule(call.body)
    rules = stored.body["rules"]
    if any(rule["priority"] == call.body["priority"] for rule in rules):
        raise invalid(f"Cannot have rules with the same priorities: {call.body['priority']}.", location="priority")
    return _keep(call, stored, {**stored.body, "rules": [*rules, call.body]}, "addRule")


def patch_rule(call: Call) -> Body | Response:
    """`patchRule?priority=`."""
    stored, before = call.stored(), get_rule(call)
    rules = [rule for rule in stored.body["rules"] if rule["priority"] != before["priority"]]
    return _keep(call, stored, {**stored.body, "rules": [*rules, {**before, **call.body}]}, "patchRule")


def remove_rule(call: Call) -> Body | Response:
    """`removeRule?priority=`."""
    stored, before = call.stored(), get_rule(call)
    rules = [rule for rule in stored.body["rules"] if rule["priority"] != before["priority"]]
    return _keep(call, stored, {**stored.body, "rules": rules}, "removeRule")


def add_association(call: Call) -> Body | Response:
    """`addAssociation`: one policy a network and kind, unless it is replaced."""
    stored = call.stored()
    target = relative_name(call, "compute", "networks", str(call.required("attachmentTarget")))
    network = call.store.get("compute", target)
    if network is None:
        raise invalid(
            f"Invalid value for field 'resource.attachmentTarget': '{call.body['attachmentTarget']}'. The referenced"
            " network resource cannot be found."
        )
    for other in call.store.children("compute", call.resource_type.collection):
        _refuse_second(call, stored, other, network.body["selfLink"])
    association = {
        "name": call.body.get("name") or network.body["name"],
        "attachmentTarget": network.body["selfLink"],
        "firewallPolicyId": stored.body["id"],
        "shortName": stored.body["name"],
        "displayName": stored.body["name"],
    }
    kept = [item for item in stored.body.get("associations", []) if item["name"] != association["name"]]
    return _keep(call, stored, {**stored.body, "associations": [*kept, association]}, "addAssociation")


def _refuse_second(call: Call, stored: Stored, other: Stored, network: str) -> None:
    """A network has one policy of a kind; the same association again is 409 unless replaced."""
    if call.query.get("replaceExistingAssociation", "").lower() == "true":
        return
    for association in other.body.get("associations", []):
        if association["attachmentTarget"] == network:
            raise already_exists(
                f"An association with network '{network}' already exists on firewall policy '{other.body['name']}'."
            )


def get_association(call: Call) -> Body:
    """`getAssociation?name=`."""
    stored, name = call.stored(), call.query.get("name", "")
    for association in stored.body.get("associations", []):
        if association["name"] == name:
            return dict(association)
    raise not_found(f"The association '{name}' of firewall policy '{stored.body['name']}' was not found")


def remove_association(call: Call) -> Body | Response:
    """`removeAssociation?name=`."""
    stored, association = call.stored(), get_association(call)
    kept = [item for item in stored.body["associations"] if item["name"] != association["name"]]
    return _keep(call, stored, {**stored.body, "associations": kept}, "removeAssociation")


def delete(call: Call) -> Body | Response:
    """A policy that is associated stays."""
    stored = call.stored()
    if stored.body.get("associations"):
        target = relative_name(call, "compute", "networks", stored.body["associations"][0]["attachmentTarget"])
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
    return _keep(call, stored, {**stored.body, "rules": source.body["rules"]}, "cloneRules")


METHODS = {
    "getRule": get_rule,
    "addRule": add_rule,
    "patchRule": patch_rule,
    "removeRule": remove_rule,
    "addAssociation": add_association,
    "getAssociation": get_association,
    "removeAssociation": remove_association,
    "delete": delete,
    "cloneRules": clone_rules,
}

"""Rules between the values of an environment, which no schema of a single value can state."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from .inventory_finding import Finding
from .inventory_rules_services import SERVICE_RULES

Values = Mapping[str, Any]
Rule = Callable[[Values], Iterator[Finding]]

# CIS Google Cloud 1.17: what somebody must be told about.
CONTACT_CATEGORIES = ("LEGAL", "SECURITY", "SUSPENSION", "TECHNICAL")

# What a plan may never do in production without being named first.
PRODUCTION_DENIES = ("delete", "replace", "forget")


def project_id_names_environment(values: Values) -> Iterator[Finding]:
    """Ids of two environments differ by the environment, so a log line or a bill names it."""
    found, environment = values["platform_project_id"], values["platform_environment"]
    if not found.endswith(f"-{environment}"):
        yield Finding(("platform_project_id",), found, f"an id that ends in -{environment}, the environment")


def label_names_environment(values: Values) -> Iterator[Finding]:
    """A cost report by label must not count one environment as another."""
    found, environment = values["platform_labels"]["environment"], values["platform_environment"]
    if found != environment:
        yield Finding(("platform_labels", "environment"), found, f"{environment}, the value of platform_environment")


def zones_in_region(values: Values) -> Iterator[Finding]:
    """A regional cluster spans zones of its own region only."""
    region = values["platform_region"]
    for index, zone in enumerate(values["platform_zones"]):
        if zone.rsplit("-", 1)[0] != region:
            yield Finding(("platform_zones", index), zone, f"a zone of platform_region, {region}, such as {region}-b")


def contacts_cover_categories(values: Values) -> Iterator[Finding]:
    """Every kind of news from Google reaches somebody."""
    given = {category for contact in values["platform_contacts"] for category in contact["categories"]}
    missing = [category for category in CONTACT_CATEGORIES if category not in given]
    if missing and "ALL" not in given:
        wanted = ", ".join(CONTACT_CATEGORIES)
        allowed = f"contacts that together have {wanted}, or one with ALL; without one is {', '.join(missing)}"
        yield Finding(("platform_contacts",), sorted(given), allowed)


def names_are_unique(values: Values) -> Iterator[Finding]:
    """Lists that become mappings: two entries of one name would silently be one."""
    for variable, field in (
        ("platform_contacts", "email"),
        ("platform_budgets", "name"),
        ("platform_notification_channels", "name"),
    ):
        seen: set[str] = set()
        for index, item in enumerate(values[variable]):
            if item[field] in seen:
                yield Finding((variable, index, field), item[field], "a value that no other entry of the list has")
            seen.add(item[field])


def address_plan_disjoint(values: Values) -> Iterator[Finding]:
    """Networks of two environments can be peered, and an address names its environment."""
    plan = values["platform_address_plan"]
    for first, second in combinations(plan, 2):
        if ipaddress.IPv4Network(plan[first]).overlaps(ipaddress.IPv4Network(plan[second])):
            yield Finding(("platform_address_plan", second), plan[second], f"a /16 that {first} does not use")


def cidr_block_follows_plan(values: Values) -> Iterator[Finding]:
    """The plan is the one place where a /16 is given away."""
    planned = values["platform_address_plan"][values["platform_environment"]]
    if values["platform_network_cidr_block"] != planned:
        allowed = f"{planned}, which platform_address_plan gives this environment"
        yield Finding(("platform_network_cidr_block",), values["platform_network_cidr_block"], allowed)


def ranges_inside_block(values: Values) -> Iterator[Finding]:
    """A range is the netnum-th of 2^newbits: a higher number lies outside the /16."""
    for name, cut in values["platform_network_ranges"].items():
        last = 2 ** cut["newbits"] - 1
        if cut["netnum"] > last:
            allowed = f"0 to {last}, or the range leaves {values['platform_network_cidr_block']}"
            yield Finding(("platform_network_ranges", name, "netnum"), cut["netnum"], allowed)


def ranges_disjoint(values: Values) -> Iterator[Finding]:
    """Subnets and secondary ranges of one network may not overlap."""
    block = ipaddress.IPv4Network(values["platform_network_cidr_block"])
    cut = {
        name: ipaddress.IPv4Network((int(block.network_address) + (netnum << (32 - length)), length))
        for name, length, netnum in (
            (name, block.prefixlen + range_["newbits"], range_["netnum"])
            for name, range_ in values["platform_network_ranges"].items()
        )
        if netnum < 1 << (length - block.prefixlen)
    }
    for first, second in combinations(cut, 2):
        if cut[first].overlaps(cut[second]):
            allowed = f"a range disjoint from {first}, {cut[first]}"
            yield Finding(("platform_network_ranges", second), str(cut[second]), allowed)


def nat_ports_grow(values: Values) -> Iterator[Finding]:
    """Dynamic port allocation needs room between its bounds."""
    nat = values["platform_network_nat"]
    if nat["max_ports_per_vm"] <= nat["min_ports_per_vm"]:
        allowed = f"more than min_ports_per_vm, {nat['min_ports_per_vm']}"
        yield Finding(("platform_network_nat", "max_ports_per_vm"), nat["max_ports_per_vm"], allowed)


def firewall_priorities_unique(values: Values) -> Iterator[Finding]:
    """Rules of one policy have one priority each; two environments' rules share the file's numbers."""
    seen: dict[int, str] = {}
    for name, rule in values["platform_network_firewall_rules"].items():
        if rule["priority"] in seen:
            allowed = f"a priority that {seen[rule['priority']]} does not have"
            yield Finding(("platform_network_firewall_rules", name, "priority"), rule["priority"], allowed)
        seen[rule["priority"]] = name


def thresholds_ascend(values: Values) -> Iterator[Finding]:
    """A list out of order is a typing mistake: nobody means 0.9 before 0.09."""
    for index, budget in enumerate(values["platform_budgets"]):
        for kind, shares in budget["thresholds"].items():
            if list(shares) != sorted(shares):
                yield Finding(
                    ("platform_budgets", index, "thresholds", kind), shares, f"ascending order, {sorted(shares)}"
                )


def budget_channels_exist(values: Values) -> Iterator[Finding]:
    """A budget can only tell channels that exist."""
    names = [channel["name"] for channel in values["platform_notification_channels"]]
    for index, budget in enumerate(values["platform_budgets"]):
        for position, name in enumerate(budget["notification_channels"]):
            if name not in names:
                path = ("platform_budgets", index, "notification_channels", position)
                yield Finding(path, name, f"a name of platform_notification_channels: {', '.join(names)}")


def quota_services_enabled(values: Values) -> Iterator[Finding]:
    """Google knows no quota of an API that is switched off."""
    for variable in ("platform_quota_increases", "platform_quota_limits"):
        for name, quota in values[variable].items():
            if quota["service"] not in values["platform_services"]:
                yield Finding(
                    (variable, name, "service"), quota["service"], "a service that platform_services switches on"
                )


def quotas_unique(values: Values) -> Iterator[Finding]:
    """Two preferences for one quota would undo each other, run after run."""
    seen: dict[tuple[Any, ...], str] = {}
    for variable in ("platform_quota_increases", "platform_quota_limits"):
        for name, quota in values[variable].items():
            identity = (quota["service"], quota["quota_id"], *sorted(quota.get("dimensions", {}).items()))
            if identity in seen:
                allowed = f"a quota and dimensions that {seen[identity]} does not set already"
                yield Finding((variable, name, "quota_id"), quota["quota_id"], allowed)
            seen[identity] = f"{variable}.{name}"


def state_bucket_named_after_project(values: Values) -> Iterator[Finding]:
    """Bucket names are shared by all of Google: the project's name makes this one ours, and findable."""
    expected = f"{values['platform_project_id']}-tfstate"
    if values["platform_state_bucket"] != expected:
        yield Finding(("platform_state_bucket",), values["platform_state_bucket"], expected)


def federation_is_literal(values: Values) -> Iterator[Finding]:
    """The condition names this environment's subject and both of GitHub's numbers, or another repository could pass."""
    provider, github = values["platform_workload_identity"]["provider"], values["platform_github"]
    subject, environment = values["platform_workload_subject"], values["platform_environment"]
    wanted = (
        f"assertion.sub == '{subject}'",
        f"assertion.repository_owner_id == '{github['owner_id']}'",
        f"assertion.repository_id == '{github['repository_id']}'",
    )
    condition = provider["attribute_condition"]
    if any(term not in condition for term in wanted) or "||" in condition:
        path = ("platform_workload_identity", "provider", "attribute_condition")
        yield Finding(path, condition, f"these terms joined by &&: {', '.join(wanted)}")
    if not subject.endswith(f":environment:{environment}"):
        yield Finding(("platform_workload_subject",), subject, f"a subject that ends in :environment:{environment}")


def production_is_protected(values: Values) -> Iterator[Finding]:
    """Protection and the plan policy are lifted in production by name, never by a switch."""
    if values["platform_environment"] != "prod":
        return
    if not values["platform_protect"]:
        yield Finding(("platform_protect",), values["platform_protect"], "true in prod; teardown lifts it for its run")
    missing = [action for action in PRODUCTION_DENIES if action not in values["platform_policy"]["deny"]]
    if missing:
        allowed = f"in prod a list with {', '.join(PRODUCTION_DENIES)}; lacking: {', '.join(missing)}"
        yield Finding(("platform_policy", "deny"), values["platform_policy"]["deny"], allowed)


RULES: Sequence[Rule] = (
    project_id_names_environment,
    label_names_environment,
    zones_in_region,
    contacts_cover_categories,
    names_are_unique,
    address_plan_disjoint,
    cidr_block_follows_plan,
    ranges_inside_block,
    ranges_disjoint,
    nat_ports_grow,
    firewall_priorities_unique,
    thresholds_ascend,
    budget_channels_exist,
    quota_services_enabled,
    quotas_unique,
    state_bucket_named_after_project,
    federation_is_literal,
    production_is_protected,
    *SERVICE_RULES,
)

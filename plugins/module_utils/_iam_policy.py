"""PRIVATE to the collection: IAM policies: pure functions that change bindings, and the calls that keep them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._client import Client
from ._failure import Failure, invalid
from ._iam_resources import HOMES, PolicyHome, named, project_of
from ._resource import prospect
from ._retry import FRESH_IDENTITY

POLICY_VERSION = 3
"""The version that keeps conditions; a policy read with less loses them when written back."""

ROLE = re.compile(r"roles/[a-zA-Z0-9_.]+|(?:projects|organizations)/[^/]+/roles/[a-zA-Z0-9_.]+")
MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|"
    r"(?:user|group|serviceAccount|domain|projectOwner|projectEditor|projectViewer|principal|principalSet|deleted):\S+"
)

Binding = dict[str, Any]


def refuse_bad_bindings(bindings: Sequence[Mapping[str, Any]]) -> None:
    for index, binding in enumerate(bindings):
        if not ROLE.fullmatch(binding["role"]):
            allowed = "roles/NAME, projects/ID/roles/NAME or organizations/NUMBER/roles/NAME"
            raise invalid(f"bindings[{index}].role", binding["role"], allowed)
        for member in binding["members"]:
            if not MEMBER.fullmatch(member):
                raise invalid(f"bindings[{index}].members", member, "TYPE:NAME such as user:a@example.com, or allUsers")


def condition_of(binding: Mapping[str, Any]) -> dict[str, str] | None:
    """A condition in the API's form, or None: title, description and expression, empty ones left out."""
    given = binding.get("condition") or {}
    return {key: given[key] for key in ("title", "description", "expression") if given.get(key)} or None


def applied(bindings: Iterable[Binding], declared: Sequence[Mapping[str, Any]], state: str) -> list[Binding]:
    """The policy's bindings with those `declared` present or absent, in a stable order.

    A binding is told by its role and condition. `additive` adds the members, `authoritative` makes them the only ones
    of that role and condition. Everything else stays as it is.
    """
    after = {_key(binding): dict(binding, members=set(binding.get("members") or ())) for binding in _merged(bindings)}
    for wish in declared:
        condition = condition_of(wish)
        fresh: Binding = {"role": wish["role"], "members": set()} | ({"condition": condition} if condition else {})
        binding = after.setdefault(_key(fresh), fresh)
        if state == "absent":
            binding["members"] -= set(wish["members"])
        elif wish.get("mode") == "authoritative":
            binding["members"] = set(wish["members"])
        else:
            binding["members"] |= set(wish["members"])
    return in_order(binding for binding in after.values() if binding["members"])


def in_order(bindings: Iterable[Binding]) -> list[Binding]:
    """Bindings of one role and condition put together, members and bindings sorted."""
    whole = [dict(binding, members=sorted(set(binding["members"]))) for binding in _merged(bindings)]
    return sorted((binding for binding in whole if binding["members"]), key=_key)


def _merged(bindings: Iterable[Binding]) -> list[Binding]:
    merged: dict[tuple[str, ...], Binding] = {}
    for binding in bindings:
        there = merged.setdefault(_key(binding), dict(binding, members=[]))
        there["members"] = [*there["members"], *(binding.get("members") or ())]
    return list(merged.values())


def _key(binding: Mapping[str, Any]) -> tuple[str, ...]:
    condition = condition_of(binding) or {}
    return (str(binding["role"]), *(condition.get(key, "") for key in ("expression", "title", "description")))


def touched(bindings: Iterable[Binding], declared: Sequence[Mapping[str, Any]]) -> list[Binding]:
    """The bindings that the declaration is about: a diff shows these."""
    keys = {_key(wish) for wish in declared}
    return [binding for binding in bindings if _key(binding) in keys]


def keep_bindings(module: AnsibleModule) -> dict[str, Any]:
    """The result of the `iam_binding` module."""
    params = module.params
    kind = params["resource"]["type"]
    name = named(kind, params["resource"]["name"])
    refuse_bad_bindings(params["bindings"])
    client = Client.from_params(params)
    home = HOMES[kind]
    subject = f"IAM policy of {kind} {name}"
    seen: dict[str, list[Binding]] = {}

    def change() -> dict[str, Any]:
        policy = read_policy(client, home, name)
        before = in_order(policy.get("bindings") or ())
        after = applied(before, params["bindings"], params["state"])
        seen.setdefault("before", before)
        seen["after"] = after
        if before != after and not module.check_mode:
            return write_policy(client, home, name, {**policy, "bindings": after})
        return policy

    assumed = ""
    try:
        client.read_modify_write(change, subject)
    except Failure as failure:
        assumed = prospect(client, project_of(kind, name), failure) if module.check_mode else ""
        assumed = assumed or _still_to_come(failure, kind, name, check=module.check_mode)
        if not assumed:
            raise
        seen = {"before": [], "after": applied([], params["bindings"], params["state"])}
    before, after = touched(seen["before"], params["bindings"]), touched(seen["after"], params["bindings"])
    result = {
        "changed": seen["before"] != seen["after"],
        "bindings": after,
        "diff": {"before": {"bindings": before}, "after": {"bindings": after}},
    }
    return result | ({"assumed": assumed} if assumed else {})


def _still_to_come(failure: Failure, kind: str, name: str, *, check: bool) -> str:
    """In check mode a resource that is not there is one that an earlier task only predicted."""
    if check and failure.status == 404:
        return f"The {kind} {name} does not exist yet."
    return ""


def read_policy(client: Client, home: PolicyHome, name: str) -> dict[str, Any]:
    """The policy with its etag and conditions."""
    path = home.url_path(name)
    if home.host == "storage.googleapis.com":
        return client.get(home.host, path, query={home.version_in: POLICY_VERSION})
    if home.reads_with == "GET":
        return client.get(home.host, f"{path}:getIamPolicy", query={home.version_in: POLICY_VERSION})
    body = {"options": {"requestedPolicyVersion": POLICY_VERSION}}
    return client.post(home.host, f"{path}:getIamPolicy", body=body)


def write_policy(client: Client, home: PolicyHome, name: str, policy: dict[str, Any]) -> dict[str, Any]:
    """Write a policy under its etag. A member that was made a moment ago may not be known yet: that is waited for."""
    path = home.url_path(name)
    versioned = {**policy, "version": POLICY_VERSION}
    fresh_member = tuple(rule for rule in FRESH_IDENTITY if rule.status == 400)
    if home.host == "storage.googleapis.com":
        return client.put(home.host, path, body=versioned, settling=fresh_member)
    return client.post(home.host, f"{path}:setIamPolicy", body={"policy": versioned}, settling=fresh_member)

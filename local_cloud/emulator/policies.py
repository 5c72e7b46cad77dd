"""IAM policies on any resource: get, set with etag, test of permissions, one policy store for every service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.call import queries_of
from local_cloud.emulator.conventions import digest, fill_kinds
from local_cloud.emulator.errors import aborted, invalid

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

# Of an empty policy, as Google answers it ("ACAB").
EMPTY_ETAG = "ACAB"
_MEMBER_KINDS = (
    "user:",
    "group:",
    "serviceAccount:",
    "domain:",
    "principal:",
    "principalSet:",
    "deleted:",
    "projectOwner:",
    "projectEditor:",
    "projectViewer:",
)
_STALE = "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."


def read(call: Call, name: str | None = None) -> Body:
    """The policy of the resource in the path (an empty one has only an etag)."""
    return call.store.policy(call.service, call.name if name is None else name) or {"etag": EMPTY_ETAG}


def write(call: Call, policy: Mapping[str, Any], name: str | None = None) -> Body:
    """Replace the policy; ApiError 409 ABORTED for a stale etag, 400 for a member or role that cannot be."""
    name = call.name if name is None else name
    before = read(call, name)
    if policy.get("etag") and policy["etag"] != before["etag"]:
        raise aborted(_STALE)
    bindings = _canonical_bindings(policy.get("bindings") or [])
    after: Body = {"version": 3 if any("condition" in binding for binding in bindings) else 1}
    if policy.get("auditConfigs"):
        after["auditConfigs"] = policy["auditConfigs"]
    elif "auditConfigs" in before and "auditConfigs" not in call.body.get("updateMask", "auditConfigs"):
        after["auditConfigs"] = before["auditConfigs"]
    if bindings:
        after["bindings"] = bindings
    after["etag"] = digest([after, call.store.count("policy")])
    call.store.put_policy(call.service, name, after)
    return after


def _canonical_bindings(bindings: Sequence[Mapping[str, Any]]) -> list[Body]:
    """One binding a role and condition, roles in order, members unique."""
    groups: dict[tuple[str, str], Body] = {}
    for binding in bindings:
        role, condition = binding.get("role", ""), binding.get("condition")
        _refuse_unknown(role, binding.get("members") or [])
        group = groups.setdefault(
            (role, repr(condition)), {"members": [], "role": role, **({"condition": condition} if condition else {})}
        )
        group["members"] += [member for member in binding.get("members") or [] if member not in group["members"]]
    return [groups[key] for key in sorted(groups) if groups[key]["members"]]


def _refuse_unknown(role: str, members: Sequence[str]) -> None:
    if not role.startswith(("roles/", "projects/", "organizations/")):
        raise invalid(f"Role {role} is not supported for this resource.")
    for member in members:
        if member in ("allUsers", "allAuthenticatedUsers"):
            continue
        if not member.startswith(_MEMBER_KINDS):
            raise invalid(f"Invalid member: {member}. The member must start with one of {', '.join(_MEMBER_KINDS)}")


def answer(call: Call) -> Body:
    """The answer to getIamPolicy, setIamPolicy and testIamPermissions."""
    if call.type is not None:
        call.stored()
    if call.method.verb == "getIamPolicy":
        return _shown(call, read(call))
    if call.method.verb == "setIamPolicy":
        whole = call.method.request == "Policy"  # Cloud Storage takes the policy itself
        return _shown(call, write(call, call.body if whole else call.body.get("policy") or _older(call)))
    wanted = call.body.get("permissions") or queries_of(call.request.query, "permissions")
    held = call.emulator.access.held(call, wanted)
    return _shown(call, {"permissions": held} if held else {})


def _older(call: Call) -> Body:
    """Compute also takes bindings and etag beside the policy."""
    return {key: call.body[key] for key in ("bindings", "etag") if key in call.body}


def _shown(call: Call, body: Body) -> Body:
    """The answer with its kind, where the API has kinds."""
    body = dict(body)
    if call.profile.style == "legacy" and call.method.response:
        fill_kinds(call, {"$ref": call.method.response}, body)
    return body

"""PRIVATE to the collection: who the credentials belong to, what they may not do, and the command that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._client import Client
from ._custom_role import PERMISSION
from ._failure import Failure, invalid
from ._iam_resources import HOMES, grant_command, named
from ._permission_roles import roles_for

USERINFO = "openidconnect.googleapis.com"

ASKED_AT_ONCE = 100
"""The most permissions one testIamPermissions takes."""

UNKNOWN_MEMBER = "MEMBER"


def probe_credential(module: AnsibleModule) -> dict[str, Any]:
    """The result of the `credential` module."""
    params = module.params
    checks = [_checked(index, check) for index, check in enumerate(params.get("checks") or ())]
    client = Client.from_params(params)
    token = client.token()
    identity = who(client, params)
    member = identity["member"]
    findings = [_finding(client, kind, name, permissions, member) for kind, name, permissions in checks]
    result = {
        "changed": False,
        "identity": identity,
        "missing": [finding for finding in findings if finding["permissions"]],
        "verdicts": [_verdict(finding, identity["member"]) for finding in findings],
    }
    if not params["mint_token"]:
        return result
    # It may be the very token that came in as an option, which Ansible would blank out; the action hides the result.
    module.no_log_values.discard(token.value)
    return result | {"access_token": token.value}


def _checked(index: int, check: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    kind = check["resource"]["type"]
    for permission in check["permissions"]:
        if not PERMISSION.fullmatch(permission):
            raise invalid(f"checks[{index}].permissions", permission, "names such as storage.buckets.create")
    return kind, named(kind, check["resource"]["name"]), sorted(set(check["permissions"]))


def who(client: Client, params: Mapping[str, Any]) -> dict[str, str]:
    """`{email, member, auth_kind}`; a federated principal has no e-mail address, and its member is `MEMBER`."""
    kind = client.strategy.kind
    email = str(params.get("impersonate_service_account") or "") if kind == "impersonation" else ""
    if not email:
        try:
            email = str(client.get(USERINFO, "/v1/userinfo").get("email") or "")
        except Failure as failure:
            if failure.status not in (400, 403, 404):
                raise
    return {"email": email, "member": member_of(email), "auth_kind": kind}


def member_of(email: str) -> str:
    """The IAM member of an e-mail address."""
    if not email:
        return UNKNOWN_MEMBER
    return f"serviceAccount:{email}" if email.endswith(".gserviceaccount.com") else f"user:{email}"


def granted(client: Client, kind: str, name: str, permissions: list[str]) -> set[str]:
    """Which of `permissions` the caller has on a resource."""
    home = HOMES[kind]
    path = home.url_path(name)
    found: set[str] = set()
    for start in range(0, len(permissions), ASKED_AT_ONCE):
        asked = permissions[start : start + ASKED_AT_ONCE]
        if kind == "bucket":
            answer = client.get(home.host, f"{path}/testPermissions", query={"permissions": asked})
        else:
            answer = client.post(home.host, f"{path}:testIamPermissions", body={"permissions": asked})
        found |= set(answer.get("permissions") or ())
    return found


def _finding(client: Client, kind: str, name: str, permissions: list[str], member: str) -> dict[str, Any]:
    """`{resource, permissions, commands, unknown}`: what is missing, or why nobody can tell."""
    finding: dict[str, Any] = {
        "resource": {"type": kind, "name": name},
        "permissions": [],
        "commands": [],
        "unknown": "",
    }
    try:
        missing = sorted(set(permissions) - granted(client, kind, name, permissions))
    except Failure as failure:
        if failure.status not in (403, 404):
            raise
        hidden = f"{kind} {name} does not exist or is hidden from this identity"
        finding["unknown"] = failure.hint if failure.reason == "SERVICE_DISABLED" else f"{failure.reason}: {hidden}"
        return finding
    finding["permissions"] = missing
    finding["commands"] = commands(kind, name, member, missing)
    return finding


def commands(kind: str, name: str, member: str, missing: list[str]) -> list[str]:
    """The gcloud commands that grant what is missing; what no predefined role of our table holds gets a custom role."""
    roles, left = roles_for(missing)
    lines = [grant_command(kind, name, member, role) for role in roles]
    if left:
        owner = f"--organization={name}" if kind == "organization" else "--project=PROJECT"
        if kind == "project":
            owner = f"--project={name}"
        scope = f"organizations/{name}" if kind == "organization" else f"projects/{owner.rpartition('=')[2]}"
        lines.append(f"gcloud iam roles create presidentialDigsMissing {owner} --permissions={','.join(left)}")
        lines.append(grant_command(kind, name, member, f"{scope}/roles/presidentialDigsMissing"))
    return lines


def _verdict(finding: Mapping[str, Any], member: str) -> dict[str, str]:
    resource = finding["resource"]
    name = f"permissions of {member} on {resource['type']} {resource['name']}"
    if finding["unknown"]:
        return {"name": name, "verdict": "no-evidence", "evidence": finding["unknown"]}
    if finding["permissions"]:
        return {"name": name, "verdict": "fail", "evidence": "missing: " + ", ".join(finding["permissions"])}
    return {"name": name, "verdict": "pass", "evidence": "testIamPermissions returned all that were asked for"}

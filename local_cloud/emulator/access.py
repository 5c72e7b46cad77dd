"""The second gate: may this caller do this here, by the policies on the resource and everything above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.errors import ApiError
from local_cloud.emulator.permissions import conditions, naming
from local_cloud.emulator.permissions.roles import Roles
from local_cloud.emulator.settings import IamMode

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator
    from local_cloud.identity.principal import Principal

_BASIC = {"projectOwner": "roles/owner", "projectEditor": "roles/editor", "projectViewer": "roles/viewer"}
_USE = "serviceusage.services.use"


class Access:
    """Permissions of callers on resources."""

    def __init__(self, emulator: Emulator) -> None:
        """Permissions are computed from the policies in `emulator`'s store."""
        self._emulator = emulator
        self._roles = Roles(emulator)

    # The gate

    def missing(self, call: Call, permissions: Sequence[str] | None = None) -> tuple[str, str] | None:
        """(permission, resource) of the first permission that the caller lacks for this call, or None; `permissions`
        instead of those that the method needs."""
        header = call.request.headers.get("x-goog-user-project", "")
        quota_project = self._emulator.project_id(header) or header
        if quota_project and quota_project != call.project:
            name = f"projects/{quota_project}"
            if not self._grants(call, [("cloudresourcemanager", name)], _USE):
                return _USE, name
        chain = self.chain(call)
        if chain is None:
            return None
        for permission in naming.required(call.profile, call.method) if permissions is None else permissions:
            if not self._grants(call, chain, permission):
                return permission, call.name
        return None

    def require(self, call: Call, permissions: Sequence[str] | None = None) -> None:
        """ApiError 403 naming the permission when the mode is `enforce` and the caller lacks one; in `audit` the lack
        is noted on the answer."""
        if self._emulator.settings.iam == IamMode.OFF:
            return
        lacking = self.missing(call, permissions)
        if lacking is None:
            return
        if self._emulator.settings.iam == IamMode.AUDIT:
            call.memory["would_deny"] = lacking[0]
            return
        raise denied(call, *lacking)

    def held(self, call: Call, permissions: Sequence[str]) -> list[str]:
        """Those of `permissions` that the caller has on the resource in the path, whatever the mode."""
        chain = self.chain(call) or []
        return [permission for permission in permissions if self._grants(call, chain, permission)]

    def permissions_of(self, role: str) -> frozenset[str] | None:
        """The permissions of a predefined or custom role, or None when there is no such role."""
        return self._roles.permissions_of(role)

    def predefined_roles(self) -> list[str]:
        """Names of the predefined roles this cloud knows."""
        return self._roles.predefined()

    def known_permissions(self) -> frozenset[str]:
        """Every permission that some served method needs."""
        return self._roles.known()

    # Policies

    def chain(self, call: Call) -> list[tuple[str, str]] | None:
        """(service, name) of every resource whose policy counts for this call, from the resource up to the
        organisation."""
        own = call.profile.policy_names(call) if call.profile.policy_names else list(path_names(call))
        if own is None:
            return None
        names = list(dict.fromkeys(own))
        for service, name in list(names):
            names += [above for above in self._above(service, name) if above not in names]
        return names

    def _above(self, service: str, name: str) -> Iterator[tuple[str, str]]:
        """The project of a resource, then folders and organisation."""
        parts = name.split("/")
        current = "/".join(parts[:2]) if parts[0] in ("projects", "folders", "organizations", "billingAccounts") else ""
        if current and (service, name) != ("cloudresourcemanager", current):
            owner = "cloudbilling" if current.startswith("billingAccounts/") else "cloudresourcemanager"
            yield owner, current
        while current:
            owner = "cloudbilling" if current.startswith("billingAccounts/") else "cloudresourcemanager"
            stored = self._emulator.store.get(owner, current, deleted=True)
            current = str(stored.body.get("parent", "")) if stored else ""
            if current:
                yield "cloudresourcemanager", current

    def _grants(self, call: Call, chain: Sequence[tuple[str, str]], permission: str) -> bool:
        principal = call.request.principal
        if principal is None:
            return False
        memberships = principal.memberships()
        for service, name in chain:
            policy = self._emulator.store.policy(service, name) or {}
            for binding in policy.get("bindings", []):
                if self._binds(call, binding, memberships, permission, principal):
                    return True
        return False

    def _binds(
        self, call: Call, binding: Mapping[str, Any], memberships: frozenset[str], permission: str, principal: Principal
    ) -> bool:
        permissions = self._roles.permissions_of(binding["role"])
        if permissions is None or permission not in permissions:
            return False
        if not any(
            member in memberships or self._convenience(call, member, principal) for member in binding.get("members", [])
        ):
            return False
        return conditions.holds(call, binding.get("condition"))

    def _convenience(self, call: Call, member: str, principal: Principal) -> bool:
        """`projectOwner:P` and its kin stand for whoever has the basic role in the project's own policy."""
        kind, _, project = member.partition(":")
        role = _BASIC.get(kind)
        if role is None:
            return False
        policy = self._emulator.store.policy("cloudresourcemanager", f"projects/{project}") or {}
        members = {
            who
            for binding in policy.get("bindings", [])
            if binding["role"] == role
            for who in binding.get("members", [])
        }
        return bool(members & principal.memberships())


def path_names(call: Call) -> Iterator[tuple[str, str]]:
    """The resource in the path and every resource above it in the same service."""
    parts = call.name.split("/")
    for end in range(len(parts), 1, -1):
        yield call.service, "/".join(parts[:end])


def denied(call: Call, permission: str, resource: str) -> ApiError:
    """403 in the words of the API that was called, always naming the permission."""
    metadata = {"permission": permission, "resource": resource}
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": metadata,
    }
    if permission == _USE:
        number = resource.partition("/")[2]
        message = (
            f"Caller does not have required permission to use project {number}. Grant the caller the "
            f"roles/serviceusage.serviceUsageConsumer role, or a custom role with the {_USE} permission."
        )
        return ApiError(
            403, message, details=({**detail, "reason": "USER_PROJECT_DENIED", "domain": "googleapis.com"},)
        )
    if call.profile.style == "compute":
        return ApiError(
            403, f"Required '{permission}' permission for '{resource}'", reason="forbidden", details=(detail,)
        )
    if call.service == "storage":
        message = (
            f"{call.caller} does not have {permission} access to the Google Cloud Storage {_storage_noun(resource)}."
            f" Permission '{permission}' denied on resource (or it may not exist)."
        )
        return ApiError(403, message, reason="forbidden", details=(detail,))
    message = (
        f"Permission '{permission}' denied on resource '//{call.service}.googleapis.com/{resource}' (or it may not"
        " exist)."
    )
    return ApiError(403, message, details=(detail,))


def _storage_noun(resource: str) -> str:
    return "object" if "/o/" in resource else "bucket"

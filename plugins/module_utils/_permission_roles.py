"""PRIVATE to the collection: which predefined role to grant for a permission, narrow roles first."""

from __future__ import annotations

import re
from collections.abc import Iterable

ROLES: tuple[tuple[str, str], ...] = (
    (r"resourcemanager\.projects\.create", "roles/resourcemanager.projectCreator"),
    (r"resourcemanager\.projects\.(?:delete|undelete)", "roles/resourcemanager.projectDeleter"),
    (r"resourcemanager\.projects\.(?:move|update)", "roles/resourcemanager.projectMover"),
    (r"resourcemanager\.projects\.(?:get|set)IamPolicy", "roles/resourcemanager.projectIamAdmin"),
    (r"resourcemanager\.projects\.createBillingAssignment", "roles/billing.projectManager"),
    (r"resourcemanager\.projects\.(?:get|list)", "roles/browser"),
    (r"resourcemanager\.organizations\.(?:get|setIamPolicy|getIamPolicy)", "roles/resourcemanager.organizationAdmin"),
    (r"resourcemanager\.folders\..+", "roles/resourcemanager.folderAdmin"),
    (r"billing\.resourceAssociations\.create", "roles/billing.user"),
    (r"billing\.budgets\..+", "roles/billing.costsManager"),
    (r"billing\.accounts\.get", "roles/billing.viewer"),
    (r"billing\.accounts\..+", "roles/billing.admin"),
    (r"serviceusage\.services\.use", "roles/serviceusage.serviceUsageConsumer"),
    (r"serviceusage\..+", "roles/serviceusage.serviceUsageAdmin"),
    (r"storage\..+", "roles/storage.admin"),
    (r"iam\.serviceAccounts\.(?:getAccessToken|signBlob|signJwt)", "roles/iam.serviceAccountTokenCreator"),
    (r"iam\.serviceAccounts\.actAs", "roles/iam.serviceAccountUser"),
    (r"iam\.serviceAccounts\..+", "roles/iam.serviceAccountAdmin"),
    (r"iam\.serviceAccountKeys\..+", "roles/iam.serviceAccountKeyAdmin"),
    (r"iam\.roles\..+", "roles/iam.roleAdmin"),
    (r"iam\.workloadIdentityPool(?:Provider)?s\..+", "roles/iam.workloadIdentityPoolAdmin"),
    (r"cloudquotas\..+", "roles/cloudquotas.admin"),
    (r"compute\.firewallPolicies\..+", "roles/compute.securityAdmin"),
    (r"compute\.(?:addresses|networks|routers|routes|subnetworks)\..+", "roles/compute.networkAdmin"),
    (r"compute\..+", "roles/compute.admin"),
    (r"dns\..+", "roles/dns.admin"),
    (r"pubsub\..+", "roles/pubsub.admin"),
    (r"monitoring\..+", "roles/monitoring.editor"),
    (r"essentialcontacts\..+", "roles/essentialcontacts.admin"),
)
"""Pattern of permissions → role that holds them; the first that matches counts. Held against Google's published roles
by a unit test, where they are at hand."""


def role_for(permission: str) -> str | None:
    """The role to grant, or None when only a custom role will do."""
    return next((role for pattern, role in ROLES if re.fullmatch(pattern, permission)), None)


def roles_for(permissions: Iterable[str]) -> tuple[list[str], list[str]]:
    """The roles that cover `permissions`, sorted, and the permissions that none of them holds."""
    roles: set[str] = set()
    left: list[str] = []
    for permission in sorted(permissions):
        role = role_for(permission)
        if role is None:
            left.append(permission)
        else:
            roles.add(role)
    return sorted(roles), left

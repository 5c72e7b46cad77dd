"""The role that is suggested for a permission holds it, as Google publishes its roles."""

from __future__ import annotations

import json
import re

import pytest

from plugins.module_utils._permission_roles import ROLES, role_for, roles_for
from tests.local_cloud import ROOT

PUBLISHED = ROOT.parent / "shared" / "facts" / "google_iam.json"


def test_narrow_roles_come_first_and_what_no_role_holds_is_left() -> None:
    roles, left = roles_for(["storage.buckets.create", "iam.serviceAccounts.getAccessToken", "made.up.permission"])

    assert roles == ["roles/iam.serviceAccountTokenCreator", "roles/storage.admin"]
    assert left == ["made.up.permission"]


@pytest.mark.skipif(
    not PUBLISHED.exists(), reason="Google's published roles lie beside the checkout only where the team works"
)
def test_a_suggested_role_holds_the_permission() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    needed = {permission for permissions in published["methods"].values() for permission in permissions}
    wrong = [
        (permission, role)
        for permission in sorted(needed)
        if (role := role_for(permission)) in published["roles"] and permission not in published["roles"][role]
    ]

    assert len(wrong) <= len(needed) * 0.02, wrong
    assert not [pair for pair in wrong if pair[0] in BOOTSTRAP]


BOOTSTRAP = {
    "resourcemanager.projects.create",
    "resourcemanager.projects.setIamPolicy",
    "billing.resourceAssociations.create",
    "serviceusage.services.enable",
    "storage.buckets.create",
    "iam.serviceAccounts.create",
    "iam.roles.create",
    "iam.workloadIdentityPools.create",
    "iam.workloadIdentityPoolProviders.create",
    "cloudquotas.quotas.update",
}
"""What the bootstrap asks for: here a wrong suggestion costs the operator an evening."""


def test_what_the_bootstrap_needs_has_a_role() -> None:
    assert not [permission for permission in BOOTSTRAP if role_for(permission) is None]


def test_every_pattern_is_reached() -> None:
    for index, (pattern, role) in enumerate(ROLES):
        sample = re.sub(r"\(\?:([^|)]+)[^)]*\)\??", r"\1", pattern).replace("\\.", ".").replace(".+", ".create")
        first = next(i for i, (other, _) in enumerate(ROLES) if re.fullmatch(other, sample))
        assert first == index, f"{sample}: {ROLES[first][1]} comes before {role}"

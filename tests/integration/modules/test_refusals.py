"""Malformed options are refused by key and value before the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.modules.direct import run_module

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

P = "digs-crm-dev"

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("project", {"project_id": "Digs"}, "project_id: 'Digs'"),
    ("project", {"project_id": P, "parent": "organization/1"}, "parent: 'organization/1'"),
    ("project", {"project_id": P, "labels": {"Team": "x"}}, "labels.Team: 'Team'"),
    ("project", {"project_id": P, "labels": {"team": "A B"}}, "labels.team: 'A B'"),
    ("billing_link", {"project": P, "billing_account": "12345"}, "billing_account: '12345'"),
    ("billing_link", {"project": P}, "billing_account"),
    ("services", {"project": P, "services": ["compute"]}, "services: 'compute'"),
    ("quota_preference", {"project": P, "service": "x", "quota_id": "y", "preferred_value": -2}, "preferred_value: -2"),
    ("bucket", {"name": "Bad_Name"}, "name: 'Bad_Name'"),
    ("bucket", {"name": "my-google-bucket"}, "name: 'my-google-bucket'"),
    ("bucket", {"name": "fine-name", "soft_delete_retention": 60}, "soft_delete_retention: 60"),
    (
        "bucket",
        {"name": "fine-name", "lifecycle_rules": [{"action": {"type": "Delete"}, "condition": {}}]},
        "lifecycle_rules[0].condition",
    ),
    ("bucket", {"name": "fine-name", "storage_class": "COLD"}, "storage_class"),
    ("service_account", {"project": P, "account_id": "ab"}, "account_id: 'ab'"),
    ("service_account", {"project": P, "account_id": "deployer", "undelete_unique_id": "x"}, "undelete_unique_id: 'x'"),
    ("custom_role", {"project": P, "role_id": "a-b"}, "role_id: 'a-b'"),
    (
        "custom_role",
        {"project": P, "role_id": "abc", "included_permissions": ["storage.*"]},
        "included_permissions: 'storage.*'",
    ),
    ("custom_role", {"role_id": "abc"}, "project, organization"),
    (
        "iam_binding",
        {"resource": {"type": "project", "name": P}, "bindings": [{"role": "owner", "members": []}]},
        "bindings[0].role: 'owner'",
    ),
    (
        "iam_binding",
        {"resource": {"type": "topic", "name": "t"}, "bindings": []},
        "resource.name (type topic): 't'",
    ),
    ("workload_identity_pool", {"project": P, "workload_identity_pool_id": "gcp-x"}, "workload_identity_pool_id"),
    (
        "workload_identity_pool_provider",
        {
            "project": P,
            "workload_identity_pool_id": "github",
            "workload_identity_pool_provider_id": "actions",
            "attribute_mapping": {"attribute.x": "assertion.x"},
        },
        "attribute_mapping: ['attribute.x']",
    ),
    (
        "workload_identity_pool_provider",
        {
            "project": P,
            "workload_identity_pool_id": "github",
            "workload_identity_pool_provider_id": "actions",
            "oidc": {"issuer_uri": "http://plain.example"},
        },
        "oidc.issuer_uri: 'http://plain.example'",
    ),
    (
        "credential",
        {"checks": [{"resource": {"type": "project", "name": P}, "permissions": ["storage buckets"]}]},
        "checks[0].permissions: 'storage buckets'",
    ),
]


@pytest.mark.parametrize(("module", "arguments", "names"), REFUSED, ids=[f"{case[0]}: {case[2]}" for case in REFUSED])
def test_malformed_options_are_refused(cloud: LocalCloud, module: str, arguments: dict[str, Any], names: str) -> None:
    before = cloud.count()

    result = run_module(cloud, module, arguments)

    assert result["failed"]
    assert names in result["msg"]
    assert cloud.count() == before


def test_an_unknown_quota_is_refused_with_the_nearest_names(cloud: LocalCloud) -> None:
    project = "digs-unknown-quota"
    run_module(cloud, "project", {"project_id": project, "parent": "organizations/123456789012"})
    run_module(cloud, "billing_link", {"project": project, "billing_account": "01D165-CA11AB-1E0001"})
    run_module(
        cloud, "services", {"project": project, "services": ["cloudquotas.googleapis.com", "compute.googleapis.com"]}
    )
    wish = {"project": project, "service": "compute.googleapis.com", "preferred_value": 8}

    for check in (True, False):
        result = run_module(cloud, "quota_preference", {**wish, "quota_id": "CPU-per-project-regions"}, check=check)

        assert result["failed"]
        assert "'CPU-per-project-regions' is not allowed" in result["msg"]
        assert "CPUS-per-project-region" in result["msg"]


def test_a_field_that_can_never_change_is_refused(cloud: LocalCloud) -> None:
    project = "digs-immutable"
    run_module(cloud, "project", {"project_id": project, "parent": "organizations/123456789012"})
    run_module(cloud, "billing_link", {"project": project, "billing_account": "01D165-CA11AB-1E0001"})
    run_module(cloud, "services", {"project": project, "services": ["storage.googleapis.com"]})
    run_module(cloud, "bucket", {"name": "digs-immutable", "project": project, "location": "us-east1"})

    result = run_module(cloud, "bucket", {"name": "digs-immutable", "location": "us-west1"}, check=True)

    assert result["failure"]["reason"] == "IMMUTABLE_FIELD"
    assert "'US-EAST1' and cannot become 'US-WEST1'" in result["msg"]

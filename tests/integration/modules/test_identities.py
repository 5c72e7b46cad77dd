"""Grants on every kind of resource the local cloud keeps, what an identity lacks, and accounts brought back to life."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.modules.direct import run_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_cloud import LocalCloud

PROJECT = "digs-identities"
ACCOUNT = f"deployer@{PROJECT}.iam.gserviceaccount.com"
MEMBER = "user:a@presidential-digs.example"
APIS = ["iam.googleapis.com", "pubsub.googleapis.com", "storage.googleapis.com"]
# A service account's calls count as its own project's, so the APIs it asks must be enabled there.
ASKED = ["cloudbilling.googleapis.com", "cloudresourcemanager.googleapis.com"]


@pytest.fixture(scope="module")
def furnished(cloud: LocalCloud) -> LocalCloud:
    """A project with one of each thing that holds a policy."""
    for name, arguments in (
        ("project", {"project_id": PROJECT, "parent": "organizations/123456789012"}),
        ("billing_link", {"project": PROJECT, "billing_account": "01D165-CA11AB-1E0001"}),
        ("services", {"project": PROJECT, "services": APIS + ASKED}),
        ("bucket", {"name": PROJECT, "project": PROJECT}),
        ("service_account", {"project": PROJECT, "account_id": "deployer"}),
    ):
        result = run_module(cloud, name, arguments)
        assert not result.get("failed"), result
    assert cloud.put(f"pubsub.googleapis.com/v1/projects/{PROJECT}/topics/t", json={}).ok
    return cloud


RESOURCES = [
    ("project", PROJECT, "roles/viewer"),
    ("organization", "organizations/123456789012", "roles/browser"),
    ("billing_account", "billingAccounts/01D165-CA11AB-1E0001", "roles/billing.viewer"),
    ("bucket", f"gs://{PROJECT}", "roles/storage.objectViewer"),
    ("service_account", ACCOUNT, "roles/iam.serviceAccountTokenCreator"),
    ("topic", f"projects/{PROJECT}/topics/t", "roles/pubsub.publisher"),
]


@pytest.mark.parametrize(("kind", "name", "role"), RESOURCES, ids=[case[0] for case in RESOURCES])
def test_a_grant_on_any_resource(furnished: LocalCloud, kind: str, name: str, role: str) -> None:
    grant = {"resource": {"type": kind, "name": name}, "bindings": [{"role": role, "members": [MEMBER]}]}

    results = [
        run_module(furnished, "iam_binding", grant, check=True),
        run_module(furnished, "iam_binding", grant),
        run_module(furnished, "iam_binding", grant),
        run_module(furnished, "iam_binding", {**grant, "state": "absent"}),
        run_module(furnished, "iam_binding", {**grant, "state": "absent"}),
    ]

    assert [result.get("msg") for result in results] == [None] * 5
    assert [result["changed"] for result in results] == [True, True, False, True, False]
    assert MEMBER in results[1]["bindings"][0]["members"]
    assert results[0]["bindings"] == results[1]["bindings"]


def test_grants_made_side_by_side_are_all_kept(furnished: LocalCloud) -> None:
    members = [f"user:member-{number}@presidential-digs.example" for number in range(12)]

    def grant(member: str) -> dict[str, Any]:
        bindings = [{"role": "roles/logging.viewer", "members": [member]}]
        return run_module(
            furnished, "iam_binding", {"resource": {"type": "project", "name": PROJECT}, "bindings": bindings}
        )

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(grant, members))

    assert not [result["msg"] for result in results if result.get("failed")]
    policy = furnished.post(f"cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}:getIamPolicy", json={}).json()
    kept = next(binding["members"] for binding in policy["bindings"] if binding["role"] == "roles/logging.viewer")
    assert set(kept) == set(members)


@pytest.fixture
def enforcing(furnished: LocalCloud) -> Iterator[LocalCloud]:
    before = furnished.settings()["iam"]
    furnished.settings(iam="enforce")
    yield furnished
    furnished.settings(iam=before)


def test_what_an_identity_lacks_and_the_command_that_grants_it(enforcing: LocalCloud) -> None:
    token = enforcing.token_for(f"serviceAccount:{ACCOUNT}")
    wanted = [
        {"resource": {"type": "project", "name": PROJECT}, "permissions": ["storage.buckets.create"]},
        {
            "resource": {"type": "billing_account", "name": "01D165-CA11AB-1E0001"},
            "permissions": ["billing.accounts.get"],
        },
    ]

    lacking = run_module(enforcing, "credential", {"access_token": token, "checks": wanted})
    owner = run_module(enforcing, "credential", {"checks": wanted})

    assert lacking["identity"]["member"] == f"serviceAccount:{ACCOUNT}"
    assert [finding["permissions"] for finding in lacking["missing"]] == [
        ["storage.buckets.create"],
        ["billing.accounts.get"],
    ]
    grant = f"gcloud projects add-iam-policy-binding {PROJECT} --member='serviceAccount:{ACCOUNT}'"
    assert lacking["missing"][0]["commands"] == [f"{grant} --role=roles/storage.admin"]
    assert [verdict["verdict"] for verdict in lacking["verdicts"]] == ["fail", "fail"]
    assert [verdict["verdict"] for verdict in owner["verdicts"]] == ["pass", "pass"]
    assert owner["missing"] == []


def test_what_cannot_be_seen_is_no_evidence(enforcing: LocalCloud) -> None:
    checks = [{"resource": {"type": "project", "name": "digs-not-there"}, "permissions": ["storage.buckets.create"]}]

    result = run_module(enforcing, "credential", {"checks": checks})

    assert [verdict["verdict"] for verdict in result["verdicts"]] == ["no-evidence"]


def test_a_refusal_names_the_permission(enforcing: LocalCloud) -> None:
    token = enforcing.token_for(f"serviceAccount:{ACCOUNT}")
    arguments = {"access_token": token, "name": "digs-refused", "project": PROJECT}

    result = run_module(enforcing, "bucket", arguments)

    assert result["failed"]
    assert result["failure"]["status"] == 403
    assert "storage.buckets" in result["msg"]


def test_a_deleted_account_comes_back_as_the_same_one(furnished: LocalCloud) -> None:
    account = {"project": PROJECT, "account_id": "comes-back", "display_name": "Back"}
    made = run_module(furnished, "service_account", account)["service_account"]
    run_module(furnished, "service_account", {**account, "state": "absent"})

    back = run_module(furnished, "service_account", {**account, "undelete_unique_id": made["uniqueId"]})

    assert back["changed"]
    assert back["service_account"]["uniqueId"] == made["uniqueId"]


def test_an_account_that_is_not_there_is_a_failure_that_names_it(furnished: LocalCloud) -> None:
    result = run_module(furnished, "billing_link", {"project": PROJECT, "billing_account": "000000-000000-000000"})

    assert result["failed"]
    assert result["failure"]["request"].endswith(f"/v1/projects/{PROJECT}/billingInfo")

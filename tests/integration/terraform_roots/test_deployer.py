"""The deployer of the inventories may do what the roots need, and a permission that it lacks is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.terraform_roots.examples import EXAMPLES, foundation
from tests.integration.terraform_roots.workspace import BILLING_ACCOUNT, PROJECT, STATE_BUCKET, Workspace
from tests.local_cloud import LocalCloud

IDENTITIES = Path(__file__).parents[3] / "inventories" / "common" / "identities.yml"
CUSTOM_ROLE = "crmDeployer"


def granted(cloud: LocalCloud, permissions: list[str]) -> str:
    """A token of the deployer, with the roles that the inventories say and `permissions` in its custom role."""
    deployer = yaml.safe_load(IDENTITIES.read_text(encoding="utf-8"))["all"]["vars"]["platform_deployer"]
    services = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable"
    cloud.post(services, {"serviceIds": ["iam.googleapis.com"]}).raise_for_status()
    iam = f"iam.googleapis.com/v1/projects/{PROJECT}"
    made = cloud.post(f"{iam}/serviceAccounts", {"accountId": deployer["account_id"]})
    made.raise_for_status()
    role = {"title": "Deployer", "stage": "GA", "includedPermissions": permissions}
    cloud.post(f"{iam}/roles", {"roleId": CUSTOM_ROLE, "role": role}).raise_for_status()

    member = f"serviceAccount:{made.json()['email']}"
    project = f"cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}"
    policy = cloud.post(f"{project}:getIamPolicy", {}).json()
    custom = f"projects/{PROJECT}/roles/{CUSTOM_ROLE}"
    _bind(policy, [*deployer["project_roles"], custom], member)
    only = f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly({deployer['grantable_roles']})"
    granting = {"role": "roles/resourcemanager.projectIamAdmin", "members": [member]}
    policy["bindings"].append(granting | {"condition": {"title": "grantable roles", "expression": only}})
    cloud.post(f"{project}:setIamPolicy", {"policy": policy}).raise_for_status()
    account = f"cloudbilling.googleapis.com/v1/billingAccounts/{BILLING_ACCOUNT}"
    policy = cloud.get(f"{account}:getIamPolicy").json()
    _bind(policy, deployer["billing_roles"], member)
    cloud.post(f"{account}:setIamPolicy", {"policy": policy}).raise_for_status()
    bucket = f"storage.googleapis.com/storage/v1/b/{STATE_BUCKET}/iam"
    policy = cloud.get(bucket).json()
    _bind(policy, deployer["state_roles"], member)
    cloud.put(bucket, policy).raise_for_status()
    return cloud.token_for(member)


def _bind(policy: dict[str, Any], roles: list[str], member: str) -> None:
    policy["bindings"] = policy.get("bindings", []) + [{"role": role, "members": [member]} for role in roles]


def permissions() -> list[str]:
    """Those of the custom role in the inventories."""
    deployer = yaml.safe_load(IDENTITIES.read_text(encoding="utf-8"))["all"]["vars"]["platform_deployer"]
    found: list[str] = deployer["custom_role"]["permissions"]
    return found


@pytest.fixture
def enforced(clean_cloud: LocalCloud) -> Iterator[LocalCloud]:
    """A cloud that `acting_as` makes ask for permissions, and that asks for none afterwards."""
    yield clean_cloud
    clean_cloud.settings(iam="off")


def acting_as(root: Workspace, token: str) -> Workspace:
    """`root` with Terraform holding `token`, in a cloud that asks for permissions from here on."""
    root.cloud.settings(iam="enforce")
    return replace(root, token=token)


@pytest.mark.parametrize("name", EXAMPLES)
def test_deployer_builds_and_takes_down(
    name: str, enforced: LocalCloud, workspace: Callable[[str], Workspace], project_number: str
) -> None:
    """Both passes and all between them go through without one refusal."""
    variables = EXAMPLES[name].variables(project_number)
    EXAMPLES[name].prepare(enforced)
    root = acting_as(workspace(name), granted(enforced, permissions()))
    root.told(variables)
    root.apply()
    assert root.is_empty_plan()
    root.told(variables | {"protect": False})
    root.apply()
    root.destroy()
    assert enforced.count(status="403") == 0


def test_lacking_permission_is_named(
    enforced: LocalCloud, workspace: Callable[[str], Workspace], project_number: str
) -> None:
    """One permission less: the run fails and says which."""
    lacking = "pubsub.topics.create"
    token = granted(enforced, [each for each in permissions() if each != lacking])
    root = acting_as(workspace("foundation"), token)
    root.told(foundation(project_number))
    assert lacking in root.terraform("apply", "-input=false", "-auto-approve", expect=1)

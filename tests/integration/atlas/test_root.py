"""The root `database`: applied, planned again, protected, taken down; its password in no state and no plan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from tests.integration.atlas.conftest import PATIENCE, Atlas, address_of
from tests.integration.terraform_roots.workspace import Workspace, bootstrapped

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

TERRAFORM = Path(__file__).parents[3] / "terraform"
LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.auto.tfvars.json", "__pycache__")
PASSWORDS = ("the-first-password", "the-second-password")
pytestmark = pytest.mark.seconds(15)


@pytest.fixture
def root(atlas_cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An initialised copy of the root in a bootstrapped project."""
    atlas_cloud.reset()
    bootstrapped(atlas_cloud)
    shutil.copytree(TERRAFORM, tmp_path / "terraform", ignore=LEFT_OUT)
    monkeypatch.setenv("TF_VAR_user_passwords", json.dumps({"crm": PASSWORDS[0]}))
    made = Workspace(atlas_cloud, tmp_path / "terraform", "database")
    made.init()
    return made


def variables(organisation: str, **more: Any) -> dict[str, Any]:
    """What the inventory tells the root."""
    return {
        "access": {"nat 203.0.113.5": "203.0.113.5/32"},
        "cluster": {"region": "EUROPE_WEST_3"},
        "organization_id": organisation,
        "users": {"crm": {"password_version": 1, "roles": {"crm": "readWrite"}}},
        **more,
    }


def signs_in(address: str, password: str) -> bool:
    """Whether the user `crm` may write."""
    arrival = f"mongodb://crm:{password}@{address}/crm?authSource=admin&serverSelectionTimeoutMS={PATIENCE * 1000}"
    client: Any
    with MongoClient(arrival) as client:
        return bool(client.crm.proofs.insert_one({}).acknowledged)


def test_lifecycle(root: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    atlas = Atlas(root.cloud)
    root.told(variables(atlas.organisation))
    planned = json.dumps(root.plan())
    root.apply()
    assert root.is_empty_plan()
    (group,) = atlas.ok("GET", "/groups")["results"]
    cluster = atlas.ok("GET", f"/groups/{group['id']}/clusters/crm")
    assert cluster["connectionStrings"]["standard"] == root.outputs()["connection_string"]
    assert cluster["terminationProtectionEnabled"]
    (entry,) = atlas.ok("GET", f"/groups/{group['id']}/accessList")["results"]
    assert entry["cidrBlock"] == "203.0.113.5/32"
    schedule = atlas.ok("GET", f"/groups/{group['id']}/clusters/crm/backup/schedule")
    assert {item["frequencyType"] for item in schedule["policies"][0]["policyItems"]} == {
        "hourly",
        "daily",
        "weekly",
        "monthly",
    }
    assert signs_in(address_of(cluster), PASSWORDS[0])

    monkeypatch.setenv("TF_VAR_user_passwords", json.dumps({"crm": PASSWORDS[1]}))
    assert root.is_empty_plan()
    rotated = {"crm": {"password_version": 2, "roles": {"crm": "readWrite"}}}
    root.told(variables(atlas.organisation, users=rotated, backup={"daily_days": 9}))
    root.apply()
    assert root.is_empty_plan()
    assert signs_in(address_of(cluster), PASSWORDS[1])
    state = root.terraform("state", "pull")
    for password in PASSWORDS:
        assert password not in state
        assert password not in planned

    assert "termination protection" in root.destroy(expect=1)
    root.told(variables(atlas.organisation, protect=False))
    root.apply()
    root.destroy()
    assert atlas.ok("GET", "/groups")["results"] == []
    assert root.terraform("state", "list") == ""

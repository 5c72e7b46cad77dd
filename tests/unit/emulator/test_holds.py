"""What keeps a resource from being deleted: liens, holds, and whatever is inside."""

from __future__ import annotations

from local_cloud.emulator.profiles.cloudresourcemanager import ORGANIZATION
from tests.unit.emulator.conftest import Cloud

MANAGER = "cloudresourcemanager/v3"


def test_lien_keeps_a_project(cloud: Cloud, project: str) -> None:
    lien = {
        "parent": f"projects/{project}",
        "restrictions": ["resourcemanager.projects.delete"],
        "reason": "holds the state of every root",
        "origin": "platform",
    }
    name = cloud.ok("POST", f"{MANAGER}/liens", lien)["name"]
    assert cloud.ok("GET", f"{MANAGER}/liens?parent=projects/{project}")["liens"][0]["name"] == name
    error = cloud.refused(400, "DELETE", f"{MANAGER}/projects/{project}")
    assert "[platform]" in error["message"]
    cloud.ok("DELETE", f"{MANAGER}/{name}")
    cloud.ok("DELETE", f"{MANAGER}/projects/{project}")


def test_hold_keeps_a_tag_value(cloud: Cloud) -> None:
    key = cloud.ok("POST", f"{MANAGER}/tagKeys", {"parent": ORGANIZATION, "shortName": "env"})["response"]["name"]
    value = cloud.ok("POST", f"{MANAGER}/tagValues", {"parent": key, "shortName": "prod"})["response"]["name"]
    holder = {"holder": "//compute.googleapis.com/projects/p/zones/z/instances/i"}
    hold = cloud.ok("POST", f"{MANAGER}/{value}/tagHolds", holder)["response"]["name"]
    cloud.refused(400, "DELETE", f"{MANAGER}/{value}")
    cloud.refused(400, "DELETE", f"{MANAGER}/{key}")
    cloud.ok("DELETE", f"{MANAGER}/{hold}")
    assert cloud.ok("GET", f"{MANAGER}/{value}/tagHolds") == {}
    cloud.ok("DELETE", f"{MANAGER}/{value}")
    cloud.ok("DELETE", f"{MANAGER}/{key}")


def test_folder_with_a_project_stays(cloud: Cloud) -> None:
    operation = cloud.ok("POST", f"{MANAGER}/folders", {"parent": ORGANIZATION, "displayName": "Team"})
    folder = operation["response"]["name"]
    cloud.ok("POST", f"{MANAGER}/projects", {"projectId": "in-the-folder", "parent": folder})
    cloud.refused(400, "DELETE", f"{MANAGER}/{folder}")
    cloud.ok("DELETE", f"{MANAGER}/projects/in-the-folder")
    cloud.ok("DELETE", f"{MANAGER}/{folder}")

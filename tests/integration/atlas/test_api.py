"""The Admin API: who may ask, in which version, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from tests.integration.atlas.conftest import SPECS, Atlas

pytestmark = pytest.mark.seconds(3)


def test_only_the_key_gets_in(atlas: Atlas) -> None:
    assert atlas.send("GET", "/groups").status_code == 200
    key = (atlas.cloud.env["MONGODB_ATLAS_PUBLIC_API_KEY"], atlas.cloud.env["MONGODB_ATLAS_PRIVATE_API_KEY"])
    for wrong in (HTTPDigestAuth(key[0], "wrong"), HTTPDigestAuth("wrong", key[1]), HTTPBasicAuth(*key), None):
        atlas.auth = wrong
        answer = atlas.send("GET", "/groups")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith('Digest realm="MMS Public API"')


def test_a_version_must_be_accepted(atlas: Atlas) -> None:
    answer = atlas.send("GET", "/groups", Accept="application/json")
    assert (answer.status_code, answer.json()["errorCode"]) == (406, "INVALID_VERSION_DATE")
    assert atlas.send("GET", "/groups").headers["Content-Type"] == "application/vnd.atlas.2024-08-05+json"


def test_what_is_missing_says_so(atlas: Atlas) -> None:
    atlas.refused(501, "UNIMPLEMENTED", "GET", "/federationSettings")
    atlas.refused(404, "GROUP_NOT_FOUND", "GET", f"/groups/{'0' * 24}")
    group = atlas.group()
    atlas.refused(404, "CLUSTER_NOT_FOUND", "GET", f"{group}/clusters/none")
    atlas.refused(404, "USERNAME_NOT_FOUND", "GET", f"{group}/databaseUsers/admin/none")
    atlas.refused(404, "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND", "GET", f"{group}/accessList/203.0.113.9")


def test_names_are_taken_once(atlas: Atlas) -> None:
    group = atlas.group()
    body = {"name": "crm", "orgId": atlas.organisation}
    atlas.refused(409, "GROUP_ALREADY_EXISTS", "POST", "/groups", body)
    atlas.user(group, "crm", "a-password", crm="read")
    user = {"username": "crm", "databaseName": "admin", "password": "a-password", "roles": []}
    atlas.refused(409, "USER_ALREADY_EXISTS", "POST", f"{group}/databaseUsers", user)


def test_no_password_is_ever_shown(atlas: Atlas) -> None:
    group = atlas.group()
    atlas.user(group, "crm", "a-password", crm="read")
    for path in (f"{group}/databaseUsers", f"{group}/databaseUsers/admin/crm"):
        text = atlas.send("GET", path).text
        assert "a-password" not in text
        assert "scram" not in text


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": "-crm"}, "name"),
        ({"replicationSpecs": []}, "replicationSpecs"),
        ({"replicationSpecs": [{"regionConfigs": []}]}, "regionConfigs"),
        ({"size": "M11"}, "instanceSize"),
        ({"nodes": 4}, "nodeCount"),
        ({"provider": "MOON"}, "providerName"),
    ],
)
def test_clusters_that_atlas_would_not_make(atlas: Atlas, change: dict[str, Any], word: str) -> None:
    region = SPECS[0]["regionConfigs"][0]
    specs = {"instanceSize": change.get("size", "M10"), "nodeCount": change.get("nodes", 3)}
    changed = {**region, "electableSpecs": specs, "providerName": change.get("provider", "GCP")}
    body = {"name": "crm", "clusterType": "REPLICASET", "replicationSpecs": [{"regionConfigs": [changed]}], **change}
    detail = atlas.refused(400, "INVALID_ATTRIBUTE", "POST", f"{atlas.group()}/clusters", body)
    assert word in detail


def test_protection_backup_and_what_a_group_still_has(atlas: Atlas) -> None:
    group = atlas.group()
    atlas.cluster(group, backupEnabled=False, terminationProtectionEnabled=True)
    code = "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED"
    atlas.refused(400, code, "DELETE", f"{group}/clusters/crm")
    atlas.refused(409, "CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS", "DELETE", group)
    schedule = f"{group}/clusters/crm/backup/schedule"
    atlas.refused(400, "CLOUD_BACKUP_NOT_ENABLED", "GET", schedule)
    atlas.ok("PATCH", f"{group}/clusters/crm", {"backupEnabled": True})
    atlas.until(f"{group}/clusters/crm", lambda found: found["stateName"] == "IDLE")
    assert len(atlas.ok("GET", schedule)["policies"][0]["policyItems"]) == 5
    atlas.refused(400, "INVALID_ATTRIBUTE", "PATCH", schedule, {"referenceHourOfDay": 24})


def test_access_lists(atlas: Atlas) -> None:
    group = atlas.group()
    entries = [{"ipAddress": "203.0.113.5", "comment": "nat"}, {"cidrBlock": "198.51.100.0/24"}]
    found = atlas.ok("POST", f"{group}/accessList", entries)
    assert [entry["cidrBlock"] for entry in found["results"]] == ["203.0.113.5/32", "198.51.100.0/24"]
    assert atlas.ok("GET", f"{group}/accessList/198.51.100.0%2F24")["cidrBlock"] == "198.51.100.0/24"
    atlas.refused(400, "INVALID_ATTRIBUTE", "POST", f"{group}/accessList", [{"cidrBlock": "198.51.100.9/24"}])
    atlas.ok("DELETE", f"{group}/accessList/203.0.113.5")
    assert atlas.ok("GET", f"{group}/accessList")["totalCount"] == 1


def test_calls_are_journalled_and_can_be_made_to_fail(atlas: Atlas) -> None:
    atlas.cloud.faults.add(service="atlas", method="atlas.createProject", status=500, count=1)
    body = {"name": "crm", "orgId": atlas.organisation}
    assert atlas.send("POST", "/groups", body).status_code == 500
    assert atlas.send("POST", "/groups", body).status_code == 201
    (hit,) = [one for one in atlas.cloud.journal(method="atlas.createProject") if one["status"] == 201]
    assert (hit["service"], hit["resource"]) == ("atlas", "groups")

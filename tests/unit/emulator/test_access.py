"""Permissions: what a method needs, what a role has, what a policy grants, and Google's word on each where it is at
hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local_cloud.emulator.engine import VERBS
from local_cloud.emulator.permissions import naming
from local_cloud.emulator.settings import IamMode
from local_cloud.identity.principal import Principal
from tests.unit.emulator.conftest import OWNER, PROJECT, Cloud

REFERENCE = Path(__file__).parents[4] / "shared" / "facts" / "google_iam.json"
DEPLOYER = Principal(
    f"serviceAccount:deployer@{PROJECT}.iam.gserviceaccount.com",
    f"deployer@{PROJECT}.iam.gserviceaccount.com",
    "2",
    datetime.max.replace(tzinfo=UTC),
)
# Methods where the reference names more than a caller needs (alternatives, optional extras), each with the reason.
DEPARTURES = {
    **{
        f"storage.{noun}AccessControls.{verb}": "getIamPolicy and update are for uniform access"
        for noun in ("defaultObject", "object")
        for verb in ("delete", "insert", "patch", "update")
    },
    "cloudbilling.billingAccounts.list": "lists what the caller may see; needs nothing by itself",
    "cloudresourcemanager.projects.list": "v1 lists what the caller may see; needs nothing by itself",
    "compute.addresses.delete": "the Internal permission is for internal addresses",
    "compute.addresses.insert": "the Internal permission is for internal addresses, instances.update for moving one",
    "compute.firewallPolicies.addAssociation": "one of addAssociation and use is enough",
    "compute.firewallPolicies.cloneRules": "one of cloneRules and copyRules is enough",
    "compute.firewallPolicies.listAssociations": "one of the two is enough",
    "compute.firewallPolicies.patchPacketMirroringRule": "get is for reading the rule first",
    "compute.firewallPolicies.removeAssociation": "one of removeAssociation and use is enough",
    "compute.firewalls.insert": "the network's policy changes too: compute.networks.updatePolicy",
    "compute.firewalls.update": "the network's policy changes too: compute.networks.updatePolicy",
    **{
        f"compute.{collection}.{verb}": "the psc permission is for Private Service Connect"
        for collection in ("forwardingRules", "globalForwardingRules")
        for verb in ("delete", "patch", "setLabels", "setTarget")
    },
    **{
        f"compute.{collection}.insert": "networks.use and subnetworks.use are for internal rules"
        for collection in ("forwardingRules", "globalForwardingRules")
    },
    **{
        f"compute.{collection}.delete": "instances.use is for groups with instances"
        for collection in ("networkEndpointGroups", "regionNetworkEndpointGroups")
    },
    "compute.globalAddresses.delete": "the Internal permission is for internal addresses",
    "compute.globalAddresses.insert": "the Internal permission is for internal addresses",
    "compute.networkFirewallPolicies.addAssociation": "changes the network: compute.networks.setFirewallPolicy",
    "compute.regionNetworkFirewallPolicies.addAssociation": "changes the network: compute.networks.setFirewallPolicy",
    "compute.routes.delete": "the network's policy changes too: compute.networks.updatePolicy",
    "iam.locations.workforcePools.providers.patch": "the reference names workload identity pools",
    "iam.projects.locations.workloadIdentityPools.providers.patch": "the reference names workforce pools",
    "iam.roles.get": "predefined roles are public",
    "iam.roles.list": "predefined roles are public",
    "storage.bucketAccessControls.delete": "getIamPolicy and update are for uniform access",
    "storage.bucketAccessControls.insert": "getIamPolicy and update are for uniform access",
    "storage.bucketAccessControls.patch": "getIamPolicy and update are for uniform access",
    "storage.bucketAccessControls.update": "getIamPolicy and update are for uniform access",
    "storage.buckets.get": "getIamPolicy is for projection=full",
    "storage.buckets.list": "getIamPolicy is for projection=full",
    "storage.buckets.patch": "setIamPolicy is for access lists in the patch",
    "storage.buckets.update": "setIamPolicy is for access lists in the update",
    "storage.objects.compose": "delete is for replacing an object",
    "storage.objects.copy": "delete is for replacing an object",
    "storage.objects.get": "getIamPolicy is for projection=full",
    "storage.objects.insert": "delete is for replacing an object",
    "storage.objects.list": "getIamPolicy is for projection=full",
    "storage.objects.patch": "the IAM permissions are for access lists",
    "storage.objects.rewrite": "delete is for replacing an object",
    "storage.objects.update": "the IAM permissions are for access lists",
}


def _grant(cloud: Cloud, role: str, condition: dict[str, str] | None = None) -> None:
    binding = {"role": role, "members": [DEPLOYER.member], **({"condition": condition} if condition else {})}
    policy = cloud.ok("POST", f"cloudresourcemanager/v1/projects/{PROJECT}:getIamPolicy", {})
    policy["bindings"] = [*policy.get("bindings", []), binding]
    cloud.ok("POST", f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy", {"policy": policy})


def _as(cloud: Cloud, caller: Principal) -> Cloud:
    cloud.caller = caller
    return cloud


@pytest.fixture
def enforced(cloud: Cloud) -> Cloud:
    """A cloud with a project in which every permission is asked for."""
    cloud.project()
    cloud.settings.iam = IamMode.ENFORCE
    return cloud


def test_role_grants_and_lack_names_the_permission(enforced: Cloud) -> None:
    url, body = (
        f"compute/compute/v1/projects/{PROJECT}/global/networks",
        {"name": "net", "autoCreateSubnetworks": False},
    )
    error = _as(enforced, DEPLOYER).refused(403, "POST", url, body)
    assert "compute.networks.create" in error["message"]
    _grant(_as(enforced, OWNER), "roles/compute.networkAdmin")
    _as(enforced, DEPLOYER).ok("POST", url, body)


def test_custom_role(enforced: Cloud) -> None:
    role = {"roleId": "topicMaker", "role": {"title": "x", "includedPermissions": ["pubsub.topics.create"]}}
    enforced.ok("POST", f"iam/v1/projects/{PROJECT}/roles", role)
    _grant(enforced, f"projects/{PROJECT}/roles/topicMaker")
    _as(enforced, DEPLOYER).ok("PUT", f"pubsub/v1/projects/{PROJECT}/topics/t", {})
    error = enforced.refused(403, "GET", f"pubsub/v1/projects/{PROJECT}/topics/t")
    assert "pubsub.topics.get" in error["message"]


def test_condition_on_the_resource_name(enforced: Cloud) -> None:
    enforced.ok("POST", f"storage/storage/v1/b?project={PROJECT}", {"name": "conditional-bucket"})
    expression = "resource.name.startsWith('projects/_/buckets/conditional-bucket/objects/roots/')"
    _grant(enforced, "roles/storage.objectUser", {"title": "roots", "expression": expression})
    url = "storage/upload/storage/v1/b/conditional-bucket/o?uploadType=media&name="
    _as(enforced, DEPLOYER)
    assert enforced.send("POST", f"{url}roots/network", b"x").status == 200
    assert enforced.send("POST", f"{url}elsewhere", b"x").status == 403


def test_condition_on_the_roles_that_may_be_granted(enforced: Cloud) -> None:
    """Whoever may grant one role can grant that, and neither another nor itself more."""
    expression = (
        "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
        ".hasOnly(['roles/serviceusage.serviceUsageConsumer'])"
    )
    _grant(enforced, "roles/resourcemanager.projectIamAdmin", {"title": "grantable", "expression": expression})
    _as(enforced, DEPLOYER)
    _grant(enforced, "roles/serviceusage.serviceUsageConsumer")
    project = f"cloudresourcemanager/v1/projects/{PROJECT}"
    policy = enforced.ok("POST", f"{project}:getIamPolicy", {})
    for role in ("roles/owner", "roles/resourcemanager.projectIamAdmin"):
        more = [*policy["bindings"], {"role": role, "members": [DEPLOYER.member]}]
        error = enforced.refused(403, "POST", f"{project}:setIamPolicy", {"policy": policy | {"bindings": more}})
        assert "resourcemanager.projects.setIamPolicy" in error["message"]


def test_permission_from_the_organisation(enforced: Cloud) -> None:
    policy = enforced.ok("POST", "cloudresourcemanager/v1/organizations/123456789012:getIamPolicy", {})
    policy["bindings"].append({"role": "roles/viewer", "members": [DEPLOYER.member]})
    enforced.ok("POST", "cloudresourcemanager/v1/organizations/123456789012:setIamPolicy", {"policy": policy})
    _as(enforced, DEPLOYER).ok("GET", f"pubsub/v1/projects/{PROJECT}/topics")


def test_permission_from_the_folder(enforced: Cloud) -> None:
    manager = "cloudresourcemanager/v3"
    enforced.ok("POST", f"{manager}/folders", {"parent": "organizations/123456789012", "displayName": "Team"})
    (folder,) = enforced.emulator.store.children("cloudresourcemanager", "folders")
    binding = {"role": "roles/pubsub.viewer", "members": [DEPLOYER.member]}
    enforced.ok("POST", f"{manager}/{folder.name}:setIamPolicy", {"policy": {"bindings": [binding]}})
    topics = f"pubsub/v1/projects/{PROJECT}/topics"
    _as(enforced, DEPLOYER).refused(403, "GET", topics)
    enforced.settings.iam = IamMode.OFF
    enforced.ok("POST", f"{manager}/projects/{PROJECT}:move", {"destinationParent": folder.name})
    enforced.settings.iam = IamMode.ENFORCE
    enforced.ok("GET", topics)


def test_grants_of_another_project_do_not_count(enforced: Cloud) -> None:
    enforced.settings.iam = IamMode.OFF
    enforced.project("the-other-project")
    enforced.settings.iam = IamMode.ENFORCE
    _grant(enforced, "roles/pubsub.admin")
    _as(enforced, DEPLOYER).ok("GET", f"pubsub/v1/projects/{PROJECT}/topics")
    enforced.refused(403, "GET", "pubsub/v1/projects/the-other-project/topics")


@pytest.mark.parametrize("end", ["disabled", "deleted"])
def test_custom_role_that_ended_grants_nothing(enforced: Cloud, end: str) -> None:
    role = {"roleId": "reader", "role": {"title": "x", "includedPermissions": ["pubsub.topics.list"]}}
    roles, topics = f"iam/v1/projects/{PROJECT}/roles", f"pubsub/v1/projects/{PROJECT}/topics"
    enforced.ok("POST", roles, role)
    _grant(enforced, f"projects/{PROJECT}/roles/reader")
    _as(enforced, DEPLOYER).ok("GET", topics)
    enforced.caller = OWNER
    if end == "disabled":
        enforced.ok("PATCH", f"{roles}/reader?updateMask=stage", {"stage": "DISABLED"})
    else:
        enforced.ok("DELETE", f"{roles}/reader")
    _as(enforced, DEPLOYER).refused(403, "GET", topics)
    enforced.caller = OWNER
    if end == "disabled":
        enforced.ok("PATCH", f"{roles}/reader?updateMask=stage", {"stage": "GA"})
    else:
        enforced.ok("POST", f"{roles}/reader:undelete", {})
    _as(enforced, DEPLOYER).ok("GET", topics)


def test_grant_until_a_moment(enforced: Cloud) -> None:
    until = "2026-05-01T13:00:00Z"
    expression = f"request.time < timestamp('{until}')"
    _grant(enforced, "roles/pubsub.viewer", {"title": "for an hour", "expression": expression})
    topics = f"pubsub/v1/projects/{PROJECT}/topics"
    _as(enforced, DEPLOYER).ok("GET", topics)
    enforced.clock.advance(3601)
    enforced.refused(403, "GET", topics)


def test_quota_project_needs_its_own_permission(enforced: Cloud) -> None:
    enforced.settings.iam = IamMode.OFF
    enforced.project("the-payer-project")
    enforced.settings.iam = IamMode.ENFORCE
    _grant(enforced, "roles/pubsub.viewer")
    enforced.caller = DEPLOYER
    url = f"pubsub/v1/projects/{PROJECT}/topics"
    answer = enforced.send("GET", url, headers={"x-goog-user-project": "the-payer-project"})
    assert answer.status == 403
    assert answer.parsed()["error"]["details"][0]["reason"] == "USER_PROJECT_DENIED"


def test_audit_only_notes(enforced: Cloud) -> None:
    enforced.settings.iam = IamMode.AUDIT
    answer = _as(enforced, DEPLOYER).send("GET", f"pubsub/v1/projects/{PROJECT}/topics")
    assert (answer.status, answer.headers["X-Local-Cloud-Would-Deny"]) == (200, "pubsub.topics.list")


def test_stale_policy_etag(enforced: Cloud) -> None:
    policy = enforced.ok("POST", f"cloudresourcemanager/v1/projects/{PROJECT}:getIamPolicy", {})
    enforced.ok("POST", f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy", {"policy": policy})
    error = enforced.refused(
        409, "POST", f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy", {"policy": policy}
    )
    assert error["status"] == "ABORTED"


def _reference() -> Any:
    assert REFERENCE.exists(), f"{REFERENCE} is not beside this checkout; it holds Google's own permissions"
    return json.loads(REFERENCE.read_text(encoding="utf-8"))


needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="Google's permissions reference lies beside the checkout only where the team works"
)


@needs_reference
def test_methods_need_what_google_says(cloud: Cloud) -> None:
    known, found = _reference()["methods"], {}
    for profile in cloud.emulator.profiles.values():
        for version in profile.versions:
            for method in cloud.emulator.routes.document(profile.api, version).methods.values():
                name = f"{method.collection}.{method.verb}"
                implemented = name in profile.methods or (profile.type_of(method.collection) and method.verb in VERBS)
                if not implemented or method.verb == "testIamPermissions" or method.id not in known:
                    continue
                needed = naming.required(profile, method)
                if {_slashed(item) for item in known[method.id]} != set(needed):
                    found[method.id] = needed
    assert sorted(set(found) - set(DEPARTURES)) == []


def _slashed(permission: str) -> str:
    """The reference writes `iam.googleapis.com-pools.get` where IAM writes a slash."""
    return permission.replace("googleapis.com-", "googleapis.com/")


@needs_reference
def test_roles_have_what_google_says(cloud: Cloud) -> None:
    known, served = _reference()["roles"], cloud.emulator.access.known_permissions()
    for role in cloud.emulator.access.predefined_roles():
        if role in known:
            assert cloud.emulator.access.permissions_of(role) == served & set(known[role]), role

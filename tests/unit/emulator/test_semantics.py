"""What every resource type has from the engine: names, conflicts, references, operations, paging, soft delete."""

from __future__ import annotations

import pytest

from tests.unit.emulator.conftest import Cloud

NETWORKS = "compute/compute/v1/projects/{}/global/networks"
SUBNETWORKS = "compute/compute/v1/projects/{}/regions/europe-west1/subnetworks"


def _network(cloud: Cloud, project: str, name: str = "net") -> None:
    cloud.ok("POST", NETWORKS.format(project), {"name": name, "autoCreateSubnetworks": False})


def _subnetwork(name: str, block: str) -> dict[str, object]:
    return {"name": name, "network": "global/networks/net", "ipCidrRange": block}


def test_server_fields_and_defaults(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    network = cloud.ok("GET", NETWORKS.format(project) + "/net")
    assert network["kind"] == "compute#network"
    assert network["routingConfig"]["routingMode"] == "REGIONAL"
    assert network["selfLink"] == f"https://www.googleapis.com/compute/v1/projects/{project}/global/networks/net"
    assert network["id"].isdigit()


def test_output_only_fields_are_ignored(cloud: Cloud, project: str) -> None:
    cloud.ok("POST", NETWORKS.format(project), {"name": "net", "autoCreateSubnetworks": False, "id": "7", "kind": "x"})
    network = cloud.ok("GET", NETWORKS.format(project) + "/net")
    assert (network["id"], network["kind"]) != ("7", "x")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Net"}, "name"),
        ({}, "name"),
        ({"name": "net", "mtu": "many"}, "mtu"),
        ({"name": "net", "routingConfig": {"routingMode": "SIDEWAYS"}}, "routingConfig.routingMode"),
        ({"name": "net", "autoCreateSubnetworks": "perhaps"}, "autoCreateSubnetworks"),
        ({"name": "net", "routingConfig": []}, "routingConfig"),
    ],
)
def test_bad_fields_are_named(cloud: Cloud, project: str, body: dict[str, object], field: str) -> None:
    error = cloud.refused(400, "POST", NETWORKS.format(project), body)
    assert field in error["message"]
    assert cloud.ok("GET", NETWORKS.format(project)).get("items") is None


def test_name_conflict(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    error = cloud.refused(409, "POST", NETWORKS.format(project), {"name": "net"})
    assert error["errors"][0]["reason"] == "alreadyExists"


def test_reference_must_exist_and_blocks_deletion(cloud: Cloud, project: str) -> None:
    error = cloud.refused(400, "POST", SUBNETWORKS.format(project), _subnetwork("sub", "10.0.0.0/24"))
    assert "network" in error["message"]
    _network(cloud, project)
    cloud.ok("POST", SUBNETWORKS.format(project), _subnetwork("sub", "10.0.0.0/24"))
    operation = cloud.ok("DELETE", NETWORKS.format(project) + "/net")
    assert operation["error"]["errors"][0]["code"] == "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
    cloud.ok("DELETE", SUBNETWORKS.format(project) + "/sub")
    assert "error" not in cloud.ok("DELETE", NETWORKS.format(project) + "/net")
    cloud.refused(404, "GET", NETWORKS.format(project) + "/net")


def test_in_use_address_is_refused(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    base = f"compute/compute/v1/projects/{project}/regions/europe-west1"
    cloud.ok("POST", f"{base}/addresses", {"name": "nat"})
    nat = {"name": "gw", "natIpAllocateOption": "MANUAL_ONLY", "natIps": ["regions/europe-west1/addresses/nat"]}
    nat |= {"sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
    cloud.ok("POST", f"{base}/routers", {"name": "router", "network": "global/networks/net", "nats": [nat]})
    error = cloud.refused(400, "DELETE", f"{base}/addresses/nat")
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"


def test_overlapping_ranges(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    cloud.ok("POST", SUBNETWORKS.format(project), _subnetwork("one", "10.0.0.0/20"))
    error = cloud.refused(400, "POST", SUBNETWORKS.format(project), _subnetwork("two", "10.0.8.0/24"))
    assert "10.0.8.0/24" in error["message"]
    cloud.ok("POST", SUBNETWORKS.format(project), _subnetwork("two", "10.0.16.0/24"))
    cloud.refused(400, "POST", SUBNETWORKS.format(project) + "/two/expandIpCidrRange", {"ipCidrRange": "10.0.0.0/16"})


def test_stale_fingerprint(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    cloud.ok("POST", SUBNETWORKS.format(project), _subnetwork("sub", "10.0.0.0/24"))
    error = cloud.refused(412, "PATCH", SUBNETWORKS.format(project) + "/sub", {"fingerprint": "c3RhbGU="})
    assert error["errors"][0]["reason"] == "conditionNotMet"


def test_immutable_field(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    _network(cloud, project, "other")
    cloud.ok("POST", SUBNETWORKS.format(project), _subnetwork("sub", "10.0.0.0/24"))
    change = {"network": "global/networks/other"}
    assert "immutable" in cloud.refused(400, "PATCH", SUBNETWORKS.format(project) + "/sub", change)["message"]


def test_operation_takes_its_time(cloud: Cloud, project: str) -> None:
    cloud.settings.operation_seconds = 30
    operation = cloud.ok("POST", NETWORKS.format(project), {"name": "net"})
    url = f"compute/compute/v1/projects/{project}/global/operations/{operation['name']}"
    assert operation["status"] == "RUNNING"
    cloud.clock.advance(29)
    assert cloud.ok("GET", url)["status"] == "RUNNING"
    cloud.clock.advance(1)
    assert cloud.ok("GET", url)["status"] == "DONE"


def test_paging_and_filter(cloud: Cloud, project: str) -> None:
    for number in range(5):
        cloud.ok("PUT", f"pubsub/v1/projects/{project}/topics/t{number}", {"labels": {"parity": str(number % 2)}})
    first = cloud.ok("GET", f"pubsub/v1/projects/{project}/topics?pageSize=2")
    rest = cloud.ok("GET", f"pubsub/v1/projects/{project}/topics?pageSize=9&pageToken={first['nextPageToken']}")
    names = [topic["name"].rpartition("/")[2] for page in (first, rest) for topic in page["topics"]]
    assert names == ["t0", "t1", "t2", "t3", "t4"]
    odd = cloud.ok("GET", f"pubsub/v1/projects/{project}/topics?filter=labels.parity%3D1")
    assert len(odd["topics"]) == 2


def test_soft_deleted_names_stay_taken(cloud: Cloud, project: str) -> None:
    pools = f"iam/v1/projects/{project}/locations/global/workloadIdentityPools"
    cloud.ok("POST", f"{pools}?workloadIdentityPoolId=ci-pool", {"displayName": "CI"})
    cloud.ok("DELETE", f"{pools}/ci-pool")
    assert cloud.ok("GET", f"{pools}/ci-pool")["state"] == "DELETED"
    cloud.refused(409, "POST", f"{pools}?workloadIdentityPoolId=ci-pool", {})
    cloud.ok("POST", f"{pools}/ci-pool:undelete", {})
    assert cloud.ok("GET", f"{pools}/ci-pool")["state"] == "ACTIVE"


def test_deleted_project_keeps_its_id(cloud: Cloud, project: str) -> None:
    url = f"cloudresourcemanager/v3/projects/{project}"
    cloud.ok("DELETE", url)
    assert cloud.ok("GET", url)["state"] == "DELETE_REQUESTED"
    again = {"projectId": project, "parent": "organizations/123456789012"}
    assert cloud.refused(409, "POST", "cloudresourcemanager/v3/projects", again)["status"] == "ALREADY_EXISTS"
    cloud.refused(403, "GET", f"pubsub/v1/projects/{project}/topics")
    cloud.ok("POST", f"{url}:undelete", {})
    assert cloud.ok("GET", url)["state"] == "ACTIVE"
    cloud.ok("GET", f"pubsub/v1/projects/{project}/topics")


def test_deleted_role_keeps_its_id(cloud: Cloud, project: str) -> None:
    roles = f"iam/v1/projects/{project}/roles"
    role = {"roleId": "keeper", "role": {"title": "x", "includedPermissions": ["pubsub.topics.get"]}}
    cloud.ok("POST", roles, role)
    assert cloud.ok("DELETE", f"{roles}/keeper")["deleted"] is True
    assert cloud.refused(400, "POST", roles, role)["status"] == "FAILED_PRECONDITION"
    cloud.refused(400, "PATCH", f"{roles}/keeper", {"title": "y"})
    assert "deleted" not in cloud.ok("POST", f"{roles}/keeper:undelete", {})


def test_deleted_account_comes_back_by_its_number(cloud: Cloud, project: str) -> None:
    accounts = f"iam/v1/projects/{project}/serviceAccounts"
    first = cloud.ok("POST", accounts, {"accountId": "worker"})
    cloud.ok("DELETE", f"{accounts}/{first['email']}")
    cloud.refused(404, "GET", f"{accounts}/{first['email']}")
    cloud.ok("POST", f"{accounts}/{first['uniqueId']}:undelete", {})
    assert cloud.ok("GET", f"{accounts}/{first['email']}")["uniqueId"] == first["uniqueId"]
    cloud.ok("DELETE", f"{accounts}/{first['email']}")
    assert cloud.ok("POST", accounts, {"accountId": "worker"})["uniqueId"] != first["uniqueId"]


def test_deleted_provider_keeps_its_id(cloud: Cloud, project: str) -> None:
    pools = f"iam/v1/projects/{project}/locations/global/workloadIdentityPools"
    cloud.ok("POST", f"{pools}?workloadIdentityPoolId=ci-pool", {})
    provider = {"oidc": {"issuerUri": "https://ci.example"}, "attributeMapping": {"google.subject": "assertion.sub"}}
    providers = f"{pools}/ci-pool/providers"
    cloud.ok("POST", f"{providers}?workloadIdentityPoolProviderId=github", provider)
    cloud.ok("DELETE", f"{providers}/github")
    cloud.refused(409, "POST", f"{providers}?workloadIdentityPoolProviderId=github", provider)
    assert "workloadIdentityPoolProviders" not in cloud.ok("GET", providers)
    listed = cloud.ok("GET", f"{providers}?showDeleted=true")["workloadIdentityPoolProviders"]
    assert [item["state"] for item in listed] == ["DELETED"]


def test_secondary_ranges_overlap_nothing(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    pods = {"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"}
    cloud.ok("POST", SUBNETWORKS.format(project), {**_subnetwork("one", "10.0.0.0/24"), "secondaryIpRanges": [pods]})
    cloud.refused(400, "POST", SUBNETWORKS.format(project), _subnetwork("two", "10.5.0.0/24"))
    itself = {**_subnetwork("three", "10.1.0.0/24"), "secondaryIpRanges": [{**pods, "ipCidrRange": "10.1.0.0/25"}]}
    cloud.refused(400, "POST", SUBNETWORKS.format(project), itself)
    cloud.ok("POST", NETWORKS.format(project), {"name": "apart", "autoCreateSubnetworks": False})
    cloud.ok(
        "POST", SUBNETWORKS.format(project), {**_subnetwork("two", "10.5.0.0/24"), "network": "global/networks/apart"}
    )


def test_put_replaces_what_patch_keeps(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    url = f"compute/compute/v1/projects/{project}/global/firewalls"
    rule = {"name": "rule", "network": "global/networks/net", "allowed": [{"IPProtocol": "tcp"}], "priority": 7}
    cloud.ok("POST", url, rule)
    cloud.ok("PATCH", f"{url}/rule", {"description": "added"})
    assert cloud.ok("GET", f"{url}/rule")["priority"] == 7
    cloud.ok(
        "PUT", f"{url}/rule", {"name": "rule", "network": "global/networks/net", "denied": [{"IPProtocol": "all"}]}
    )
    replaced = cloud.ok("GET", f"{url}/rule")
    assert (replaced["priority"], "allowed" in replaced, "description" in replaced) == (1000, False, False)


def test_required_field_cannot_be_taken_away(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    cloud.ok("POST", SUBNETWORKS.format(project), _subnetwork("sub", "10.0.0.0/24"))
    for field in ("network", "ipCidrRange"):
        error = cloud.refused(400, "PATCH", SUBNETWORKS.format(project) + "/sub", {field: None})
        assert field in error["message"]


@pytest.mark.parametrize(
    ("url", "body", "words"),
    [
        ("pubsub/v1/projects/{}/topics/t", {"colour": "red"}, 'Unknown name "colour"'),
        ("pubsub/v1/projects/{}/topics/t", {"labels": {"a": None, "b": [1]}}, "labels.b"),
        ("pubsub/v1/projects/{}/topics/t", {"messageStoragePolicy": {"allowedPersistenceRegions": [None]}}, "[0]"),
    ],
)
def test_malformed_bodies_are_refused_by_field(cloud: Cloud, project: str, url: str, body: object, words: str) -> None:
    error = cloud.refused(400, "PUT", url.format(project), body)
    assert words in error["message"]
    assert error["details"][0]["@type"].endswith("BadRequest")


def test_errors_in_the_style_of_their_api(cloud: Cloud, project: str) -> None:
    compute = cloud.refused(404, "GET", NETWORKS.format(project) + "/none")
    assert (sorted(compute), compute["errors"][0]["reason"]) == (["code", "errors", "message"], "notFound")
    proto = cloud.refused(404, "GET", f"pubsub/v1/projects/{project}/topics/none")
    assert (sorted(proto), proto["status"]) == (["code", "message", "status"], "NOT_FOUND")
    legacy = cloud.refused(404, "GET", f"dns/dns/v1/projects/{project}/managedZones/none")
    assert {"errors", "status"} <= set(legacy)


def test_disabled_api(cloud: Cloud, project: str) -> None:
    cloud.ok("POST", f"serviceusage/v1/projects/{project}/services/pubsub.googleapis.com:disable", {})
    error = cloud.refused(403, "GET", f"pubsub/v1/projects/{project}/topics")
    assert error["details"][0]["reason"] == "SERVICE_DISABLED"
    assert error["details"][0]["metadata"]["service"] == "pubsub.googleapis.com"


def test_quota(cloud: Cloud, project: str) -> None:
    for number in range(15):
        _network(cloud, project, f"net{number}")
    error = cloud.refused(403, "POST", NETWORKS.format(project), {"name": "one-more"})
    assert error["errors"][0]["reason"] == "quotaExceeded"
    preference = {
        "service": "compute.googleapis.com", "quotaId": "NETWORKS-per-project", "quotaConfig": {"preferredValue": 20},
    }  # fmt: skip
    url = f"cloudquotas/v1/projects/{project}/locations/global/quotaPreferences?quotaPreferenceId=networks"
    cloud.ok("POST", url, preference)
    _network(cloud, project, "one-more")


def test_unimplemented_says_so(cloud: Cloud, project: str) -> None:
    error = cloud.refused(501, "GET", f"compute/compute/v1/projects/{project}/global/interconnects")
    assert "compute.interconnects.list" in error["message"]
    assert "profiles/compute.py" in error["message"]
    storage = cloud.refused(400, "POST", "storage/storage/v1/b/some-bucket/relocate", {})
    assert "storage.buckets.relocate" in storage["message"]


def test_without_token(cloud: Cloud) -> None:
    cloud.caller = None
    assert cloud.refused(401, "GET", "cloudresourcemanager/v1/projects")["status"] == "UNAUTHENTICATED"


def test_refusal_leaves_no_trace(cloud: Cloud, project: str) -> None:
    _network(cloud, project)
    before = cloud.ok("GET", f"compute/compute/v1/projects/{project}/global/operations")
    cloud.refused(400, "POST", SUBNETWORKS.format(project), _subnetwork("sub", "10.0.0.0/33"))
    assert cloud.ok("GET", f"compute/compute/v1/projects/{project}/global/operations") == before

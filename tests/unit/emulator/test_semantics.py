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


def test_disabled_api(cloud: Cloud, project: str) -> None:
    cloud.ok("POST", f"serviceusage/v1/projects/{project}/services/pubsub.googleapis.com:disable", {})
    error = cloud.refused(403, "GET", f"pubsub/v1/projects/{project}/topics")
    assert error["details"][0]["reason"] == "SERVICE_DISABLED"


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

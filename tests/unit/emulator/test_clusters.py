"""GKE without a control plane: what the API makes of clusters and pools, what it refuses, how changes are spelled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud

REGION = f"container/v1/projects/{PROJECT}/locations/europe-west1"
CLUSTER = f"{REGION}/clusters/crm"
COMPUTE = f"compute/compute/v1/projects/{PROJECT}"
RANGES = [
    {"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"},
    {"rangeName": "services", "ipCidrRange": "10.8.0.0/20"},
]


@pytest.fixture
def gke(cloud: Cloud) -> Cloud:
    """A project with a network."""
    cloud.project()
    cloud.ok("POST", f"{COMPUTE}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    subnetwork = {
        "name": "nodes",
        "network": f"projects/{PROJECT}/global/networks/vpc",
        "ipCidrRange": "10.0.0.0/20",
        "secondaryIpRanges": RANGES,
    }
    cloud.ok("POST", f"{COMPUTE}/regions/europe-west1/subnetworks", subnetwork)
    return cloud


def wanted(**more: Any) -> dict[str, Any]:
    """A regional cluster with one pool of one node a zone."""
    policy = {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"}
    body = {"name": "crm", "network": "vpc", "subnetwork": "nodes", "ipAllocationPolicy": policy}
    return {**body, "nodePools": [{"name": "general", "initialNodeCount": 1}], **more}


def create(gke: Cloud, **more: Any) -> dict[str, Any]:
    """The operation that makes it."""
    found: dict[str, Any] = gke.ok("POST", f"{REGION}/clusters", {"cluster": wanted(**more)})
    return found


def test_a_regional_cluster_has_nodes_in_three_zones(gke: Cloud) -> None:
    """Ranges are the subnetwork's, endpoints are chosen, and what the provider reads without looking is there."""
    assert create(gke)["operationType"] == "CREATE_CLUSTER"
    cluster = gke.ok("GET", CLUSTER)
    assert cluster["status"] == "RUNNING"
    assert (cluster["clusterIpv4Cidr"], cluster["servicesIpv4Cidr"]) == ("10.4.0.0/14", "10.8.0.0/20")
    assert cluster["locations"] == ["europe-west1-b", "europe-west1-c", "europe-west1-d"]
    assert cluster["currentNodeCount"] == 3
    assert {"legacyAbac", "networkConfig", "nodeConfig", "nodePools", "shieldedNodes"} <= cluster.keys()
    assert cluster["networkConfig"]["subnetwork"] == f"projects/{PROJECT}/regions/europe-west1/subnetworks/nodes"
    urls = cluster["nodePools"][0]["instanceGroupUrls"]
    managers = [gke.ok("GET", url.replace("https://www.googleapis.com", "compute")) for url in urls]
    assert [manager["targetSize"] for manager in managers] == [1, 1, 1]


def test_a_deleted_cluster_frees_what_it_used(gke: Cloud) -> None:
    """Until then its network cannot go."""
    create(gke)
    network = f"{COMPUTE}/regions/europe-west1/subnetworks/nodes"
    assert "already being used" in str(gke.send("DELETE", network).parsed())
    assert gke.ok("DELETE", CLUSTER)["operationType"] == "DELETE_CLUSTER"
    assert gke.send("GET", CLUSTER).status == 404
    assert gke.send("DELETE", network).status == 200
    assert gke.emulator.store.children("compute", "instanceGroupManagers") == []


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"initialClusterVersion": "1.20"}, 400, 'Master version "1.20" is unsupported'),
        ({"ipAllocationPolicy": {"clusterSecondaryRangeName": "nowhere"}}, 400, '"nowhere" does not exist'),
        ({"network": "nowhere"}, 404, "nowhere"),
        ({"autopilot": {"enabled": True}}, 501, "Autopilot"),
        ({"nodePools": []}, 400, "initial_node_count"),
        ({"workloadIdentityConfig": {"workloadPool": "other.svc.id.goog"}}, 400, "other.svc.id.goog"),
        ({"name": "Crm"}, 400, "Crm"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(gke: Cloud, change: Any, status: int, says: str) -> None:
    """By the API's own code, naming the value."""
    answer = gke.send("POST", f"{REGION}/clusters", {"cluster": wanted(**change)})
    assert (answer.status, says in answer.parsed()["error"]["message"]) == (status, True), answer.parsed()
    assert gke.ok("GET", f"{REGION}/clusters") == {}


@pytest.mark.parametrize(
    ("update", "path", "value"),
    [
        ({"desiredReleaseChannel": {"channel": "RAPID"}}, "releaseChannel.channel", "RAPID"),
        ({"desiredIntraNodeVisibilityConfig": {"enabled": True}}, "networkConfig.enableIntraNodeVisibility", True),
        ({"desiredAddonsConfig": {"dnsCacheConfig": {"enabled": False}}}, "addonsConfig.dnsCacheConfig", {}),
        ({"desiredShieldedNodes": {"enabled": False}}, "shieldedNodes", {}),
        ({"desiredEnablePrivateEndpoint": True}, "endpoint", "172.16.1.2"),
        (
            {"desiredMasterAuthorizedNetworksConfig": {"enabled": True, "cidrBlocks": [{"cidrBlock": "10.0.0.0/8"}]}},
            "controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig.cidrBlocks",
            [{"cidrBlock": "10.0.0.0/8"}],
        ),
    ],
)
def test_an_update_changes_the_field_that_it_means(gke: Cloud, update: Any, path: str, value: Any) -> None:
    """And leaves the others."""
    create(gke)
    before = gke.ok("GET", CLUSTER)
    assert gke.ok("PUT", CLUSTER, {"update": update})["operationType"] == "UPDATE_CLUSTER"
    after = found = gke.ok("GET", CLUSTER)
    for part in path.split("."):
        found = found[part]
    assert found == value
    assert after["nodePools"][0]["name"] == before["nodePools"][0]["name"]


def test_setters_set(gke: Cloud) -> None:
    """Labels with their fingerprint, maintenance, locations."""
    create(gke)
    fingerprint = gke.ok("GET", CLUSTER)["labelFingerprint"]
    labels = {"resourceLabels": {"team": "crm"}, "labelFingerprint": fingerprint}
    assert gke.ok("POST", f"{CLUSTER}:setResourceLabels", labels)["operationType"] == "SET_LABELS"
    assert gke.send("POST", f"{CLUSTER}:setResourceLabels", labels).status == 412
    window = {"window": {"dailyMaintenanceWindow": {"startTime": "03:00"}}}
    gke.ok("POST", f"{CLUSTER}:setMaintenancePolicy", {"maintenancePolicy": window})
    gke.ok("POST", f"{CLUSTER}:setLocations", {"locations": ["europe-west1-b"]})
    cluster = gke.ok("GET", CLUSTER)
    assert cluster["resourceLabels"] == {"team": "crm"}
    assert cluster["maintenancePolicy"]["window"]["dailyMaintenanceWindow"]["duration"] == "PT4H0M0S"
    assert cluster["locations"] == cluster["nodePools"][0]["locations"] == ["europe-west1-b"]
    assert len(gke.emulator.store.children("compute", "instanceGroupManagers")) == 1


def test_pools_come_change_and_go(gke: Cloud) -> None:
    """Sizes are the instance groups' targets; taints and labels are in the node's configuration."""
    create(gke)
    pool = {"name": "high-memory", "initialNodeCount": 1, "config": {"machineType": "n2-highmem-4"}}
    assert gke.ok("POST", f"{CLUSTER}/nodePools", {"nodePool": pool})["operationType"] == "CREATE_NODE_POOL"
    name = f"{CLUSTER}/nodePools/high-memory"
    gke.ok("POST", f"{name}:setSize", {"nodeCount": 2})
    assert gke.ok("GET", CLUSTER)["currentNodeCount"] == 9
    gke.ok("POST", f"{name}:setAutoscaling", {"autoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 4}})
    taints = [{"key": "memory", "value": "high", "effect": "NO_SCHEDULE"}]
    gke.ok("PUT", name, {"taints": {"taints": taints}, "labels": {"labels": {"memory": "high"}}})
    found = gke.ok("GET", name)
    assert found["autoscaling"]["maxNodeCount"] == 4
    assert (found["config"]["taints"], found["config"]["labels"]) == (taints, {"memory": "high"})
    assert found["podIpv4CidrSize"] == 24
    gke.ok("PUT", name, {"taints": {"taints": []}})
    assert "taints" not in gke.ok("GET", name)["config"]
    assert gke.send("POST", f"{name}:rollback", {}).status == 400
    gke.ok("DELETE", name)
    assert [one["name"] for one in gke.ok("GET", CLUSTER)["nodePools"]] == ["general"]


def test_nobody_changes_a_cluster_that_is_being_made(gke: Cloud) -> None:
    """Where a runtime works on it, it takes its time, and its operation with it."""
    gke.emulator.attended = frozenset({"container"})
    operation = create(gke)
    assert operation["status"] == "RUNNING"
    refused = gke.send("PUT", CLUSTER, {"update": {"desiredShieldedNodes": {"enabled": False}}})
    assert (refused.status, "PROVISIONING" in refused.parsed()["error"]["message"]) == (400, True)
    store = gke.emulator.store
    stored = store.get("container", CLUSTER.removeprefix("container/v1/"))
    assert stored is not None
    with store.transaction():
        body = {**stored.body, "status": "ERROR", "statusMessage": "no etcd"}
        store.put("container", stored.name, stored.collection, body)
    done = gke.ok("GET", f"{REGION}/operations/{operation['name']}")
    assert (done["status"], done["statusMessage"]) == ("DONE", "no etcd")
    assert gke.ok("DELETE", CLUSTER)["status"] == "RUNNING"
    assert gke.ok("GET", CLUSTER)["status"] == "STOPPING"

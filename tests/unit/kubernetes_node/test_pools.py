"""From node pools of the emulator to nodes."""

from __future__ import annotations

from typing import Any

from local_cloud.kubernetes.node.pools import described

CLUSTER = "projects/p/locations/europe-west1/clusters/crm"
ROOT = "https://www.googleapis.com/compute/v1"


def resources(**config: Any) -> list[dict[str, Any]]:
    managers = [f"projects/p/zones/europe-west1-{zone}/instanceGroupManagers/gke-crm-general-1-grp" for zone in "bc"]
    pool = {"name": "general", "config": config, "instanceGroupUrls": [f"{ROOT}/{name}" for name in managers]}
    return [
        {"service": "container", "name": CLUSTER, "body": {"subnetwork": "nodes"}},
        {"service": "container", "name": f"{CLUSTER}/nodePools/general", "body": pool},
        {"service": "container", "name": f"{CLUSTER}-2/nodePools/general", "body": pool},
        *({"service": "compute", "name": name, "body": {"targetSize": 2}} for name in managers),
        {
            "service": "compute",
            "name": "projects/p/regions/europe-west1/subnetworks/nodes",
            "body": {"ipCidrRange": "10.4.0.0/22"},
        },
    ]


def test_a_pool_has_as_many_nodes_as_its_groups_ask_for() -> None:
    taint = {"key": "k", "value": "v", "effect": "NO_EXECUTE"}
    found = described(CLUSTER, resources(machineType="n2-highmem-2", taints=[taint], labels={"own": "x"}, spot=True))
    assert found is not None
    assert str(found.subnet) == "10.4.0.0/22"
    assert len(found.nodes) == 4
    node = next(iter(found.nodes.values()))
    assert node.name.startswith("gke-crm-general-1-")
    assert node.taints == ({"key": "k", "value": "v", "effect": "NoExecute"},)
    assert node.labels["own"] == "x"
    assert node.labels["cloud.google.com/gke-spot"] == "true"
    assert {one.labels["topology.kubernetes.io/zone"] for one in found.nodes.values()} == {
        "europe-west1-b",
        "europe-west1-c",
    }
    assert described(CLUSTER, resources()) == described(CLUSTER, resources())


def test_a_pool_that_goes_has_none() -> None:
    going = resources()
    going[1]["body"] = {**going[1]["body"], "status": "STOPPING"}
    found = described(CLUSTER, going)
    assert found is not None
    assert not found.nodes
    assert described(CLUSTER, going[1:]) is None

"""Networking that spans resources: policies of the organisation, effective rules, what a peering carries."""

from __future__ import annotations

import pytest

from local_cloud.emulator.profiles.cloudresourcemanager import ORGANIZATION
from tests.unit.emulator.conftest import Cloud

POLICIES = "compute/compute/v1/locations/global/firewallPolicies"
COMPUTE = "compute/compute/v1/projects/{}"
RULE = {
    "priority": 10,
    "direction": "INGRESS",
    "action": "deny",
    "match": {"srcIpRanges": ["192.0.2.0/24"], "layer4Configs": [{"ipProtocol": "tcp"}]},
}


@pytest.fixture
def network(cloud: Cloud, project: str) -> str:
    """A custom network with one subnetwork."""
    base = COMPUTE.format(project)
    cloud.ok("POST", f"{base}/global/networks", {"name": "net", "autoCreateSubnetworks": False})
    subnetwork = {"name": "sub", "network": "global/networks/net", "ipCidrRange": "10.0.0.0/24"}
    cloud.ok("POST", f"{base}/regions/europe-west1/subnetworks", subnetwork)
    return f"{base}/global/networks/net"


def _policy(cloud: Cloud, short: str) -> str:
    operation = cloud.ok("POST", f"{POLICIES}?parentId={ORGANIZATION}", {"shortName": short})
    assert operation["operationType"] == "createFirewallPolicy"
    assert "/compute/v1/locations/global/operations/" in operation["selfLink"]
    return str(operation["targetId"])


def test_policy_of_the_organisation(cloud: Cloud) -> None:
    number = _policy(cloud, "guard")
    policy = cloud.ok("GET", f"{POLICIES}/{number}")
    assert (policy["name"], policy["id"], policy["displayName"]) == (number, number, "guard")
    assert policy["parent"] == ORGANIZATION
    cloud.ok("POST", f"{POLICIES}/{number}/addRule", RULE)
    assert cloud.ok("GET", f"{POLICIES}/{number}/getRule?priority=10")["action"] == "deny"
    listed = cloud.ok("GET", f"{POLICIES}?parentId={ORGANIZATION}")["items"]
    assert [item["shortName"] for item in listed] == ["guard"]
    cloud.refused(409, "POST", f"{POLICIES}?parentId={ORGANIZATION}", {"shortName": "guard"})
    cloud.refused(400, "POST", f"{POLICIES}?parentId=organizations/1", {"shortName": "other"})


def test_association_moves_only_when_asked(cloud: Cloud) -> None:
    first, second = _policy(cloud, "first"), _policy(cloud, "second")
    target = {"attachmentTarget": ORGANIZATION}
    cloud.ok("POST", f"{POLICIES}/{first}/addAssociation", target)
    cloud.refused(409, "POST", f"{POLICIES}/{second}/addAssociation", target)
    cloud.refused(400, "DELETE", f"{POLICIES}/{first}")
    cloud.ok("POST", f"{POLICIES}/{second}/addAssociation?replaceExistingAssociation=true", target)
    held = cloud.ok("GET", f"{POLICIES}/listAssociations?targetResource={ORGANIZATION}")["associations"]
    assert [item["firewallPolicyId"] for item in held] == [second]
    cloud.ok("DELETE", f"{POLICIES}/{first}")


def test_effective_firewalls_start_at_the_organisation(cloud: Cloud, network: str, project: str) -> None:
    number = _policy(cloud, "guard")
    cloud.ok("POST", f"{POLICIES}/{number}/addAssociation", {"attachmentTarget": ORGANIZATION})
    own = f"{COMPUTE.format(project)}/global/firewallPolicies"
    cloud.ok("POST", own, {"name": "own"})
    cloud.ok("POST", f"{own}/own/addAssociation", {"attachmentTarget": "global/networks/net"})
    rule = {"name": "ssh", "network": "global/networks/net", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
    cloud.ok("POST", f"{COMPUTE.format(project)}/global/firewalls", rule)
    effective = cloud.ok("GET", f"{network}/getEffectiveFirewalls")
    assert [item["type"] for item in effective["firewallPolicys"]] == ["HIERARCHY", "NETWORK"]
    assert [item["name"] for item in effective["firewalls"]] == ["ssh"]


def test_mirroring_rules_are_kept_apart(cloud: Cloud, project: str) -> None:
    url = f"{COMPUTE.format(project)}/global/firewallPolicies"
    cloud.ok("POST", url, {"name": "own"})
    cloud.ok("POST", f"{url}/own/addPacketMirroringRule", {**RULE, "action": "mirror"})
    policy = cloud.ok("GET", f"{url}/own")
    assert [rule["priority"] for rule in policy["packetMirroringRules"]] == [10]
    assert 10 not in [rule["priority"] for rule in policy["rules"]]
    cloud.refused(400, "POST", f"{url}/own/addPacketMirroringRule", {**RULE, "priority": 11, "action": "allow"})


def test_peering_carries_the_ranges_of_the_other_side(cloud: Cloud, network: str, project: str) -> None:
    base = COMPUTE.format(project)
    cloud.ok("POST", f"{base}/global/networks", {"name": "peer", "autoCreateSubnetworks": False})
    peering = {"networkPeering": {"name": "to-peer", "network": "global/networks/peer", "exchangeSubnetRoutes": True}}
    cloud.ok("POST", f"{network}/addPeering", peering)
    other = {"name": "sub", "network": "global/networks/peer", "ipCidrRange": "10.1.0.0/24"}
    cloud.ok("POST", f"{base}/regions/us-west1/subnetworks", other)
    incoming = cloud.ok("GET", f"{network}/listPeeringRoutes?peeringName=to-peer&direction=INCOMING")["items"]
    assert [(route["destRange"], route["imported"]) for route in incoming] == [("10.1.0.0/24", True)]
    outgoing = cloud.ok("GET", f"{network}/listPeeringRoutes?peeringName=to-peer&direction=OUTGOING")["items"]
    assert [route["destRange"] for route in outgoing] == ["10.0.0.0/24"]


def test_auto_mode_ends(cloud: Cloud, project: str) -> None:
    url = f"{COMPUTE.format(project)}/global/networks"
    cloud.ok("POST", url, {"name": "auto", "autoCreateSubnetworks": True})
    cloud.ok("POST", f"{url}/auto/switchToCustomMode")
    assert cloud.ok("GET", f"{url}/auto")["autoCreateSubnetworks"] is False
    cloud.refused(400, "POST", f"{url}/auto/switchToCustomMode")
    usable = cloud.ok("GET", f"{COMPUTE.format(project)}/aggregated/subnetworks/listUsable")["items"]
    assert "10.132.0.0/20" in [item["ipCidrRange"] for item in usable]


def test_address_moves_with_its_value(cloud: Cloud, project: str) -> None:
    url = f"{COMPUTE.format(project)}/regions/europe-west1/addresses"
    cloud.ok("POST", url, {"name": "here"})
    address = cloud.ok("GET", f"{url}/here")["address"]
    target = {"destinationAddress": f"projects/{project}/regions/europe-west1/addresses/there"}
    cloud.ok("POST", f"{url}/here/move", target)
    assert cloud.ok("GET", f"{url}/there")["address"] == address
    cloud.refused(404, "GET", f"{url}/here")


def test_nat_addresses_are_shown(cloud: Cloud, network: str, project: str) -> None:
    base = f"{COMPUTE.format(project)}/regions/europe-west1"
    cloud.ok("POST", f"{base}/addresses", {"name": "nat"})
    nat = {"name": "gw", "natIpAllocateOption": "MANUAL_ONLY", "natIps": ["regions/europe-west1/addresses/nat"]}
    nat |= {"sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
    cloud.ok("POST", f"{base}/routers", {"name": "router", "network": "global/networks/net", "nats": [nat]})
    shown = cloud.ok("GET", f"{base}/routers/router/getNatIpInfo")["result"]
    address = cloud.ok("GET", f"{base}/addresses/nat")["address"]
    assert [item["natIp"] for item in shown[0]["natIpInfoMappings"]] == [address]

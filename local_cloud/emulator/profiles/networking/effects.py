"""What follows from a network's parts: effective firewalls, exchanged routes, usable subnetworks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profiles.networking.ranges import ranges_of
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body
    from local_cloud.emulator.store import Stored

_USABLE = ("network", "ipCidrRange", "secondaryIpRanges", "purpose", "role", "stackType", "ipv6AccessType")


def switch_to_custom_mode(call: Call) -> Body | Response:
    """`networks.switchToCustomMode`: the subnetworks of auto mode stay, no more are made."""
    stored = call.stored()
    if not stored.body.get("autoCreateSubnetworks"):
        raise invalid(f"Invalid value for field 'network': '{call.name}'. The network is not in auto mode.")
    kept = verbs.keep(call, stored.name, {**stored.body, "autoCreateSubnetworks": False}, stored)
    return verbs.respond(call, kept.name, "switchToCustomMode", kept)


def effective_firewalls(call: Call) -> Body:
    """`networks.getEffectiveFirewalls`: the policies above the project, the network's own, its firewall rules."""
    return _effective(call, call.stored(), "")


def regional_effective_firewalls(call: Call) -> Body:
    """`regionNetworkFirewallPolicies.getEffectiveFirewalls?network=`, with the policies of the region."""
    name = relative_name(call, "compute", "networks", call.query.get("network", ""))
    return _effective(call, call.stored(name), call.parameters["region"])


def _effective(call: Call, network: Stored, region: str) -> Body:
    link = network.body["selfLink"]
    policies = [_shown(policy, "HIERARCHY") for policy in _hierarchical(call)]
    policies += [
        _shown(policy, "NETWORK")
        for policy in call.store.children("compute", "networkFirewallPolicies")
        if _associated(policy, link)
    ]
    policies += [
        _shown(policy, "NETWORK_REGIONAL")
        for policy in call.store.children("compute", "regionNetworkFirewallPolicies")
        if region and f"/regions/{region}/" in policy.name and _associated(policy, link)
    ]
    firewalls = [item.body for item in call.store.children("compute", "firewalls") if item.body.get("network") == link]
    return {"firewallPolicys": policies, "firewalls": firewalls}


def _associated(policy: Stored, target: str) -> bool:
    return any(item["attachmentTarget"] == target for item in policy.body.get("associations", []))


def _hierarchical(call: Call) -> Iterator[Stored]:
    """The policies of the organisation and its folders down to the project."""
    project = call.store.get("cloudresourcemanager", f"projects/{call.project}")
    above: list[str] = []
    parent = project.body.get("parent", "") if project else ""
    while parent:
        above.insert(0, parent)
        node = call.store.get("cloudresourcemanager", parent)
        parent = node.body.get("parent", "") if node else ""
    for name in above:
        for policy in call.store.children("compute", "firewallPolicies"):
            if _associated(policy, name):
                yield policy


def _shown(policy: Stored, kind: str) -> Body:
    body = policy.body
    shown: Body = {key: body[key] for key in ("name", "displayName", "shortName", "rules") if key in body}
    return {**shown, "type": kind}


def peering_routes(call: Call) -> Body:
    """`networks.listPeeringRoutes?peeringName=&direction=&region=`: the ranges that a peering carries."""
    wanted, incoming = call.query.get("peeringName", ""), call.query.get("direction", "INCOMING") == "INCOMING"
    network = call.stored()
    routes: list[Body] = []
    for peering in network.body.get("peerings", []):
        if wanted and peering["name"] != wanted:
            continue
        source = peering["network"] if incoming else network.body["selfLink"]
        routes += _subnetwork_routes(call, source, incoming)
    listed = page(call, routes, "items")
    return {"kind": "compute#exchangedPeeringRoutesList", "id": call.name, **listed}


def _subnetwork_routes(call: Call, network: str, incoming: bool) -> Iterator[Body]:
    for item in call.store.children("compute", "subnetworks"):
        if item.body.get("network") != network:
            continue
        for _, block in ranges_of(item.body):
            route = {"destRange": str(block), "nextHopRegion": item.name.split("/")[3], "priority": 0}
            yield {**route, "type": "SUBNET_PEERING_ROUTE", "imported": incoming}


def usable_subnetworks(call: Call) -> Body:
    """`subnetworks.listUsable`: what instances of the project may be put into."""
    prefix = f"projects/{call.project}/"
    found = [
        {"subnetwork": item.body["selfLink"], **{key: item.body[key] for key in _USABLE if key in item.body}}
        for item in call.store.children("compute", "subnetworks")
        if item.name.startswith(prefix)
    ]
    listed = page(call, found, "items")
    return {"kind": "compute#usableSubnetworksAggregatedList", "id": call.name, **listed}

"""What comes with a network: the default route, one local route a subnetwork, the subnetworks of auto mode."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profiles.networking.places import AUTO_MODE_BLOCKS

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body


def after_network(call: Call, network: Body) -> Body:
    """A new network has a default route; in auto mode also a subnetwork in every region."""
    if network.get("autoCreateSubnetworks"):
        for region, octet in AUTO_MODE_BLOCKS.items():
            _auto_subnetwork(call, network, region, f"10.{octet}.0.0/20", f"10.{octet}.0.1")
    body = {
        "description": "Default route to the Internet.",
        "destRange": "0.0.0.0/0",
        "nextHopGateway": call.self_link(f"projects/{call.project}/global/gateways/default-internet-gateway"),
        "priority": 1000,
    }
    _put_route(call, network["selfLink"], "default-route", "0.0.0.0/0", body)
    return network


def _auto_subnetwork(call: Call, network: Body, region: str, block: str, first: str) -> None:
    name = f"projects/{call.project}/regions/{region}/subnetworks/{network['name']}"
    body = {
        "kind": "compute#subnetwork",
        "id": call.number(),
        "creationTimestamp": call.stamp(),
        "name": network["name"],
        "network": network["selfLink"],
        "ipCidrRange": block,
        "gatewayAddress": first,
        "region": call.self_link(f"projects/{call.project}/regions/{region}"),
        "selfLink": call.self_link(name),
        "privateIpGoogleAccess": False,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": "PRIVATE",
        "stackType": "IPV4_ONLY",
        "state": "READY",
        "fingerprint": "YXV0b21vZGU=",
    }
    call.store.put("compute", name, "subnetworks", body)
    add_local_route(call, body)


def after_subnetwork(call: Call, subnetwork: Body) -> Body:
    """A new subnetwork has its local route."""
    add_local_route(call, subnetwork)
    return subnetwork


def add_local_route(call: Call, subnetwork: Body) -> None:
    """One route to a subnetwork's primary range; it cannot be deleted on its own."""
    destination = subnetwork.get("ipCidrRange")
    if not destination:
        return
    body = {
        "description": f"Default local route to the subnetwork {destination}.",
        "destRange": destination,
        "nextHopNetwork": subnetwork["network"],
        "priority": 0,
    }
    _put_route(call, subnetwork["network"], "default-route-r", destination, body)


def _put_route(call: Call, network: str, prefix: str, destination: str, body: Body) -> None:
    suffix = hashlib.sha256(f"{network}{destination}".encode()).hexdigest()[:16]
    name = f"projects/{call.project}/global/routes/{prefix}-{suffix}"
    common = {
        "kind": "compute#route",
        "id": call.number(),
        "creationTimestamp": call.stamp(),
        "name": name.rpartition("/")[2],
        "network": network,
        "selfLink": call.self_link(name),
    }
    call.store.put("compute", name, "routes", {**common, **body})


def remove_local_route(call: Call, subnetwork: Body) -> Body:
    """The local route goes with its subnetwork."""
    for route in call.store.children("compute", "routes"):
        if (
            route.body.get("network") == subnetwork["network"]
            and route.body["destRange"] == subnetwork.get("ipCidrRange")
            and "nextHopNetwork" in route.body
        ):
            call.store.remove("compute", route.name)
    return subnetwork


def remove_network_parts(call: Call, network: Body) -> Body:
    """What came with a network goes with it: generated routes and auto mode subnetworks."""
    for collection in ("routes", "subnetworks"):
        for item in call.store.children("compute", collection):
            if item.body.get("network") == network["selfLink"]:
                call.store.remove("compute", item.name)
    return network


def delete_route(call: Call) -> Body | Response:
    """A local route stays as long as its subnetwork."""
    stored = call.stored()
    if "nextHopNetwork" in stored.body:
        raise invalid(f"The local route '{stored.name}' cannot be deleted.", location="route")
    return verbs.delete(call)


def subnetworks_of(call: Call, body: Body) -> Body:
    """A network shows its subnetworks."""
    links = sorted(
        item.body["selfLink"]
        for item in call.store.children("compute", "subnetworks")
        if item.body.get("network") == body.get("selfLink")
    )
    return {**body, "subnetworks": links} if links else body

"""VPC peerings: a list on the network, active when both sides have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import already_exists, invalid
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body


def _keep(call: Call, peerings: list[Body], verb: str) -> Body | Response:
    stored = call.stored()
    body = {key: value for key, value in stored.body.items() if key != "peerings"}
    kept = verbs.keep(call, stored.name, {**body, **({"peerings": peerings} if peerings else {})}, stored)
    return verbs.respond(call, kept.name, verb, kept)


def add(call: Call) -> Body | Response:
    """`networks.addPeering`."""
    given = call.body.get("networkPeering") or {
        "name": call.body.get("name"),
        "network": call.body.get("peerNetwork"),
        "exchangeSubnetRoutes": call.body.get("autoCreateRoutes", True),
    }
    peerings = list(call.stored().body.get("peerings", []))
    if any(peering["name"] == given.get("name") for peering in peerings):
        raise already_exists(f"There is a peering '{given.get('name')}' already on network '{call.name}'")
    target = relative_name(call, "compute", "networks", str(given.get("network") or ""))
    defaults = {
        "exchangeSubnetRoutes": True,
        "autoCreateRoutes": True,
        "exportCustomRoutes": False,
        "importCustomRoutes": False,
        "exportSubnetRoutesWithPublicIp": True,
        "importSubnetRoutesWithPublicIp": False,
        "stackType": "IPV4_ONLY",
    }
    peering = {**defaults, **given, "network": call.self_link(target), **_state(call, target)}
    return _keep(call, [*peerings, peering], "addPeering")


def _state(call: Call, target: str) -> Body:
    other = call.store.get("compute", target)
    mutual = other and any(
        peering["network"] == call.self_link(call.name) for peering in other.body.get("peerings", [])
    )
    if mutual:
        return {"state": "ACTIVE", "stateDetails": f"[{call.stamp()}]: Connected."}
    return {"state": "INACTIVE", "stateDetails": f"[{call.stamp()}]: Waiting for peer network to connect."}


def refresh(call: Call, body: Body) -> Body:
    """The state of a peering follows from the other side at the moment of reading."""
    if not body.get("peerings"):
        return body
    shown = [
        {**peering, **_state(call, relative_name(call, "compute", "networks", peering["network"]))}
        for peering in body["peerings"]
    ]
    return {**body, "peerings": shown}


def update(call: Call) -> Body | Response:
    """`networks.updatePeering`."""
    given = call.body.get("networkPeering") or {}
    peerings = call.stored().body.get("peerings", [])
    if not any(peering["name"] == given.get("name") for peering in peerings):
        raise invalid(
            f"There is no peering '{given.get('name')}' on network '{call.name}'.", location="networkPeering.name"
        )
    return _keep(
        call,
        [{**peering, **given} if peering["name"] == given["name"] else peering for peering in peerings],
        "updatePeering",
    )


def remove(call: Call) -> Body | Response:
    """`networks.removePeering`."""
    name = call.required("name")
    peerings = call.stored().body.get("peerings", [])
    if not any(peering["name"] == name for peering in peerings):
        raise invalid(f"There is no peering '{name}' on network '{call.name}'.", location="name")
    return _keep(call, [peering for peering in peerings if peering["name"] != name], "removePeering")

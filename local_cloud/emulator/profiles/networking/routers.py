"""Cloud Routers and the NAT gateways inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body


def check_nats(call: Call, before: Body | None, wanted: Body) -> None:
    """NAT gateways have a name of their own and addresses exactly when those are allocated by hand."""
    seen: set[str] = set()
    for index, nat in enumerate(wanted.get("nats") or []):
        path = f"nats[{index}]"
        if not nat.get("name") or nat["name"] in seen:
            raise invalid(
                f"Invalid value for field 'resource.{path}.name': '{nat.get('name', '')}'. NAT names are required and"
                " unique within a router.",
                location=path,
            )
        seen.add(nat["name"])
        if nat.get("natIpAllocateOption") == "AUTO_ONLY" and nat.get("natIps"):
            raise invalid(
                f"Invalid value for field 'resource.{path}.natIps': NAT IPs cannot be given with AUTO_ONLY.",
                location=path,
            )
        if nat.get("enableDynamicPortAllocation") and nat.get("enableEndpointIndependentMapping"):
            raise invalid(
                f"Invalid value for field 'resource.{path}.enableEndpointIndependentMapping': it cannot go with dynamic"
                " port allocation.",
                location=path,
            )


def finish(call: Call, body: Body) -> Body:
    """What the server adds to every NAT gateway and interface."""
    for nat in body.get("nats") or []:
        public = nat.get("type", "PUBLIC") == "PUBLIC"
        nat.setdefault("type", "PUBLIC")
        nat.setdefault("endpointTypes", ["ENDPOINT_TYPE_VM"])
        nat["effectiveTcpTimeWaitTimeoutSec"] = nat.get("tcpTimeWaitTimeoutSec", 120)
        if public:
            nat.setdefault("autoNetworkTier", "PREMIUM")
        else:
            nat.setdefault("enableDynamicPortAllocation", True)
        if nat.get("logConfig", {}).get("enable"):
            nat["logConfig"].setdefault("filter", "ALL")
    for interface in body.get("interfaces") or []:
        interface.setdefault("ipVersion", "IPV4")
    if not body.get("nats"):
        body.pop("nats", None)
    return body


def status(call: Call) -> Body:
    """`routers.getRouterStatus`."""
    router = call.stored().body
    nats = [
        {"name": nat["name"], "minExtraNatIpsNeeded": 0, "numVmEndpointsWithNatMappings": 0}
        for nat in router.get("nats", [])
    ]
    return {
        "kind": "compute#routerStatusResponse",
        "result": {"network": router["network"], **({"natStatus": nats} if nats else {})},
    }


def nat_mappings(call: Call) -> Body:
    """`routers.getNatMappingInfo`: nothing is mapped while there are no instances."""
    call.stored()
    return {"kind": "compute#vmEndpointNatMappingsList", "id": call.name, "result": []}


def nat_addresses(call: Call) -> Body:
    """`routers.getNatIpInfo?natName=`: the addresses of each NAT gateway."""
    wanted = call.query.get("natName", "")
    infos = [
        {
            "natName": nat["name"],
            "natIpInfoMappings": [
                {"natIp": _address(call, link), "mode": "MANUAL", "usage": "UNUSED"} for link in nat.get("natIps", [])
            ],
        }
        for nat in call.stored().body.get("nats", [])
        if not wanted or nat["name"] == wanted
    ]
    return {"result": infos}


def _address(call: Call, link: str) -> str:
    stored = call.store.get("compute", relative_name(call, "compute", "addresses", link))
    return str(stored.body["address"]) if stored else link


def preview(call: Call) -> Body:
    """`routers.preview`."""
    return {"resource": {**call.stored().body, **call.body}}

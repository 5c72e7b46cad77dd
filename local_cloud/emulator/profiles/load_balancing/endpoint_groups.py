"""Network endpoint groups: what GKE and Cloud Run put behind a load balancer.

A stored group keeps its endpoints under `networkEndpoints`, each as the API lists it:
`{networkEndpoint: {ipAddress, port, instance}, healths: [{backendService, healthState}]}`. The data plane writes the
healths there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

ENDPOINTS = "networkEndpoints"
_IDENTITY = ("ipAddress", "port", "instance", "fqdn")
_SERVERLESS_TARGETS = ("cloudRun", "appEngine", "cloudFunction")


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    kind = wanted.get("networkEndpointType")
    targets = [key for key in _SERVERLESS_TARGETS if wanted.get(key)]
    if kind == "SERVERLESS" and len(targets) != 1:
        raise invalid(
            "Invalid value for field 'resource.networkEndpointType': 'SERVERLESS'. Exactly one of"
            f" {', '.join(_SERVERLESS_TARGETS)} must be specified.",
            location="networkEndpointType",
        )
    if kind != "SERVERLESS" and targets:
        raise invalid(
            f"Invalid value for field 'resource.{targets[0]}': ''. Only a group of type SERVERLESS can have it.",
            location=targets[0],
        )
    run = wanted.get("cloudRun")
    if run and not (run.get("service") or run.get("urlMask")):
        raise invalid(
            "Invalid value for field 'resource.cloudRun': ''. Either service or urlMask must be specified.",
            location="cloudRun",
        )


def _view(call: Call, body: Body) -> Body:
    shown = {key: value for key, value in body.items() if key != ENDPOINTS}
    return shown if body.get("networkEndpointType") == "SERVERLESS" else {**shown, "size": len(body.get(ENDPOINTS, []))}


def _identity(endpoint: Body) -> tuple[str, ...]:
    return tuple(str(endpoint.get(key, "")) for key in _IDENTITY)


def attach(call: Call) -> Body | Response:
    """`attachNetworkEndpoints`: add what is not there yet."""
    stored = call.stored()
    have = list(stored.body.get(ENDPOINTS, []))
    known = {_identity(entry["networkEndpoint"]) for entry in have}
    for endpoint in _given(call):
        if not endpoint.get("ipAddress") and not endpoint.get("fqdn") and not endpoint.get("instance"):
            raise invalid(
                "Invalid value for field 'networkEndpoints[].ipAddress': ''. An endpoint needs an address.",
                location="networkEndpoints",
            )
        whole = {"port": stored.body["defaultPort"], **endpoint} if stored.body.get("defaultPort") else endpoint
        if _identity(whole) not in known:
            known.add(_identity(whole))
            have.append({"networkEndpoint": whole})
    return _keep(call, have)


def detach(call: Call) -> Body | Response:
    """`detachNetworkEndpoints`: take endpoints away; one that is not there is refused."""
    have = list(call.stored().body.get(ENDPOINTS, []))
    for endpoint in _given(call):
        left = [entry for entry in have if _identity(entry["networkEndpoint"]) != _identity(endpoint)]
        if len(left) == len(have):
            raise invalid(
                f"Invalid value for field 'networkEndpoints': '{endpoint}'. The group has no such endpoint.",
                location="networkEndpoints",
            )
        have = left
    return _keep(call, have)


def _given(call: Call) -> list[Body]:
    endpoints: list[Body] = call.required(ENDPOINTS)
    return endpoints


def _keep(call: Call, endpoints: list[Body]) -> Body | Response:
    stored = call.stored()
    kept = call.store.put("compute", stored.name, stored.collection, {**stored.body, ENDPOINTS: endpoints})
    return verbs.respond(call, kept.name, call.method.verb, kept)


def list_endpoints(call: Call) -> Body:
    """`listNetworkEndpoints`: the endpoints, with their health when the caller asks for it."""
    entries = call.stored().body.get(ENDPOINTS, [])
    if call.body.get("healthStatus") != "SHOW":
        entries = [{"networkEndpoint": entry["networkEndpoint"]} for entry in entries]
    return {**page(call, entries, "items"), "kind": "compute#networkEndpointGroupsListNetworkEndpoints"}


_COLLECTIONS = ("networkEndpointGroups", "regionNetworkEndpointGroups")

TYPES = (
    ResourceType(
        "networkEndpointGroups",
        label="network_endpoint_group",
        defaults={"networkEndpointType": "GCE_VM_IP_PORT"},
        output_only=("size", ENDPOINTS),
        references={"network": "networks", "subnetwork": "subnetworks"},
        check=_check,
        view=_view,
    ),
    ResourceType(
        "regionNetworkEndpointGroups",
        label="network_endpoint_group",
        defaults={"networkEndpointType": "SERVERLESS"},
        output_only=("size", ENDPOINTS),
        references={"network": "networks", "subnetwork": "subnetworks"},
        check=_check,
        view=_view,
    ),
)

METHODS = {
    f"{collection}.{verb}": method
    for collection in _COLLECTIONS
    for verb, method in {
        "attachNetworkEndpoints": attach,
        "detachNetworkEndpoints": detach,
        "listNetworkEndpoints": list_endpoints,
    }.items()
}
PERMISSIONS = {f"{collection}.listNetworkEndpoints": (f"compute.{collection}.get",) for collection in _COLLECTIONS} | {
    "networkEndpointGroups.insert": (
        "compute.networkEndpointGroups.create",
        "compute.networks.use",
        "compute.subnetworks.use",
    )
}

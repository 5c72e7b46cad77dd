"""Services of a cluster and the endpoints behind them; pure functions of Kubernetes objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from local_cloud.data_plane.reverse_proxy.backends import Address
from local_cloud.data_plane.service_addresses import ServicePort
from local_cloud.twins import twin

Object = Mapping[str, Any]

NEG_ANNOTATION = "cloud.google.com/neg"
NEG_STATUS_ANNOTATION = "cloud.google.com/neg-status"
_SERVICE_LABEL = "kubernetes.io/service-name"


class PodEndpoint(NamedTuple):
    """One endpoint of a service port, by its address in the cloud."""

    address: str
    port: int
    zone: str
    node: str
    ready: bool
    serving: bool
    terminating: bool


@dataclass(frozen=True)
class GroupRequest:
    """A network endpoint group that a Service asks for: `name` in every zone, the pods behind `port`."""

    namespace: str
    service: str
    port: int
    name: str


def key_of(service: Object) -> tuple[str, str]:
    """(namespace, name)."""
    return service["metadata"]["namespace"], service["metadata"]["name"]


def annotations_of(service: Object) -> Mapping[str, str]:
    """A service's annotations."""
    return service["metadata"].get("annotations") or {}


def by_service(slices: Iterable[Object]) -> Mapping[tuple[str, str], Sequence[Object]]:
    """EndpointSlices by the service they belong to."""
    found: dict[tuple[str, str], list[Object]] = {}
    for one in slices:
        name = (one["metadata"].get("labels") or {}).get(_SERVICE_LABEL)
        if name and one.get("addressType") == "IPv4":
            found.setdefault((one["metadata"]["namespace"], name), []).append(one)
    return found


def endpoints(slices: Sequence[Object], port_name: str) -> list[PodEndpoint]:
    """The endpoints of a service port. What a slice does not say of readiness counts as ready (EndpointConditions)."""
    found = []
    for one in slices:
        port = next((entry for entry in one.get("ports") or [] if (entry.get("name") or "") == port_name), None)
        if port is None or not port.get("port") or port.get("protocol", "TCP") != "TCP":
            continue
        for endpoint in one.get("endpoints") or []:
            conditions = endpoint.get("conditions") or {}
            ready = conditions.get("ready") is not False
            serving = conditions.get("serving", ready) is not False
            found += [
                PodEndpoint(
                    address,
                    int(port["port"]),
                    str(endpoint.get("zone", "")),
                    str(endpoint.get("nodeName", "")),
                    ready,
                    serving,
                    bool(conditions.get("terminating")),
                )
                for address in endpoint.get("addresses") or []
            ]
    return found


def usable(found: Sequence[PodEndpoint]) -> list[Address]:
    """Where new connections go: ready endpoints; without any, those that terminate but still serve (KEP-1669)."""
    chosen = [one for one in found if one.ready] or [one for one in found if one.serving and one.terminating]
    return [Address(*twin(one.address, one.port)) for one in chosen]


def external_addresses(service: Object) -> list[str]:
    """The addresses of a service's load balancer, as its status says."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return [str(entry["ip"]) for entry in ingress if entry.get("ip")]


def service_ports(services: Iterable[Object], slices: Iterable[Object]) -> dict[ServicePort, list[Address]]:
    """Every address and port that services listen on here, and the endpoints behind each."""
    grouped = by_service(slices)
    found: dict[ServicePort, list[Address]] = {}
    for service in services:
        own = grouped.get(key_of(service), ())
        cluster_ip = service["spec"].get("clusterIP", "")
        if cluster_ip in ("", "None") or service["spec"].get("type") == "ExternalName":
            continue
        for port in service["spec"].get("ports") or []:
            if port.get("protocol", "TCP") != "TCP":
                continue
            behind = usable(endpoints(own, port.get("name") or ""))
            for address in (cluster_ip, *external_addresses(service)):
                found[ServicePort(*twin(address, int(port["port"])))] = behind
    return found


def group_requests(service: Object) -> list[GroupRequest]:
    """The network endpoint groups that a service's annotation asks for; ValueError when it makes no sense."""
    text = annotations_of(service).get(NEG_ANNOTATION)
    if not text:
        return []
    try:
        exposed = json.loads(text).get("exposed_ports") or {}
        wanted = {int(port): dict(entry or {}) for port, entry in exposed.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"annotation {NEG_ANNOTATION}: {text!r} is not like {_EXAMPLE}: {error}") from error
    namespace, name = key_of(service)
    known = {int(port["port"]) for port in service["spec"].get("ports") or []}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise ValueError(f"annotation {NEG_ANNOTATION}: the service has no port {unknown[0]}")
    return [
        GroupRequest(namespace, name, port, str(entry.get("name") or f"k8s1-{namespace}-{name}-{port}"))
        for port, entry in sorted(wanted.items())
    ]


_EXAMPLE = '{"exposed_ports": {"3001": {"name": "auth-service"}}}'


def port_name(service: Object, port: int) -> str:
    """The name of a service's port by its number."""
    return next((str(one.get("name") or "") for one in service["spec"]["ports"] if int(one["port"]) == port), "")

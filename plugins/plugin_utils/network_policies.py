"""The rules of a service's network policy, from the data that the reachability matrix is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .service_graph import GOOGLE, MONGODB, callers

NAME = "app.kubernetes.io/name"

# Proxies and health checks of Google's load balancers: https://cloud.google.com/load-balancing/docs/firewall-rules
EDGE_RANGES = ("35.191.0.0/16", "130.211.0.0/22")

# private.googleapis.com and restricted.googleapis.com: https://cloud.google.com/vpc/docs/configure-private-google-access
GOOGLE_RANGES = ("199.36.153.8/30", "199.36.153.4/30")

# Where a pod asks for its identity, the second port being that of Workload Identity on its node.
METADATA_SERVER = "169.254.169.254/32"
METADATA_PORTS = (80, 988)

# A private endpoint of Atlas listens from 1024 on; a public one at 27015 to 27017.
MONGODB_PORTS = (1024, 65535)


def policy(
    catalog: Mapping[str, Mapping[str, Any]], name: str, network: str, pods: str, mongodb: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """`{ingress, egress}` of the service `name`. `network` is the VPC, `pods` the part of it that pods have, `mongodb`
    the ranges in which databases are; all in CIDR notation."""
    return {"ingress": _ingress(catalog, name, network, pods), "egress": _egress(catalog, name, mongodb)}


def _ingress(catalog: Mapping[str, Mapping[str, Any]], name: str, network: str, pods: str) -> list[dict[str, Any]]:
    service = catalog[name]
    inside = [caller for caller in callers(catalog, name) if catalog[caller]["runtime"] == "kubernetes"]
    outside = [caller for caller in callers(catalog, name) if caller not in inside]
    peers: list[list[dict[str, Any]]] = []
    if inside:
        peers.append([_pods_of(caller) for caller in inside])
    if service["paths"]:
        peers.append([_block(cidr) for cidr in EDGE_RANGES])
    if service["exposure"] == "internal" or outside:
        # What is in the network and is no pod: load balancers, Cloud Run, people behind a VPN.
        peers.append([_block(network, pods)])
    if service["exposure"] == "external":
        peers.append([_block("0.0.0.0/0", network)])
    return [{"from": one, "ports": _ports(service["port"])} for one in peers]


def _egress(catalog: Mapping[str, Mapping[str, Any]], name: str, mongodb: Sequence[str]) -> list[dict[str, Any]]:
    service = catalog[name]
    name_server = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    both = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    rules: list[dict[str, Any]] = [{"to": [name_server], "ports": both}]
    needed = [need for need in sorted(service["needs"]) if catalog[need]["runtime"] == "kubernetes"]
    rules += [{"to": [_pods_of(need)], "ports": _ports(catalog[need]["port"])} for need in needed]
    if GOOGLE in service["egress"]:
        rules.append({"to": [_block(cidr) for cidr in GOOGLE_RANGES], "ports": _ports(443)})
        rules.append(
            {"to": [_block(METADATA_SERVER)], "ports": [*_ports(METADATA_PORTS[0]), *_ports(METADATA_PORTS[1])]}
        )
    if MONGODB in service["egress"]:
        first, last = MONGODB_PORTS
        ports = [{"protocol": "TCP", "port": first, "endPort": last}]
        rules.append({"to": [_block(cidr) for cidr in mongodb], "ports": ports})
    return rules


def _pods_of(service: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {NAME: service}}}


def _block(cidr: str, without: str = "") -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": [without]} if without else {})}}


def _ports(port: int) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port}]

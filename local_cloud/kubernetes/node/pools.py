"""Which nodes a cluster has, told by its node pools in the emulator."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from typing import Any

from local_cloud.kubernetes.node.capacity import DEFAULT_DISK, DEFAULT_MACHINE_TYPE, DEFAULT_PODS, Machine, machine

NODE_POOLS = "nodePools"
DEFAULT_ACCOUNT = "default"
# The letters of the random part of GKE's names.
_LETTERS = "0123456789bcdfghjklmnpqrstvwxz"
# GKE's word for an effect → Kubernetes'.
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}
# A node pool in one of these states has no nodes, or is losing them.
_LEAVING = frozenset({"STOPPING", "ERROR"})


@dataclass(frozen=True)
class NodeDescription:
    """One node as its pool wants it."""

    name: str
    pool: str
    zone: str
    machine: Machine
    pods: int
    disk_gb: int
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    account: str = DEFAULT_ACCOUNT


@dataclass(frozen=True)
class ClusterNodes:
    """All nodes of a cluster, and the range their addresses come from."""

    project: str
    nodes: Mapping[str, NodeDescription]
    subnet: IPv4Network


def described(cluster: str, resources: Iterable[Mapping[str, Any]]) -> ClusterNodes | None:
    """What the emulator's resources of `container` and `compute` say about `cluster`; None when it is not there.

    A resource is `{service, name, collection, body}`. ValueError names a field of a pool that makes no sense.
    """
    by_name = {(one["service"], one["name"]): one["body"] for one in resources}
    body = by_name.get(("container", cluster))
    if body is None:
        return None
    project, location = cluster.split("/")[1], cluster.split("/")[3]
    nodes: dict[str, NodeDescription] = {}
    prefix = f"{cluster}/{NODE_POOLS}/"
    for (service, name), pool in by_name.items():
        if service == "container" and name.startswith(prefix) and pool.get("status") not in _LEAVING:
            nodes |= {node.name: node for node in _nodes(pool, by_name)}
    return ClusterNodes(project, nodes, _subnet(project, location, body, by_name))


def _nodes(pool: Mapping[str, Any], by_name: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterable[NodeDescription]:
    """The nodes of a pool: as many in each zone as its instance group manager there has for a target."""
    config = pool.get("config") or {}
    kind = machine(config.get("machineType") or DEFAULT_MACHINE_TYPE)
    labels = _labels(pool, kind)
    taints = tuple(
        {"key": taint["key"], "value": taint.get("value", ""), "effect": _EFFECTS[taint["effect"]]}
        for taint in config.get("taints") or ()
    )
    for url in pool.get("instanceGroupUrls") or ():
        name = url.partition("/compute/v1/")[2]
        manager = by_name.get(("compute", name))
        if manager is None:
            continue
        zone = name.split("/")[3]
        for number in range(int(manager["targetSize"])):
            yield NodeDescription(
                name=node_name(name, number),
                pool=pool["name"],
                zone=zone,
                machine=kind,
                pods=int((pool.get("maxPodsConstraint") or {}).get("maxPodsPerNode") or DEFAULT_PODS),
                disk_gb=int(config.get("diskSizeGb") or DEFAULT_DISK),
                labels={**labels, **_places(zone)},
                taints=taints,
                account=config.get("serviceAccount") or DEFAULT_ACCOUNT,
            )


def node_name(manager: str, number: int) -> str:
    """As an instance group manager (resource name) names its machines; the same for the same one after a restart."""
    digest = hashlib.sha256(f"{manager}/{number}".encode()).digest()
    ending = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:4])
    return f"{manager.rpartition('/')[2].removesuffix('-grp')}-{ending}"


def _labels(pool: Mapping[str, Any], kind: Machine) -> dict[str, str]:
    config = pool.get("config") or {}
    name = pool["name"]
    own = dict(config.get("labels") or {})
    provisioning = "spot" if config.get("spot") else "preemptible" if config.get("preemptible") else "standard"
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/instance-type": kind.name,
        "node.kubernetes.io/instance-type": kind.name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "cloud.google.com/gke-nodepool": name,
        "cloud.google.com/gke-os-distribution": "cos",
        "cloud.google.com/gke-container-runtime": "containerd",
        "cloud.google.com/gke-boot-disk": config.get("diskType") or "pd-balanced",
        "cloud.google.com/gke-provisioning": provisioning,
        "cloud.google.com/machine-family": kind.name.partition("-")[0],
    }
    if (config.get("workloadMetadataConfig") or {}).get("mode") == "GKE_METADATA":
        labels["iam.gke.io/gke-metadata-server-enabled"] = "true"
    if config.get("spot"):
        labels["cloud.google.com/gke-spot"] = "true"
    return {**labels, **own}


def _places(zone: str) -> dict[str, str]:
    region = zone.rpartition("-")[0]
    return {
        "topology.kubernetes.io/zone": zone,
        "topology.kubernetes.io/region": region,
        "failure-domain.beta.kubernetes.io/zone": zone,
        "failure-domain.beta.kubernetes.io/region": region,
        "topology.gke.io/zone": zone,
    }


def _subnet(
    project: str, location: str, body: Mapping[str, Any], by_name: Mapping[tuple[str, str], Mapping[str, Any]]
) -> IPv4Network:
    """The primary range of the cluster's subnetwork; GKE's own default range when it is not in the emulator."""
    name = (body.get("subnetwork") or (body.get("networkConfig") or {}).get("subnetwork") or "default").rpartition("/")
    region = location if location.count("-") == 1 else location.rpartition("-")[0]
    found = by_name.get(("compute", f"projects/{project}/regions/{region}/subnetworks/{name[2]}"))
    return ip_network((found or {}).get("ipCidrRange") or "10.128.0.0/20")  # type: ignore[return-value]

"""Node pools: what the server makes of one, its instance groups in Compute Engine, and how it is shown."""

from __future__ import annotations

import copy
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import already_exists, invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.paths import get_path
from local_cloud.emulator.profiles.clusters import versions
from local_cloud.emulator.profiles.clusters.defaults import NODE, POOL, fill
from local_cloud.emulator.profiles.clusters.names import POOLS, digest, group_name, group_urls, last, link, manager_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body
    from local_cloud.emulator.store import Stored

MANAGERS = "instanceGroupManagers"
_MOST_PODS = 256
# Machine series that take no persistent disk
# (https://cloud.google.com/compute/docs/machine-resource#local-ssd-and-disk-support).
_HYPERDISK_ONLY = frozenset({"c4", "c4a", "c4d", "m4", "n4", "n4a", "n4d", "x4"})
# How long the certificate with which nodes ask for theirs is good.
_CERTIFICATE_LIFE = timedelta(days=5 * 365)


def finish(call: Call, body: Body) -> Body:
    """A pool as it is kept."""
    name = call.memory["name"]
    cluster = call.store.get(call.service, name.rpartition("/nodePools/")[0])
    assert cluster is not None
    fill(body, POOL)
    config = body.setdefault("config", {})
    if str(config.get("machineType", "")).partition("-")[0] in _HYPERDISK_ONLY:
        fill(config, {"diskType": "hyperdisk-balanced"})
    fill(config, NODE)
    disk = config.setdefault("bootDisk", {})
    # The same in two places, the newer one wins.
    config["diskType"] = disk.setdefault("diskType", config["diskType"])
    config["diskSizeGb"] = int(disk.setdefault("sizeGb", str(config["diskSizeGb"])))
    most = int(get_path(body, "maxPodsConstraint.maxPodsPerNode"))
    if not 8 <= most <= _MOST_PODS:
        raise invalid(f"Max pods per node constraint {most} must be between 8 and {_MOST_PODS}.")
    body["podIpv4CidrSize"] = node_prefix(most)
    body["version"] = versions.chosen(str(body.get("version", "")), "Node version")
    body["selfLink"] = link(call, name)
    body.setdefault("locations", list(cluster.body["locations"]))
    if "initialNodeCount" not in body and get_path(body, "autoscaling.enabled"):
        least = get_path(body, "autoscaling.minNodeCount")
        body["initialNodeCount"] = 1 if least is None else least
    if get_path(cluster.body, "confidentialNodes.enabled") and "confidentialNodes" not in config:
        config["confidentialNodes"] = dict(cluster.body["confidentialNodes"])
    if get_path(config, "confidentialNodes.enabled"):
        config["confidentialNodes"].setdefault("confidentialInstanceType", "SEV")
    body.setdefault("kubeletCertInfo", {"tpmBootstrapCertExpireTime": call.stamp(call.now + _CERTIFICATE_LIFE)})
    config["nodeImageConfig"] = {"image": versions.IMAGE, "imageProject": "gke-node-images"}
    _network(body, cluster.body, last(name))
    _register(call, name, body)
    return body


def node_prefix(most_pods: int) -> int:
    """How long the prefix of a node's pod range is: twice as many addresses as pods
    (https://cloud.google.com/kubernetes-engine/docs/how-to/flexible-pod-cidr)."""
    return 32 - (2 * most_pods - 1).bit_length()


def _network(body: Body, cluster: Body, pool: str) -> None:
    config = body.setdefault("networkConfig", {})
    policy = cluster["ipAllocationPolicy"]
    if "podIpv4CidrBlock" not in config:
        config["podIpv4CidrBlock"] = cluster["clusterIpv4Cidr"]
    config.setdefault("podRange", policy.get("clusterSecondaryRangeName") or f"{pool}-pods-{digest(pool, 8)}")
    config.setdefault("podIpv4RangeUtilization", 0.001)
    config.setdefault("networkTierConfig", {"networkTier": "NETWORK_TIER_DEFAULT"})
    config.setdefault("subnetwork", cluster["networkConfig"]["subnetwork"])
    if "enablePrivateNodes" not in config and get_path(cluster, "privateClusterConfig.enablePrivateNodes"):
        config["enablePrivateNodes"] = True


def _register(call: Call, name: str, body: Body) -> None:
    """One instance group manager a zone; what a pool leaves has none any more."""
    before = body.get("instanceGroupUrls", [])
    urls = group_urls(call.project, name, body["locations"])
    for url in before:
        if url not in urls:
            call.store.remove("compute", manager_name(url))
    for url in urls:
        manager = manager_name(url)
        if call.store.get("compute", manager) is None:
            content = _manager(call, name, manager, int(body.get("initialNodeCount", 0)))
            call.store.put("compute", manager, MANAGERS, content)
    body["instanceGroupUrls"] = urls


def _manager(call: Call, pool: str, name: str, size: int) -> Body:
    root = "https://www.googleapis.com/compute/v1"
    zone = "/".join(name.split("/")[:4])
    group = group_name(pool)
    return {
        "kind": "compute#instanceGroupManager",
        "id": call.number(),
        "creationTimestamp": call.stamp(),
        "name": group,
        "zone": f"{root}/{zone}",
        "instanceGroup": f"{root}/{zone}/instanceGroups/{group}",
        "baseInstanceName": group.removesuffix("-grp"),
        "instanceTemplate": f"{root}/projects/{call.project}/global/instanceTemplates/{group.removesuffix('-grp')}",
        "targetSize": size,
        "status": {"isStable": True, "stateful": {"hasStatefulConfig": False}},
        "fingerprint": digest(name, 10) + "==",
        "selfLink": f"{root}/{name}",
    }


def resize(call: Call, pool: Body, count: int) -> None:
    """Let each zone of a pool have `count` nodes."""
    for url in pool["instanceGroupUrls"]:
        stored = call.store.get("compute", manager_name(url))
        if stored is not None:
            call.store.put("compute", stored.name, MANAGERS, {**stored.body, "targetSize": count})


def forget(call: Call, pool: Body) -> Body:
    """A deleted pool's instance groups go with it."""
    for url in pool.get("instanceGroupUrls", []):
        call.store.remove("compute", manager_name(url))
    return pool


def size(call: Call, pool: Body) -> int:
    """How many nodes a pool has in all its zones."""
    found = (call.store.get("compute", manager_name(url)) for url in pool.get("instanceGroupUrls", []))
    return sum(int(one.body["targetSize"]) for one in found if one)


def of_cluster(call: Call, cluster: str) -> list[Stored]:
    """The pools of a cluster."""
    return call.store.children(call.service, POOLS, f"{cluster}/nodePools")


def create_first(call: Call, cluster: str, wanted: list[Body]) -> None:
    """The pools that a cluster is created with."""
    kind = call.profile.type_of(POOLS)
    for body in wanted:
        name = f"{cluster}/nodePools/{body['name']}"
        own = dataclasses.replace(call, type=kind, memory={"name": name})
        if call.store.get(call.service, name):
            raise already_exists(f"Duplicate node pool {body['name']}.")
        run = kind.run if kind else None
        fields: dict[str, Any] = (
            dict(run.starting if call.service in call.emulator.attended else run.alone) if run else {}
        )
        verbs.keep(own, name, copy.deepcopy(body) | fields, before=None)


def get_manager(call: Call) -> Body:
    """`compute.instanceGroupManagers.get`: those of pools are all there are."""
    return call.stored().body


def list_managers(call: Call) -> Body:
    """`compute.instanceGroupManagers.list`."""
    found = [stored.body for stored in call.store.children(call.service, MANAGERS, call.name)]
    return {"kind": "compute#instanceGroupManagerList", **page(call, found, "items")}

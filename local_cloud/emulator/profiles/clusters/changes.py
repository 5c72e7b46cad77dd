"""Changes of clusters and pools: `update` with its `desired…` fields, the `set…` methods, sizes and roll-backs."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.emulator import operations, verbs
from local_cloud.emulator.errors import ApiError, failed_precondition, invalid, not_found
from local_cloud.emulator.http import Response
from local_cloud.emulator.paths import merged, remove_path, set_path, without_nulls
from local_cloud.emulator.profiles.clusters import pools, shape, versions
from local_cloud.emulator.profiles.clusters.names import manager_name, older

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body, Handler
    from local_cloud.emulator.store import Stored

# `desired…` field of ClusterUpdate → field of Cluster, where it is not the same word.
_RENAMED: Mapping[str, str] = {
    "desiredAddonsConfig": "addonsConfig",
    "desiredBinaryAuthorization": "binaryAuthorization",
    "desiredClusterAutoscaling": "autoscaling",
    "desiredDefaultSnatStatus": "networkConfig.defaultSnatStatus",
    "desiredDatapathProvider": "networkConfig.datapathProvider",
    "desiredDnsConfig": "networkConfig.dnsConfig",
    "desiredEnableCiliumClusterwideNetworkPolicy": "networkConfig.enableCiliumClusterwideNetworkPolicy",
    "desiredEnableFqdnNetworkPolicy": "networkConfig.enableFqdnNetworkPolicy",
    "desiredEnableMultiNetworking": "networkConfig.enableMultiNetworking",
    "desiredEnablePrivateEndpoint": "privateClusterConfig.enablePrivateEndpoint",
    "desiredGatewayApiConfig": "networkConfig.gatewayApiConfig",
    "desiredInTransitEncryptionConfig": "networkConfig.inTransitEncryptionConfig",
    "desiredIntraNodeVisibilityConfig": "networkConfig.enableIntraNodeVisibility",
    "desiredL4ilbSubsettingConfig": "networkConfig.enableL4ilbSubsetting",
    "desiredNetworkPerformanceConfig": "networkConfig.networkPerformanceConfig",
    "desiredPrivateIpv6GoogleAccess": "networkConfig.privateIpv6GoogleAccess",
    "desiredServiceExternalIpsConfig": "networkConfig.serviceExternalIpsConfig",
    "desiredNodePoolAutoConfigKubeletConfig": "nodePoolAutoConfig.nodeKubeletConfig",
    "desiredNodePoolAutoConfigLinuxNodeConfig": "nodePoolAutoConfig.linuxNodeConfig",
    "desiredNodePoolAutoConfigNetworkTags": "nodePoolAutoConfig.networkTags",
    "desiredNodePoolAutoConfigResourceManagerTags": "nodePoolAutoConfig.resourceManagerTags",
    "desiredNodePoolLoggingConfig": "nodePoolDefaults.nodeConfigDefaults.loggingConfig",
    "desiredNodeKubeletConfig": "nodePoolDefaults.nodeConfigDefaults.nodeKubeletConfig",
    "desiredGcfsConfig": "nodePoolDefaults.nodeConfigDefaults.gcfsConfig",
    "desiredContainerdConfig": "nodePoolDefaults.nodeConfigDefaults.containerdConfig",
    "desiredMasterVersion": "currentMasterVersion",
    "desiredStackType": "ipAllocationPolicy.stackType",
    "desiredAdditionalIpRangesConfig": "ipAllocationPolicy.additionalIpRangesConfigs",
    "desiredK8sBetaApis": "enableK8sBetaApis",
}
# Fields that a change merges into; every other one is replaced.
_MERGED = ("addonsConfig", "controlPlaneEndpointsConfig", "networkConfig.dnsConfig", "privateClusterConfig")
# What fields of the change are wrapped in: {"desiredIntraNodeVisibilityConfig": {"enabled": true}}.
_UNWRAPPED = {"desiredIntraNodeVisibilityConfig": "enabled", "desiredL4ilbSubsettingConfig": "enabled"}
# Fields of the change that are about nodes and have methods of their own here.
_OF_POOLS = ("desiredNodePoolId", "desiredNodeVersion", "desiredImageType", "desiredNodePoolAutoscaling")
# States of a cluster that allow no change (https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters#status).
_BUSY = ("PROVISIONING", "STOPPING")

# Changes of a pool for which its nodes are made anew.
_REBUILDING = frozenset({"nodeVersion", "imageType", "machineType", "linuxNodeConfig", "kubeletConfig", "bootDisk"})

Change = Callable[["Call", "Body"], None]


def found(call: Call) -> Stored:
    """The cluster in the path; ApiError 404 in the API's words, which have the older path of what is zonal."""
    name = "/".join(call.name.split("/")[:6])
    stored = call.store.get(call.service, name)
    if stored is None:
        raise not_found(f"Not found: {older(name)}.")
    return stored


def get_cluster(call: Call) -> Body | Response:
    """`clusters.get`."""
    return verbs.show(call, found(call))


def cluster_of(call: Call) -> Stored:
    """The cluster in the path, ready to be changed; ApiError 404, or 400 while it is made or deleted."""
    stored = found(call)
    if stored.body.get("status") in _BUSY:
        raise failed_precondition(
            f"Cluster is running incompatible operation: it is {stored.body['status']}. Wait for the operation to be"
            " done and try again."
        )
    return stored


def update(call: Call) -> Body | Response:
    """`clusters.update`: exactly what `update` names is changed."""
    wanted = call.required("update")
    etag = wanted.get("etag")
    if etag and etag != cluster_of(call).body.get("etag"):
        raise ApiError(
            409, "The etag of the update is stale: the cluster was changed in the meantime.", status="ABORTED"
        )

    def change(call: Call, body: Body) -> None:
        for field, value in wanted.items():
            if field in _OF_POOLS:
                _of_pools(call, field, value, wanted.get("desiredNodePoolId", "-"))
            elif field.startswith("desired"):
                _set(body, field, value)

    return _changed(call, change, "UPDATE_CLUSTER" if "desiredMasterVersion" not in wanted else "UPGRADE_MASTER")


def _of_pools(call: Call, field: str, value: Any, pool: str) -> None:
    """The few fields of a cluster's change that are about one pool, or all of them for `-`."""
    if field == "desiredNodeVersion":
        versions.chosen(str(value), "Node version")
    cluster = cluster_of(call).name
    for stored in pools.of_cluster(call, cluster):
        if field in ("desiredImageType", "desiredNodePoolAutoscaling") and pool in ("-", stored.body["name"]):
            path = "config.imageType" if field == "desiredImageType" else "autoscaling"
            body = copy.deepcopy(stored.body)
            set_path(body, path, value)
            call.store.put(call.service, stored.name, stored.collection, body)


def _set(body: Body, field: str, value: Any) -> None:
    rest = field.removeprefix("desired")
    path = _RENAMED.get(field, rest[:1].lower() + rest[1:])
    if field in _UNWRAPPED:
        value = (value or {}).get(_UNWRAPPED[field], False)
    if path in _MERGED:
        head, _, last = path.rpartition(".")
        inside = body.setdefault(head, {}) if head else body
        value = merged(inside.get(last), value)
    if field == "desiredMasterAuthorizedNetworksConfig":
        remove_path(body, "controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig")
    if field == "desiredEnablePrivateEndpoint":
        set_path(body, "controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint", not value)
    set_path(body, path, without_nulls(value))


def setter(path: str, field: str) -> Handler:
    """A `set…` method that puts the request's `field` at `path` of the cluster."""

    def handle(call: Call) -> Body | Response:
        def change(call: Call, body: Body) -> None:
            shown = call.body.get("labelFingerprint")
            if path == "resourceLabels" and shown and shown != body.get("labelFingerprint"):
                raise ApiError(412, "Labels could not be set due to fingerprint mismatch.", reason="conditionNotMet")
            set_path(body, path, without_nulls(call.body.get(field, {})))

        return _changed(call, change, "SET_LABELS" if path == "resourceLabels" else "UPDATE_CLUSTER")

    return handle


def set_locations(call: Call) -> Body | Response:
    """`clusters.setLocations`: pools that are where the cluster was go where it goes."""
    wanted = call.required("locations")

    def change(call: Call, body: Body) -> None:
        for stored in pools.of_cluster(call, cluster_of(call).name):
            if stored.body["locations"] == body["locations"]:
                _keep_pool(call, stored, {**stored.body, "locations": list(wanted)})
        body["locations"] = list(wanted)

    return _changed(call, change, "UPDATE_CLUSTER")


def set_legacy_abac(call: Call) -> Body | Response:
    """`clusters.setLegacyAbac`."""

    def change(call: Call, body: Body) -> None:
        if call.body.get("enabled"):
            raise invalid("Legacy authorization cannot be enabled on clusters of version 1.8 or newer.")
        body["legacyAbac"] = {}

    return _changed(call, change, "UPDATE_CLUSTER")


def update_master(call: Call) -> Body | Response:
    """`clusters.updateMaster`."""

    def change(call: Call, body: Body) -> None:
        body["currentMasterVersion"] = versions.chosen(str(call.body.get("masterVersion", "")), "Master version")

    return _changed(call, change, "UPGRADE_MASTER")


def _changed(call: Call, change: Change, kind: str) -> Body | Response:
    """The cluster with `change` made to a copy of it, kept; the operation that says so."""
    stored = cluster_of(call)
    body = copy.deepcopy(stored.body)
    call.memory["name"] = stored.name
    change(call, body)
    run = operations.runs(call)
    if run:
        body |= run.changing
    verbs.keep(call, stored.name, body, stored)
    call.memory["operation_type"] = kind
    return operations.start(call, stored.name, call.method.verb, None)


def update_pool(call: Call) -> Body | Response:
    """`nodePools.update`: the fields that the request has, where a pool keeps them."""
    stored = _pool(call)
    body = copy.deepcopy(stored.body)
    for field, value in call.body.items():
        if field == "nodeVersion":
            body["version"] = versions.chosen(str(value), "Node version")
        elif field in ("locations", "upgradeSettings", "queuedProvisioning", "maxRunDuration", "flexStart"):
            body[field] = value
        elif field == "nodeNetworkConfig":
            body["networkConfig"] = merged(body.get("networkConfig", {}), value)
        elif field in ("taints", "tags", "labels"):
            _wrapped(body["config"], field, value)
        elif field == "resourceLabels":
            body["config"]["resourceLabels"] = value.get("labels", {})
        elif field == "bootDisk":
            body["config"]["bootDisk"] = merged(body["config"].get("bootDisk", {}), value)
        elif field in ("diskSizeGb", "diskType"):
            # The older spelling; the newer one would win.
            body["config"][field] = value
            body["config"].pop("bootDisk", None)
        elif field not in ("name", "nodePoolId", "clusterId", "zone", "projectId", "etag"):
            body["config"][field] = value
    return _kept_pool(call, stored, body, "UPGRADE_NODES" if _REBUILDING & call.body.keys() else "UPDATE_CLUSTER")


def _wrapped(config: Body, field: str, value: Body) -> None:
    """{"taints": {"taints": […]}} in the change is a list in the pool; an empty one is none."""
    content = value.get(field)
    if content:
        config[field] = content
    else:
        config.pop(field, None)


def set_autoscaling(call: Call) -> Body | Response:
    """`nodePools.setAutoscaling`."""
    stored = _pool(call)
    return _kept_pool(call, stored, {**stored.body, "autoscaling": call.required("autoscaling")}, "UPDATE_CLUSTER")


def set_management(call: Call) -> Body | Response:
    """`nodePools.setManagement`."""
    stored = _pool(call)
    return _kept_pool(
        call, stored, {**stored.body, "management": call.required("management")}, "SET_NODE_POOL_MANAGEMENT"
    )


def set_size(call: Call) -> Body | Response:
    """`nodePools.setSize`: so many nodes in each zone."""
    stored = _pool(call)
    count = int(call.body.get("nodeCount", 0))
    if count < 0:
        raise invalid(f"Node count {count} is below zero.", location="nodeCount")
    pools.resize(call, stored.body, count)
    return _kept_pool(call, stored, {**stored.body, "initialNodeCount": count}, "SET_NODE_POOL_SIZE")


def roll_back(call: Call) -> Body | Response:
    """`nodePools.rollback`: there is no upgrade to roll back, since there is one version."""
    _pool(call)
    raise failed_precondition("There is no failed or ongoing upgrade of the node pool to roll back.")


def complete_upgrade(call: Call) -> Body | Response:
    """`nodePools.completeUpgrade`."""
    _pool(call)
    raise failed_precondition("There is no blue-green upgrade of the node pool to complete.")


def create_pool(call: Call) -> Body | Response:
    """`nodePools.create`."""
    cluster_of(call)
    call.memory["operation_type"] = "CREATE_NODE_POOL"
    return verbs.create(call)


def delete_pool(call: Call) -> Body | Response:
    """`nodePools.delete`."""
    cluster_of(call)
    call.memory["operation_type"] = "DELETE_NODE_POOL"
    return verbs.delete(call)


def create_cluster(call: Call) -> Body | Response:
    """`clusters.create`."""
    shape.prepare(call, call.required("cluster"))
    call.memory["operation_type"] = "CREATE_CLUSTER"
    return verbs.create(call)


def delete_cluster(call: Call) -> Body | Response:
    """`clusters.delete`, also of one that is being made."""
    stored = found(call)
    call.memory["operation_type"] = "DELETE_CLUSTER"
    own = pools.of_cluster(call, stored.name)
    call.memory["groups"] = [manager_name(url) for pool in own for url in pool.body.get("instanceGroupUrls", [])]
    return verbs.delete(call)


def _pool(call: Call) -> Stored:
    cluster_of(call)
    return call.stored()


def _kept_pool(call: Call, stored: Stored, body: Body, kind: str) -> Body | Response:
    run = operations.runs(call)
    if run:
        body = {**body, **run.changing}
    _keep_pool(call, stored, body)
    call.memory["operation_type"] = kind
    return operations.start(call, stored.name, call.method.verb, None)


def _keep_pool(call: Call, stored: Stored, body: Body) -> None:
    own = dataclasses.replace(call, type=call.profile.type_of(stored.collection), memory={"name": stored.name})
    verbs.keep(own, stored.name, body, stored)

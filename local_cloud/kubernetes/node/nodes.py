"""The Node objects of a cluster: registered, kept alive by leases, drained and removed with their pool."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.kubernetes.api_client import ApiStatusError
from local_cloud.kubernetes.node.capacity import allocatable, capacity
from local_cloud.kubernetes.node.client import CONFLICT, MERGE, NOT_FOUND, Store
from local_cloud.twins import twin_address

if TYPE_CHECKING:
    from local_cloud.kubernetes.node.client import NodeClient, Object
    from local_cloud.kubernetes.node.pools import ClusterNodes, NodeDescription

_LOG = logging.getLogger(__name__)

KUBELET_PORT = 10250
KUBELET_VERSION = "v1.35.4-gke.1"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
NODES = "/api/v1/nodes"
# The kubelet renews its lease at a quarter of its duration; a quarter of the controller's patience here, in seconds.
LEASE_SECONDS = 16
RENEW_SECONDS = 4
# How long a node that is to go waits for its pods to be evicted, in seconds; GKE waits an hour.
DRAIN_SECONDS = 30.0
DRAIN_PAUSE = 0.5
TOO_MANY = 429
# The first address of a subnet that nodes get: what is below is for load balancers and the control plane.
FIRST_HOST = 16

_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("NetworkUnavailable", "False", "RouteCreated", "pods are reached at their loopback twins"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def now() -> str:
    """This second, as Kubernetes writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Nodes:
    """Makes the cluster's Node objects agree with its pools. `joined` and `left` are told of a node's address."""

    def __init__(
        self,
        client: NodeClient,
        pods: Store,
        joined: Callable[[str, str], None],
        left: Callable[[str], None],
    ) -> None:
        """`pods` are all pods of the cluster."""
        self._client = client
        self._pods = pods
        self._joined = joined
        self._left = left
        self.store = Store(client, NODES)
        self._moved = asyncio.Event()
        self.store.listen(lambda _: self._moved.set(), lambda _: self._moved.set())
        self.wanted: Mapping[str, NodeDescription] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}

    async def moved(self) -> None:
        """Wait until a Node object changes."""
        self._moved.clear()
        await self._moved.wait()

    def pod_range(self, name: str) -> str | None:
        """The range of a node's pods; None until the controller has given it one."""
        node = self.store.find("", name)
        return node["spec"].get("podCIDR") if node is not None else None

    def address(self, name: str) -> str | None:
        """A node's address in the subnet."""
        node = self.store.find("", name)
        found = (node or {}).get("status", {}).get("addresses") or ()
        return next((entry["address"] for entry in found if entry["type"] == "InternalIP"), None)

    async def agree(self, wanted: ClusterNodes) -> None:
        """Register what is missing, change what differs, and begin to remove what is not wanted any more."""
        await self.store.synced.wait()
        self.wanted = wanted.nodes
        for node in wanted.nodes.values():
            leaving = self._leaving.pop(node.name, None)
            if leaving is not None:
                leaving.cancel()
            await self._register(node, wanted)
        for _, name in list(self.store.objects):
            if name not in wanted.nodes and name not in self._leaving:
                task = asyncio.get_running_loop().create_task(self._remove(name))
                self._leaving[name] = task
                task.add_done_callback(lambda _, name=name: self._leaving.pop(name, None))  # type: ignore[misc]

    async def keep_alive(self) -> None:
        """Renew every node's lease, again and again."""
        while True:
            for _, name in list(self.store.objects):
                try:
                    await self._renew(name)
                except (ApiStatusError, aiohttp.ClientError, TimeoutError, OSError) as error:
                    _LOG.info("lease of %s: %s", name, error)
            await asyncio.sleep(RENEW_SECONDS)

    async def _register(self, node: NodeDescription, wanted: ClusterNodes) -> None:
        address = self.address(node.name) or self._free_address(wanted)
        found = self.store.find("", node.name)
        content = _object(node, wanted.project, found)
        if found is None:
            try:
                found = await self._client.post(NODES, content)
            except ApiStatusError as error:
                if error.status != CONFLICT:
                    raise
        else:
            await self._client.patch(f"{NODES}/{node.name}", _difference(content, found), MERGE)
        status = {"status": _status(node, address)}
        self.store.objects["", node.name] = await self._client.patch(f"{NODES}/{node.name}/status", status)
        await self._renew(node.name)
        self._joined(node.name, address)

    def _free_address(self, wanted: ClusterNodes) -> str:
        """An address of the subnet that no node of this cluster has, and where nobody listens."""
        taken = {self.address(name) for _, name in self.store.objects}
        for number in range(FIRST_HOST, wanted.subnet.num_addresses - 2):
            address = str(wanted.subnet[number])
            if address not in taken and _may_listen(address):
                return address
        raise ValueError(f"no address is left in {wanted.subnet}")

    async def _renew(self, name: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": stamp}
        try:
            await self._client.patch(f"{LEASES}/{name}", {"spec": spec}, MERGE)
        except ApiStatusError as error:
            if error.status != NOT_FOUND:
                raise
            metadata = {"name": name, "namespace": "kube-node-lease"}
            await self._client.post(LEASES, {"metadata": metadata, "spec": spec})

    async def _remove(self, name: str) -> None:
        """Cordon, evict within the time, delete."""
        try:
            await self._client.patch(f"{NODES}/{name}", {"spec": {"unschedulable": True}}, MERGE)
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._drain(name)
            except TimeoutError:
                _LOG.warning("node %s is removed with pods that could not be evicted", name)
            await self._client.delete_with(f"{NODES}/{name}", {})
            await self._client.delete_with(f"{LEASES}/{name}", {})
        except ApiStatusError as error:
            if error.status != NOT_FOUND:
                raise
        self._left(name)

    async def _drain(self, name: str) -> None:
        while pods := [pod for pod in self._pods.objects.values() if pod["spec"].get("nodeName") == name]:
            evictable = [pod for pod in pods if not _of_every_node(pod)]
            if not evictable:
                return
            for pod in evictable:
                if "deletionTimestamp" not in pod["metadata"]:
                    await self._evict(pod["metadata"])
            await asyncio.sleep(DRAIN_PAUSE)

    async def _evict(self, metadata: Mapping[str, Any]) -> None:
        names = {"name": metadata["name"], "namespace": metadata["namespace"]}
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/eviction"
        try:
            await self._client.post(path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": names})
        except ApiStatusError as error:
            # A disruption budget says: later.
            if error.status not in (TOO_MANY, NOT_FOUND):
                raise


def _of_every_node(pod: Mapping[str, Any]) -> bool:
    """Whether a pod belongs to a DaemonSet, which would only bring it back."""
    owners = pod["metadata"].get("ownerReferences") or ()
    return any(owner["kind"] == "DaemonSet" for owner in owners)


def _may_listen(address: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((twin_address(address), KUBELET_PORT))
        except OSError:
            return False
    return True


def _object(node: NodeDescription, project: str, found: Object | None) -> Object:
    metadata = {
        "name": node.name,
        "labels": {**node.labels, "kubernetes.io/hostname": node.name},
        "annotations": {
            "node.gke.io/last-applied-node-taints": "",
            "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        },
    }
    spec: Object = {"providerID": f"gce://{project}/{node.zone}/{node.name}"}
    # Taints that a controller or an operator set stay.
    wanted = {(taint["key"], taint["effect"]) for taint in node.taints}
    kept = [
        taint
        for taint in (found or {}).get("spec", {}).get("taints") or ()
        if (taint["key"], taint["effect"]) not in wanted
    ]
    if node.taints or kept:
        spec["taints"] = [*map(dict, node.taints), *kept]
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec}


def _difference(content: Object, found: Object) -> Object:
    """Labels that a pool has lost go with it: GKE's own and ours are all that is looked at."""
    return {"metadata": {"labels": content["metadata"]["labels"]}, "spec": {"taints": content["spec"].get("taints")}}


def _status(node: NodeDescription, address: str) -> Object:
    stamp = now()
    conditions = [
        {"type": kind, "status": status, "reason": reason, "message": message}
        | {"lastHeartbeatTime": stamp, "lastTransitionTime": stamp}
        for kind, status, reason, message in _CONDITIONS
    ]
    return {
        "capacity": capacity(node.machine, node.pods, node.disk_gb),
        "allocatable": allocatable(node.machine, node.pods, node.disk_gb),
        "conditions": conditions,
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": node.name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "nodeInfo": _information(node.name),
    }


def _information(name: str) -> Object:
    import platform

    return {
        "architecture": "amd64",
        "bootID": name,
        "containerRuntimeVersion": "presidential-digs://1",
        "kernelVersion": platform.release(),
        "kubeProxyVersion": "",
        "kubeletVersion": KUBELET_VERSION,
        "machineID": name,
        "operatingSystem": "linux",
        "osImage": "presidential-digs local cloud",
        "systemUUID": name,
    }

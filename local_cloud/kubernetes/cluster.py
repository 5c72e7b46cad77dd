"""One cluster: driven towards what its resource in the emulator says, in a task of its own."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.children import Child
from local_cloud.emulator.paths import get_path
from local_cloud.emulator.profiles.clusters.names import POOLS, manager_name
from local_cloud.kubernetes.access import ClusterAccess, NoSuchClusterError
from local_cloud.kubernetes.api_client import ApiStatusError
from local_cloud.kubernetes.control_plane import directory
from local_cloud.kubernetes.control_plane.configuration import authority_data
from local_cloud.kubernetes.control_plane.description import ClusterDescription
from local_cloud.kubernetes.control_plane.plane import ControlPlane
from local_cloud.kubernetes.control_plane.processes import child_name
from local_cloud.kubernetes.node_watch import nodes_gone, nodes_ready
from local_cloud.twins import Twin, twin_address

if TYPE_CHECKING:
    from local_cloud.emulator.store import Stored
    from local_cloud.kubernetes.control_plane.configuration import Doors
    from local_cloud.runtimes import Surroundings

_LOG = logging.getLogger(__name__)

_AGENT = "local_cloud.kubernetes.node"
_HTTPS = 443
# Pauses in seconds before a failed step is tried again, doubled up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
# A pool that still lacks nodes after so many seconds has failed.
NODE_SECONDS = 120


def describe(stored: Stored) -> ClusterDescription:
    """What the control plane of a cluster resource is made from."""
    body = stored.body
    private = ip_of(body, "privateEndpoint")
    head, _, last = private.rpartition(".")
    return ClusterDescription(
        name=stored.name,
        public_address=ip_of(body, "publicEndpoint"),
        private_address=private,
        metrics_address=f"{head}.{int(last) + 1}",
        dns_endpoint=get_path(body, "controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint"),
        pods=body["clusterIpv4Cidr"],
        services=body["servicesIpv4Cidr"],
    )


def ip_of(body: dict[str, Any], field: str) -> str:
    """An endpoint's address."""
    return str(body["privateClusterConfig"][field])


def agent_exists() -> bool:
    """Whether this installation has the node agent."""
    return importlib.util.find_spec(f"{_AGENT}.__main__") is not None


class RunningCluster:
    """A cluster's control plane and node agent, and the task that sees to them."""

    def __init__(self, stored: Stored, surroundings: Surroundings, doors: Doors) -> None:
        """Begin to drive the cluster."""
        self.name = stored.name
        self.access = ClusterAccess.of(surroundings.state.root, stored.name)
        self._description = describe(stored)
        self._surroundings = surroundings
        self._doors = doors
        self._plane = ControlPlane(self.access, self._description, surroundings.children)
        self._agent = child_name(self.access, "node-agent")
        self._woken = asyncio.Event()
        self._started = self._leaving = False
        self._task = asyncio.get_running_loop().create_task(self._drive())

    def wake(self) -> None:
        """The cluster or one of its pools changed. A deletion does not wait for what is being waited for."""
        stored = self._stored()
        if stored and stored.body.get("status") == "STOPPING" and not self._leaving:
            self._leaving = True
            self._task.cancel()
            self._task = asyncio.get_running_loop().create_task(self._drive(self._task))
        self._woken.set()

    async def stop(self) -> None:
        """End the processes, keep the files."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._end()

    async def remove(self) -> None:
        """End the processes and delete the files."""
        await self.stop()
        await asyncio.to_thread(directory.remove, self.access)

    def upstream(self, host: str, port: int) -> Twin | None:
        """The API server, when `host` is one of its names or addresses."""
        cluster = self._description
        if port != _HTTPS or host not in (cluster.public_address, cluster.private_address, cluster.dns_endpoint):
            return None
        try:
            return Twin(twin_address(cluster.private_address), self.access.api_address.port)
        except NoSuchClusterError:
            return None

    def listed(self) -> dict[str, Any]:
        """For `status`."""
        stored = self._stored()
        state = stored.body.get("status", "") if stored else "DELETED"
        child = self._surroundings.children.find(self._agent)
        agent = {"node-agent": child.pid} if child else {}
        return {"name": self.name, "state": state, "processes": {**self._plane.processes, **agent}}

    async def _drive(self, before: asyncio.Task[None] | None = None) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        pause = _FIRST_PAUSE
        while True:
            self._woken.clear()
            try:
                if await self._step():
                    return
                pause = _FIRST_PAUSE
            except (ApiStatusError, aiohttp.ClientError, OSError, TimeoutError) as error:
                _LOG.warning("%s: %s; trying again in %.1f s", self.name, error, pause)
                self._say(str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            await self._woken.wait()

    async def _step(self) -> bool:
        """Bring the cluster where the store wants it; whether it is gone."""
        stored = self._stored()
        if stored is None:
            return True
        if stored.body.get("status") == "STOPPING":
            await self._delete()
            return True
        if not self._started:
            await self._start()
        for pool in self._surroundings.resources.listed("container", POOLS):
            if pool.name.startswith(f"{self.name}/"):
                await self._settle_pool(pool)
        if stored.body.get("status") != "RUNNING" or "clusterCaCertificate" not in stored.body.get("masterAuth", {}):
            fields = {"status": "RUNNING", "statusMessage": None}
            self._patch(self.name, {**fields, "masterAuth.clusterCaCertificate": authority_data(self.access)})
        return False

    async def _start(self) -> None:
        """Start the control plane, then the agent; a second call after a failure goes on where the first ended."""
        if not self._plane.processes:
            await self._plane.start(self._surroundings.authority, self._doors, self._say)
        await self._plane.ready(self._say)
        with_agent = agent_exists()
        await self._plane.equip(metrics=with_agent)
        if with_agent and self._surroundings.children.find(self._agent) is None:
            self._surroundings.children.supervise(self._agent_child())
        self._started = True

    def _agent_child(self) -> Child:
        command = [sys.executable, "-m", _AGENT, "--state", str(self._surroundings.state.root), "--cluster", self.name]
        return Child(self._agent, command, self.access.log("node-agent"), dict(os.environ))

    async def _settle_pool(self, pool: Stored) -> None:
        """Wait until a pool has the nodes that its instance groups ask for, or none any more."""
        status, name = pool.body.get("status"), str(pool.body["name"])
        if status == "STOPPING":
            await nodes_gone(self.access, name, NODE_SECONDS)
            self._forget(pool)
        elif status in ("PROVISIONING", "RECONCILING"):
            lacking = await nodes_ready(self.access, name, self._size(pool), NODE_SECONDS) if agent_exists() else 0
            message = f"{lacking} nodes of {name} did not get ready in {NODE_SECONDS} s" if lacking else None
            self._patch(pool.name, {"status": "ERROR" if lacking else "RUNNING", "statusMessage": message})

    def _size(self, pool: Stored) -> int:
        names = [manager_name(url) for url in pool.body.get("instanceGroupUrls", [])]
        found = [self._surroundings.resources.find("compute", name) for name in names]
        return sum(int(manager.body["targetSize"]) for manager in found if manager)

    async def _delete(self) -> None:
        """End everything, then let the resources go: whoever asks for the cluster until then still finds it."""
        await self._end()
        await asyncio.to_thread(directory.remove, self.access)
        for pool in self._surroundings.resources.listed("container", POOLS):
            if pool.name.startswith(f"{self.name}/"):
                self._forget(pool)
        self._surroundings.resources.remove("container", self.name)

    def _forget(self, pool: Stored) -> None:
        for url in pool.body.get("instanceGroupUrls", []):
            self._surroundings.resources.remove("compute", manager_name(url))
        self._surroundings.resources.remove("container", pool.name)

    async def _end(self) -> None:
        await self._surroundings.children.dismiss(self._agent)
        await self._plane.stop()
        self._started = False

    def _say(self, message: str) -> None:
        """What the cluster waits for, for everybody who looks at it."""
        stored = self._stored()
        if stored and stored.body.get("status") != "RUNNING":
            self._patch(self.name, {"statusMessage": message})

    def _patch(self, name: str, fields: dict[str, Any]) -> None:
        self._surroundings.resources.patch("container", name, fields)

    def _stored(self) -> Stored | None:
        return self._surroundings.resources.find("container", self.name)

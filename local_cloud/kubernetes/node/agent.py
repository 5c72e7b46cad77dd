"""The agent: watches, nodes, pods and kubelet API of one cluster, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp

from local_cloud.containers.containers import Containers
from local_cloud.containers.distribution import RegistryAccess
from local_cloud.containers.environment import cloud_access
from local_cloud.containers.images import Images
from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.api_client import ApiStatusError
from local_cloud.kubernetes.node.client import NodeClient, Store
from local_cloud.kubernetes.node.events import Events
from local_cloud.kubernetes.node.kubelet.server import KubeletServer
from local_cloud.kubernetes.node.metadata import MetadataDoors
from local_cloud.kubernetes.node.nodes import Nodes
from local_cloud.kubernetes.node.pods import Pods
from local_cloud.kubernetes.node.workshop import ApiSources, PodTokens, Timing, Workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from local_cloud.kubernetes.access import ClusterAccess
    from local_cloud.kubernetes.node.pools import ClusterNodes
    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

# How many images are pulled and unpacked at once.
PULLS = 2
RETRY_SECONDS = 0.5


class Agent:
    """Every node of one cluster."""

    def __init__(self, state: StateDirectory, access: ClusterAccess, registry: RegistryAccess, timing: Timing) -> None:
        """For the cluster of `access`; images come through `registry`."""
        self._state = state
        self._access = access
        self._registry = registry
        self._timing = timing

    async def run(self, wanted: AsyncIterator[ClusterNodes]) -> None:
        """Until it is cancelled; `wanted` says, again and again, which nodes there are to be."""
        directory = self._access.directory / "node"
        directory.mkdir(exist_ok=True)
        async with (
            NodeClient(self._access, Identity.AGENT) as client,
            Containers(directory / "containers") as containers,
            asyncio.TaskGroup() as group,
        ):
            stores = {
                kind: Store(client, f"/api/v1/{kind}")
                for kind in ("configmaps", "secrets", "services", "serviceaccounts")
            }
            events = Events(client)
            workshop = Workshop(
                client=client,
                images=Images(self._state.root / "containers", self._registry),
                containers=containers,
                events=events,
                sources=ApiSources(client, stores["configmaps"], stores["secrets"]),
                tokens=PodTokens(client),
                doors=MetadataDoors(self._state.admin_socket, self._access.cluster, stores["serviceaccounts"]),
                timing=self._timing,
                directory=directory / "pods",
                cloud=cloud_access(self._state) if self._state.port_file.exists() else None,
                services=lambda: tuple(stores["services"].objects.values()),
                pulls=asyncio.Semaphore(PULLS),
            )
            await self._serve(group, workshop, stores, wanted)

    async def _serve(
        self,
        group: asyncio.TaskGroup,
        workshop: Workshop,
        stores: Mapping[str, Store],
        wanted: AsyncIterator[ClusterNodes],
    ) -> None:
        client = workshop.client
        all_pods = Store(client, "/api/v1/pods", selector="spec.nodeName!=")
        kubelet = KubeletServer(self._access)
        nodes = Nodes(client, all_pods, kubelet.join, kubelet.leave)
        pods = Pods(workshop, nodes, stores["services"])
        await kubelet.start(pods, nodes, workshop)
        for store in (*stores.values(), nodes.store):
            group.create_task(store.run())
        group.create_task(workshop.events.run())
        group.create_task(self._supervised(workshop.containers))
        for store in (*stores.values(), nodes.store):
            await store.synced.wait()
        all_pods.listen(pods.changed, pods.gone)
        group.create_task(all_pods.run())
        group.create_task(nodes.keep_alive())
        group.create_task(self._sweep(all_pods, pods))
        try:
            async for description in wanted:
                await self._agree(nodes, description)
        finally:
            await pods.stop()
            await kubelet.stop()

    @staticmethod
    async def _supervised(containers: Containers) -> None:
        """End with the supervisor: whoever started this agent starts it again."""
        await containers.lost.wait()
        raise RuntimeError("the supervisor of the containers has ended")

    @staticmethod
    async def _sweep(all_pods: Store, pods: Pods) -> None:
        await all_pods.synced.wait()
        pods.sweep({pod["metadata"]["uid"] for pod in all_pods.objects.values()})

    @staticmethod
    async def _agree(nodes: Nodes, description: ClusterNodes) -> None:
        """Register the nodes, however often it takes."""
        while True:
            try:
                await nodes.agree(description)
            except (ApiStatusError, aiohttp.ClientError, TimeoutError, OSError) as error:
                _LOG.warning("nodes: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

"""Clusters of the `container` profile as running control planes with a node agent each."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.profiles.clusters.names import CLUSTERS
from local_cloud.kubernetes.access import ClusterAccess
from local_cloud.kubernetes.cluster import RunningCluster
from local_cloud.kubernetes.control_plane import directory
from local_cloud.kubernetes.control_plane.configuration import Doors, webhook_secret
from local_cloud.kubernetes.control_plane.egress import Egress
from local_cloud.kubernetes.control_plane.webhooks import Webhooks

if TYPE_CHECKING:
    from local_cloud.runtimes import Surroundings
    from local_cloud.twins import Twin

_LOG = logging.getLogger(__name__)


class KubernetesRuntime:
    """See local_cloud/runtimes.py."""

    name = "kubernetes"
    services = frozenset({"container"})
    runs = frozenset({"container"})

    def __init__(self, surroundings: Surroundings) -> None:
        """Keep `surroundings`."""
        self._surroundings = surroundings
        self._clusters: dict[str, RunningCluster] = {}
        self._egress = Egress()
        self._webhooks = Webhooks(surroundings.cloud, surroundings.authority, self._secrets)
        self._doors: Doors | None = None

    async def start(self) -> None:
        """Answer what API servers ask the daemon."""
        state = self._surroundings.state
        await self._egress.start(state.egress_socket)
        port = await self._webhooks.start(self._surroundings.directory / "webhook.port")
        self._doors = Doors(port, state.ca_certificate, state.egress_socket)

    async def changed(self) -> None:
        """Every cluster of the store runs, and no other; each sees to itself in a task of its own."""
        assert self._doors is not None
        wanted = {stored.name: stored for stored in self._surroundings.resources.listed("container", CLUSTERS)}
        for name, stored in wanted.items():
            if name not in self._clusters:
                self._clusters[name] = RunningCluster(stored, self._surroundings, self._doors)
            self._clusters[name].wake()
        for name in set(self._clusters) - set(wanted):
            await self._clusters.pop(name).remove()
        for access in ClusterAccess.all(self._surroundings.state.root):
            if access.cluster not in self._clusters:
                # Deleted, or put back to a time before it, while no daemon ran.
                directory.remove(access)

    async def stop(self) -> None:
        """End all processes; what they keep stays."""
        await asyncio.gather(*(cluster.stop() for cluster in self._clusters.values()))
        self._clusters.clear()
        await self._webhooks.stop()
        await self._egress.stop()

    async def clear(self) -> None:
        """End all processes and forget what they kept."""
        await asyncio.gather(*(cluster.remove() for cluster in self._clusters.values()))
        self._clusters.clear()

    def upstream(self, host: str, port: int) -> Twin | None:
        """The API server behind an endpoint."""
        found = (cluster.upstream(host, port) for cluster in self._clusters.values())
        return next((twin for twin in found if twin is not None), None)

    def listed(self) -> list[dict[str, Any]]:
        """Clusters with their processes."""
        return [cluster.listed() for cluster in self._clusters.values()]

    def _secrets(self) -> dict[str, tuple[str, str]]:
        return {
            cluster.access.directory.name: (name, webhook_secret(cluster.access))
            for name, cluster in self._clusters.items()
            if cluster.access.directory.is_dir()
        }


RUNTIME = KubernetesRuntime

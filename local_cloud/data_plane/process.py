"""The data plane's process: follows the cloud and its clusters, and keeps listeners, edge and names in step."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from local_cloud.certificates import Authority
from local_cloud.data_plane.clusters.cluster import Cluster
from local_cloud.data_plane.clusters.facts import ClusterFacts
from local_cloud.data_plane.clusters.load_balancers import owner, sweep
from local_cloud.data_plane.edge.backend_services import NetworkEndpoint
from local_cloud.data_plane.edge.configuration import Configuration, Group, Reading, Resource
from local_cloud.data_plane.edge.edge import Edge
from local_cloud.data_plane.google import Google
from local_cloud.data_plane.names.records import Records, short_name
from local_cloud.data_plane.names.responder import Responder
from local_cloud.data_plane.places import PUBLISHED, SERVICES, cloud_run_socket
from local_cloud.data_plane.service_addresses import ServiceAddresses
from local_cloud.kubernetes.access import ClusterAccess, NoSuchClusterError
from local_cloud.twins import twin

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

_CLUSTERS = "container:projects.locations.clusters"
_DNS_PORT = 53
_METADATA = {"metadata.google.internal": ["169.254.169.254"]}


class DataPlane:
    """All of it, inside one event loop."""

    def __init__(self, state: StateDirectory) -> None:
        """For the local cloud in `state`, whose daemon runs."""
        self._state = state
        self._google = Google(state)
        self._edge = Edge(Authority.read(state), cloud_run_socket(state), self._wake)
        self._addresses = ServiceAddresses()
        self._clusters: dict[str, Cluster] = {}
        self._responders: dict[str, tuple[str, Responder]] = {}
        self._configuration = Configuration((), {}, {})
        self._compute: Mapping[str, Mapping[str, Any]] = {}
        self._records = Records([])
        self._woken = asyncio.Event()
        self._published: dict[str, Any] = {}

    async def run(self) -> None:
        """Work until SIGTERM."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        tasks = [loop.create_task(work) for work in (self._follow(), self._keep(), ended.wait())]
        _LOG.info("the data plane of %s runs", self._state.root)
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await self._close()
        for task in done:
            task.result()

    async def _close(self) -> None:
        for cluster in self._clusters.values():
            await cluster.close()
        for _, responder in self._responders.values():
            responder.close()
        self._addresses.close()
        await self._edge.close()
        await self._google.close()

    def _wake(self) -> None:
        self._woken.set()

    async def _follow(self) -> None:
        """Read the cloud's resources whenever they change."""
        async for resources in self._google.resources(sorted(SERVICES)):
            reading = Reading(resources)
            self._configuration = reading.configuration()
            self._records = Records(found.body for found in reading.of("dns:resourceRecordSets"))
            self._compute = {found.name: found.body for found in resources if found.service == "compute"}
            await self._follow_clusters(reading.of(_CLUSTERS))
            self._wake()

    async def _follow_clusters(self, found: Sequence[Resource]) -> None:
        """Attend to the clusters that there are and that have been started."""
        wanted = {one.name: one for one in found if one.body.get("status") != "STOPPING"}
        for name in [name for name in self._clusters if name not in wanted]:
            await self._clusters.pop(name).close()
        for name, one in wanted.items():
            if name not in self._clusters:
                try:
                    access = ClusterAccess.of(self._state.root, name)
                    cluster = Cluster(access, ClusterFacts.of(name, one.body), self._google, self._wake)
                except (NoSuchClusterError, FileNotFoundError):
                    # The control plane has not written its files yet; the cluster's resource changes when it has.
                    continue
                self._clusters[name] = cluster
                cluster.start()
        existing = {one.name for one in found}
        for orphaned in {owner(body) for body in self._compute.values()} - existing - {""}:
            await sweep(self._google, orphaned, self._compute.items())

    async def _keep(self) -> None:
        """Bring everything in step after each change; changes that come while that is done count together."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._agree()
            except Exception:  # noqa: BLE001 - the loop must outlive any defect
                _LOG.exception("the data plane could not follow a change")
                await asyncio.sleep(1)
                self._wake()

    async def _agree(self) -> None:
        await self._edge.update(self._configuration, self._members)
        ports = {where: found for cluster in self._clusters.values() for where, found in cluster.ports().items()}
        await self._addresses.update(ports)
        healths = self._edge.healths()
        for cluster in self._clusters.values():
            cluster.attend(self._compute, healths)
        await self._answer_names()
        self._publish()

    def _members(self, group: Group) -> Sequence[NetworkEndpoint]:
        """The endpoints of a zonal group: the pods of this moment, else what somebody attached by the API."""
        for cluster in self._clusters.values():
            if group.name in cluster.members and cluster.synced:
                return [NetworkEndpoint(member.address, member.port) for member in cluster.members[group.name]]
        listed = (entry.get("networkEndpoint") or {} for entry in group.body.get("networkEndpoints") or [])
        return [NetworkEndpoint(str(one["ipAddress"]), int(one["port"])) for one in listed if one.get("ipAddress")]

    async def _answer_names(self) -> None:
        """A name server at each cluster's address for one."""
        for name in list(self._responders):
            cluster = self._clusters.get(name)
            if cluster is None or cluster.names_address != self._responders[name][0]:
                self._responders.pop(name)[1].close()
        for name, cluster in self._clusters.items():
            address = cluster.names_address
            if address is None or name in self._responders:
                continue
            responder = Responder(partial(self._lookup, cluster))
            try:
                await responder.open(*twin(address, _DNS_PORT))
            except OSError as error:
                responder.close()
                _LOG.error("no name server at %s: %s", address, error)
            else:
                self._responders[name] = (address, responder)

    def _lookup(self, cluster: Cluster, asked: str) -> Sequence[str] | None:
        names = {**_METADATA, **cluster.names()}
        found = names.get(short_name(asked))
        return found if found is not None else self._records.addresses(asked) or None

    def _publish(self) -> None:
        """Tell the daemon what is known here alone: names of services, and what listens or could not."""
        names: dict[str, list[str]] = {}
        for cluster in self._clusters.values():
            names = {**cluster.names(), **names}
        published = {
            "names": names,
            "clusters": {name: cluster.synced for name, cluster in self._clusters.items()},
            "service_ports": len(self._addresses),
            "load_balancers": [entrance.rule.name for entrance in self._edge.listening.values()],
            "refused": {
                **{"{}:{}".format(*where): why for where, why in self._addresses.refused.items()},
                **self._edge.refused,
            },
        }
        if published != self._published:
            self._published = published
            path = self._state.root / PUBLISHED
            staged = path.with_name(f"{path.name}.new")
            staged.write_text(json.dumps(published) + "\n")
            staged.replace(path)

"""One cluster as the data plane sees it: its services and endpoints followed, its controllers kept at work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.data_plane.clusters.api import ApiRefusal, ClusterApi, Object, Reflector
from local_cloud.data_plane.clusters.endpoint_groups import EndpointGroups
from local_cloud.data_plane.clusters.load_balancers import LoadBalancers
from local_cloud.data_plane.clusters.services import PodEndpoint, by_service, service_ports
from local_cloud.data_plane.names.records import service_names

if TYPE_CHECKING:
    from local_cloud.data_plane.clusters.facts import ClusterFacts
    from local_cloud.data_plane.edge.backend_services import NetworkEndpoint
    from local_cloud.data_plane.google import Google
    from local_cloud.data_plane.reverse_proxy.backends import Address
    from local_cloud.data_plane.service_addresses import ServicePort
    from local_cloud.kubernetes.access import ClusterAccess

_LOG = logging.getLogger(__name__)

# Controllers try again after this many seconds when something failed; changes that come together are handled at once.
RETRY_SECONDS = 3.0
SETTLE_SECONDS = 0.02
_DNS = ("kube-system", "kube-dns")
_DNS_PORTS = (("dns", "UDP"), ("dns-tcp", "TCP"))


class Cluster:
    """Followed from `start` to `close`."""

    def __init__(self, access: ClusterAccess, facts: ClusterFacts, google: Google, told: Callable[[], None]) -> None:
        """`told` is called after every change of services or endpoints."""
        self.facts = facts
        self._told = told
        self._api = ClusterApi(access)
        self._services = Reflector(self._api, "/api/v1/services", self._changed)
        self._slices = Reflector(self._api, "/apis/discovery.k8s.io/v1/endpointslices", self._changed)
        self._balancers = LoadBalancers(facts, self._api, google)
        self._groups = EndpointGroups(facts, self._api, google)
        self._compute: Mapping[str, Mapping[str, Any]] = {}
        self._healths: Mapping[str, Mapping[NetworkEndpoint, bool]] = {}
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def synced(self) -> bool:
        """Whether services and endpoints have been seen."""
        return self._services.synced and self._slices.synced

    @property
    def members(self) -> Mapping[str, Sequence[PodEndpoint]]:
        """Ready pods by the relative name of the zonal group they are in."""
        return self._groups.members

    @property
    def names_address(self) -> str | None:
        """The address of the cluster's name server; None while it has none."""
        service = self._services.objects.get(_DNS)
        address = service["spec"].get("clusterIP") if service else None
        return str(address) if address and address != "None" else None

    def start(self) -> None:
        """Follow and control."""
        loop = asyncio.get_running_loop()
        work: tuple[Coroutine[Any, Any, None], ...] = (self._services.run(), self._slices.run(), self._control())
        self._tasks = [loop.create_task(one) for one in work]

    async def close(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close()

    def ports(self) -> dict[ServicePort, list[Address]]:
        """Where its services listen, and the endpoints behind each."""
        return service_ports(self._services.objects.values(), self._slices.objects.values())

    def names(self) -> dict[str, list[str]]:
        """Names of its services without the cluster's domain → addresses."""
        return service_names(self._services.objects.values(), by_service(self._slices.objects.values()))

    def attend(
        self, compute: Mapping[str, Mapping[str, Any]], healths: Mapping[str, Mapping[NetworkEndpoint, bool]]
    ) -> None:
        """What Compute has (by relative name) and what the edge knows of its endpoints, for the controllers."""
        if compute is not self._compute or healths != self._healths:
            self._compute, self._healths = compute, healths
            self._woken.set()

    def _changed(self) -> None:
        if self.synced:
            self._groups.look(self._services.objects.values(), self._slices.objects.values())
            self._woken.set()
            self._told()

    async def _control(self) -> None:
        """Compute and the cluster agree, whatever changes, again and again."""
        while True:
            await self._woken.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._woken.clear()
            if not self.synced:
                continue
            try:
                succeeded = await self._agree()
            except Exception:  # noqa: BLE001 - the loop must outlive any defect of a controller
                _LOG.exception("the controllers of %s failed", self.facts.name)
                succeeded = False
            if not succeeded:
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._woken.set)

    async def _agree(self) -> bool:
        await self._have_name_service()
        services: list[Object] = list(self._services.objects.values())
        of = self._of_kind
        balanced = await self._balancers.sync(services, of("forwardingRules"))
        grouped = await self._groups.sync(services, of("networkEndpointGroups"), self._healths)
        return balanced and grouped

    async def _have_name_service(self) -> None:
        """The Service of the name server, which GKE puts into every cluster; what answers there is `responder.py`."""
        if _DNS in self._services.objects or not self.facts.names_address:
            return
        ports = [{"name": name, "port": 53, "protocol": protocol} for name, protocol in _DNS_PORTS]
        body = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": _DNS[1], "namespace": _DNS[0], "labels": {"k8s-app": _DNS[1]}},
            "spec": {"clusterIP": self.facts.names_address, "ports": ports},
        }
        try:
            await self._api.request("POST", f"/api/v1/namespaces/{_DNS[0]}/services", body)
        except ApiRefusal as error:
            _LOG.warning("%s has no name service: %s", self.facts.name, error)

    def _of_kind(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        return {name: body for name, body in self._compute.items() if name.split("/")[-2] == kind}

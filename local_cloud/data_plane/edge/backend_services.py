"""Backend services at work: endpoints from their groups, probed, kept over changes of the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from local_cloud.data_plane.edge.configuration import Group, Service
from local_cloud.data_plane.edge.health_checks import HealthCheck, Prober
from local_cloud.data_plane.reverse_proxy.backends import Address, Backend, Endpoint
from local_cloud.twins import twin

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.messages import Request

SERVERLESS = "SERVERLESS"
# How the front end of Cloud Run is told which service a request is for, over a socket that only the edge speaks on.
SERVICE_HEADER = b"X-Local-Cloud-Run-Service"


class NetworkEndpoint(NamedTuple):
    """A member of a zonal group, by its address in the cloud."""

    address: str
    port: int


Members = Callable[[Group], Sequence[NetworkEndpoint]]


class EdgeBackend:
    """One backend service."""

    def __init__(self, name: str, told: Callable[[], None]) -> None:
        """`told` is called whenever the health of an endpoint turns."""
        self.backend = Backend(name)
        self.serverless: Group | None = None
        self.service: Service | None = None
        self._told = told
        self._check: Mapping[str, Any] | None = None
        self._probers: dict[Address, Prober] = {}
        self._known_as: dict[Address, NetworkEndpoint] = {}

    def update(self, service: Service, members: Members, cloud_run: Path) -> None:
        """Agree with the resource; `members` lists the endpoints of a group, `cloud_run` is the socket behind
        serverless ones."""
        self.service = service
        self.backend.draining_seconds = service.draining_seconds
        self.serverless = next((group for group in service.groups if group.kind == SERVERLESS), None)
        if self.serverless is not None:
            self.backend.update([Address(str(cloud_run))])
            return
        known = {}
        for group in service.groups:
            for member in members(group):
                known[Address(*twin(member.address, member.port))] = member
        self._known_as = known
        came, gone = self.backend.update(known, new=self._new)
        for endpoint in gone:
            self._stop(endpoint.address)
        if service.health_check != self._check:
            self._check = service.health_check
            for address in list(self._probers):
                self._stop(address)
            came = list(self.backend.endpoints.values())
        for endpoint in came:
            self._probe(endpoint)

    def healths(self) -> Mapping[NetworkEndpoint, bool]:
        """The endpoints and whether each is healthy."""
        return {self._known_as[address]: one.healthy for address, one in self.backend.endpoints.items()}

    def close(self) -> None:
        """Probe no more, cut everything."""
        for address in list(self._probers):
            self._stop(address)
        self.backend.close()

    def _new(self, address: Address) -> Endpoint:
        assert self.service is not None
        return Endpoint(address, healthy=self.service.health_check is None)

    def _probe(self, endpoint: Endpoint) -> None:
        if self._check is None:
            endpoint.healthy = True
            return
        known_as = "{}:{}".format(*self._known_as[endpoint.address])
        self._probers[endpoint.address] = Prober(HealthCheck(self._check), endpoint, known_as, self._told)

    def _stop(self, address: Address) -> None:
        prober = self._probers.pop(address, None)
        if prober is not None:
            prober.stop()


def run_service(group: Group, request: Request) -> str:
    """The Cloud Run service (and `;tag`) that a serverless group sends a request to; empty when its mask does not fit.

    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts#url_masks
    """
    target = group.body.get("cloudRun") or {}
    service, tag = target.get("service", ""), target.get("tag", "")
    mask = target.get("urlMask")
    if mask:
        found = _mask(mask).fullmatch(f"{request.host}{request.path}" if not mask.startswith("/") else request.path)
        if found is None:
            return ""
        named = found.groupdict()
        service, tag = named.get("service", service), named.get("tag", tag)
    parts = group.name.split("/")
    return f"projects/{parts[1]}/locations/{parts[3]}/services/{service}{f';{tag}' if tag else ''}"


def _mask(mask: str) -> re.Pattern[str]:
    """`<tag>.example.com/<service>` as an expression; what follows the mask's path does not matter."""
    escaped = re.escape(mask).replace("<service>", "(?P<service>[a-z0-9-]+)").replace("<tag>", "(?P<tag>[a-z0-9-]+)")
    return re.compile(rf"{escaped}(/.*)?" if "/" in mask else rf"{escaped}/.*")

"""GKE's controller of network endpoint groups: Services with the annotation get zonal groups of their ready pods."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.data_plane.clusters.facts import CLUSTER_KEY, SERVICE_KEY, ClusterFacts
from local_cloud.data_plane.clusters.load_balancers import Failed, delete, owner
from local_cloud.data_plane.clusters.services import (
    NEG_STATUS_ANNOTATION,
    GroupRequest,
    PodEndpoint,
    annotations_of,
    by_service,
    endpoints,
    group_requests,
    key_of,
    port_name,
)
from local_cloud.data_plane.edge.backend_services import NetworkEndpoint
from local_cloud.data_plane.google import GoogleRefusal

if TYPE_CHECKING:
    from local_cloud.data_plane.clusters.api import ClusterApi
    from local_cloud.data_plane.google import Google

_LOG = logging.getLogger(__name__)

Object = dict[str, Any]
Bodies = Mapping[str, Mapping[str, Any]]


class EndpointGroups:
    """Those of one cluster. `members` is always of this moment; what Compute shows follows it."""

    def __init__(self, facts: ClusterFacts, api: ClusterApi, google: Google) -> None:
        """Nothing is looked at yet."""
        self.members: Mapping[str, Sequence[PodEndpoint]] = {}
        self._facts = facts
        self._api = api
        self._google = google
        self._requests: dict[tuple[str, str], list[GroupRequest]] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._failures: dict[str, str] = {}

    def look(self, services: Iterable[Object], slices: Iterable[Object]) -> None:
        """Take the groups and their members from the cluster's objects."""
        grouped = by_service(slices)
        members: dict[str, list[PodEndpoint]] = {}
        requests = {}
        for service in services:
            key = key_of(service)
            wanted = [] if service["metadata"].get("deletionTimestamp") else self._read(service)
            for request in wanted:
                found = endpoints(grouped.get(key, ()), port_name(service, request.port))
                for zone in self._facts.zones:
                    here = [one for one in found if one.zone == zone and one.ready and not one.terminating]
                    members[self._path(zone, request.name)] = here
            if wanted:
                requests[key] = wanted
        self.members, self._requests = members, requests

    async def sync(
        self, services: Iterable[Object], groups: Bodies, healths: Mapping[str, Mapping[NetworkEndpoint, bool]]
    ) -> bool:
        """Make Compute and the annotations agree with `look`; False when something failed and wants another try.

        `groups` are the zonal groups of the cloud by relative name; `healths` those of the edge, by backend service.
        """
        succeeded = True
        for name in [name for name, body in groups.items() if owner(body) == self._facts.name]:
            if name not in self.members:
                succeeded = await self._try(delete(self._google, name), f"{name} stays") and succeeded
        for wanted in self._requests.values():
            for request in wanted:
                for zone in self._facts.zones:
                    if self._path(zone, request.name) not in groups:
                        making = self._make(zone, request)
                        succeeded = await self._try(making, f"group {request.name} in {zone}") and succeeded
        changes = [change for name in self.members if name in groups for change in self._shown(name, groups, healths)]
        succeeded = await self._try(self._google.note(changes), "members of groups") and succeeded
        for service in services:
            succeeded = await self._try(self._annotate(service), f"annotation of {key_of(service)}") and succeeded
        return succeeded

    def _read(self, service: Object) -> list[GroupRequest]:
        key = key_of(service)
        try:
            return group_requests(service)
        except ValueError as error:
            if self._said.get(key) != str(error):
                self._said[key] = str(error)
                _LOG.warning("service %s/%s: %s", *key, error)
            return []

    def _path(self, zone: str, name: str) -> str:
        return f"projects/{self._facts.project}/zones/{zone}/networkEndpointGroups/{name}"

    async def _make(self, zone: str, request: GroupRequest) -> None:
        said = {SERVICE_KEY: f"{request.namespace}/{request.service}", CLUSTER_KEY: self._facts.name}
        body = {
            "name": request.name,
            "description": json.dumps({**said, "port": str(request.port)}),
            "networkEndpointType": "GCE_VM_IP_PORT",
            "network": self._facts.network,
            "subnetwork": self._facts.subnetwork,
        }
        above = self._path(zone, "").rstrip("/")
        try:
            await self._google.request("POST", f"compute.googleapis.com/compute/v1/{above}", body)
        except GoogleRefusal as error:
            if error.status != 409:
                raise

    def _shown(
        self, name: str, groups: Bodies, healths: Mapping[str, Mapping[NetworkEndpoint, bool]]
    ) -> list[dict[str, Any]]:
        """The change that shows a group's members and their health; none when it shows them already."""
        shown = []
        for member in self.members[name]:
            known = NetworkEndpoint(member.address, member.port)
            states = [
                {
                    "backendService": {"backendService": link},
                    "healthState": "HEALTHY" if found[known] else "UNHEALTHY",
                }
                for link, found in sorted(healths.items())
                if known in found
            ]
            endpoint = {"ipAddress": member.address, "port": member.port, "instance": member.node}
            shown.append({"networkEndpoint": endpoint, **({"healths": states} if states else {})})
        if shown == (groups[name].get("networkEndpoints") or []):
            return []
        return [{"service": "compute", "name": name, "fields": {"networkEndpoints": shown}}]

    async def _annotate(self, service: Object) -> None:
        """What a service's groups are called and where they are, for whoever refers to them."""
        wanted = self._requests.get(key_of(service))
        if not wanted:
            return
        said = {
            "network_endpoint_groups": {str(request.port): request.name for request in wanted},
            "zones": sorted(self._facts.zones),
        }
        text = json.dumps(said, separators=(",", ":"))
        if annotations_of(service).get(NEG_STATUS_ANNOTATION) != text:
            path = "/api/v1/namespaces/{}/services/{}".format(*key_of(service))
            await self._api.patch(path, {"metadata": {"annotations": {NEG_STATUS_ANNOTATION: text}}})

    async def _try(self, work: Any, what: str) -> bool:
        """Whether `work` succeeded; a failure is said once, not at every try."""
        try:
            await work
        except Failed as error:
            if self._failures.get(what) != str(error):
                _LOG.warning("%s: %s", what, error)
            self._failures[what] = str(error)
            return False
        self._failures.pop(what, None)
        return True

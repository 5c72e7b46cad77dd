"""GKE's service controller: a Service of type LoadBalancer gets an address, a forwarding rule and its status.

As on GKE, the rule points to a regional backend service with a health check of the nodes; all three are named after
the Service's uid. What listens at the address is the same that listens at the Service's own (service_addresses.py).
https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.data_plane.clusters.api import ApiRefusal
from local_cloud.data_plane.clusters.facts import CLUSTER_KEY, SERVICE_KEY, ClusterFacts
from local_cloud.data_plane.clusters.services import annotations_of, external_addresses, key_of
from local_cloud.data_plane.edge.configuration import relative
from local_cloud.data_plane.google import GoogleRefusal

if TYPE_CHECKING:
    from local_cloud.data_plane.clusters.api import ClusterApi
    from local_cloud.data_plane.google import Google

_LOG = logging.getLogger(__name__)

Object = dict[str, Any]

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
_TYPE = ("networking.gke.io/load-balancer-type", "cloud.google.com/load-balancer-type")
_ADDRESSES = "networking.gke.io/load-balancer-ip-addresses"
# A forwarding rule lists at most this many ports.
_MOST_PORTS = 5
# Where kube-proxy answers health checks of load balancers on every node.
_NODE_HEALTH = {"port": 10256, "requestPath": "/healthz"}

Failed = (GoogleRefusal, ApiRefusal, aiohttp.ClientError, OSError, TimeoutError)


class LoadBalancers:
    """Those of one cluster."""

    def __init__(self, facts: ClusterFacts, api: ClusterApi, google: Google) -> None:
        """Nothing is looked at yet."""
        self._facts = facts
        self._api = api
        self._google = google
        self._ensured: dict[str, str] = {}
        self._failures: dict[str, str] = {}

    async def sync(self, services: Iterable[Object], rules: Mapping[str, Mapping[str, Any]]) -> bool:
        """Drive towards what the services ask for; False when something failed and wants another try.

        `rules` are the forwarding rules of the cloud, by relative name.
        """
        succeeded = True
        for service in services:
            try:
                await self._one(service, rules)
            except Failed as error:
                succeeded = False
                await self._complain(service, str(error) or type(error).__name__)
        return succeeded

    async def _one(self, service: Object, rules: Mapping[str, Mapping[str, Any]]) -> None:
        metadata = service["metadata"]
        wanted = service["spec"].get("type") == "LoadBalancer" and not metadata.get("deletionTimestamp")
        held = FINALIZER in (metadata.get("finalizers") or [])
        if not wanted:
            if held:
                await self._remove(service)
            return
        said = json.dumps([service["spec"].get("ports"), self._wish(service)])
        rule = rules.get(self._path("forwardingRules", _name(service)))
        if rule is not None and self._ensured.get(metadata["uid"]) == said and external_addresses(service):
            return
        if not held:
            finalizers = [*(metadata.get("finalizers") or []), FINALIZER]
            await self._api.patch(_path(service), {"metadata": {"finalizers": finalizers}})
            await self._api.event(service, "EnsuringLoadBalancer", "Ensuring load balancer")
        address = await self._ensure(service)
        if external_addresses(service) != [address]:
            status = {"status": {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}}
            await self._api.patch(f"{_path(service)}/status", status)
            await self._api.event(service, "EnsuredLoadBalancer", "Ensured load balancer")
        self._ensured[metadata["uid"]] = said
        self._failures.pop(metadata["uid"], None)

    def _wish(self, service: Object) -> tuple[str, str]:
        """The scheme and the address (literal or resource link, empty: any) that a service asks for."""
        annotations = annotations_of(service)
        internal = any(annotations.get(name) == "Internal" for name in _TYPE)
        named = annotations.get(_ADDRESSES, "").split(",")[0].strip()
        address = self._path("addresses", named) if named else str(service["spec"].get("loadBalancerIP") or "")
        return "INTERNAL" if internal else "EXTERNAL", address

    async def _ensure(self, service: Object) -> str:
        """The address of the service's forwarding rule, made as the service asks for when it is not so yet."""
        scheme, address = self._wish(service)
        ports = sorted({str(port["port"]) for port in service["spec"].get("ports") or []}, key=int)
        found = await self._get("forwardingRules", _name(service))
        if found is not None:
            literal = await self._literal(address)
            same = found.get("loadBalancingScheme") == scheme and (found.get("ports") or []) == ports[:_MOST_PORTS]
            if same and literal in ("", found["IPAddress"]):
                return str(found["IPAddress"])
            await self._delete_all(_name(service))
        return await self._create(service, scheme, address, ports)

    async def _create(self, service: Object, scheme: str, address: str, ports: list[str]) -> str:
        name, namespaced = _name(service), "/".join(key_of(service))
        said = json.dumps({SERVICE_KEY: namespaced, CLUSTER_KEY: self._facts.name})
        check = {"name": name, "description": said, "type": "HTTP", "httpHealthCheck": _NODE_HEALTH}
        await self._insert("healthChecks", check)
        backend = {
            "name": name,
            "description": said,
            "protocol": "TCP",
            "loadBalancingScheme": scheme,
            "healthChecks": [self._path("healthChecks", name)],
            **({"network": self._facts.network} if scheme == "INTERNAL" else {}),
        }
        await self._insert("backendServices", backend)
        rule = {
            "name": name,
            "description": said,
            "IPProtocol": "TCP",
            "loadBalancingScheme": scheme,
            "backendService": self._path("backendServices", name),
            **({"ports": ports} if len(ports) <= _MOST_PORTS else {"allPorts": True}),
            **({"IPAddress": address} if address else {}),
            **({"network": self._facts.network, "subnetwork": self._facts.subnetwork} if scheme == "INTERNAL" else {}),
        }
        await self._insert("forwardingRules", rule)
        made = await self._get("forwardingRules", name)
        if made is None:
            raise GoogleRefusal(404, f"forwarding rule {name} is gone as soon as it was made")
        return str(made["IPAddress"])

    async def _literal(self, address: str) -> str:
        if "/" not in address:
            return address
        found = await self._get("addresses", address.rpartition("/")[2])
        return str(found["address"]) if found else address

    async def _remove(self, service: Object) -> None:
        await self._delete_all(_name(service))
        metadata = service["metadata"]
        self._ensured.pop(metadata["uid"], None)
        if not metadata.get("deletionTimestamp"):
            await self._api.patch(f"{_path(service)}/status", {"status": {"loadBalancer": None}})
        left = [name for name in metadata.get("finalizers") or [] if name != FINALIZER]
        await self._api.patch(_path(service), {"metadata": {"finalizers": left or None}})

    async def _complain(self, service: Object, message: str) -> None:
        """Say a failure once, in the log and to whoever describes the service."""
        uid = service["metadata"]["uid"]
        if self._failures.get(uid) == message:
            return
        self._failures[uid] = message
        _LOG.warning("load balancer of %s/%s: %s", *key_of(service), message)
        try:
            told = f"Error syncing load balancer: failed to ensure load balancer: {message}"
            await self._api.event(service, "SyncLoadBalancerFailed", told, warning=True)
        except Failed as error:
            _LOG.info("the event could not be written: %s", error)

    # Compute

    def _path(self, collection: str, name: str) -> str:
        return f"projects/{self._facts.project}/regions/{self._facts.region}/{collection}/{name}"

    async def _get(self, collection: str, name: str) -> dict[str, Any] | None:
        try:
            return await self._google.request(
                "GET", f"compute.googleapis.com/compute/v1/{self._path(collection, name)}"
            )
        except GoogleRefusal as error:
            if error.status == 404:
                return None
            raise

    async def _insert(self, collection: str, body: Mapping[str, Any]) -> None:
        above = self._path(collection, "").rstrip("/")
        try:
            await self._google.request("POST", f"compute.googleapis.com/compute/v1/{above}", body)
        except GoogleRefusal as error:
            if error.status != 409:
                raise

    async def _delete_all(self, name: str) -> None:
        for collection in ("forwardingRules", "backendServices", "healthChecks"):
            await delete(self._google, self._path(collection, name))


async def delete(google: Google, name: str) -> None:
    """Delete a resource of Compute by its relative name; nothing when it is gone."""
    try:
        await google.request("DELETE", f"compute.googleapis.com/compute/v1/{name}")
    except GoogleRefusal as error:
        if error.status != 404:
            raise


async def sweep(google: Google, cluster: str, resources: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Delete what the load balancers and groups of a deleted `cluster` left, of (relative name, body) `resources`."""
    order = {"forwardingRules": 0, "backendServices": 1, "healthChecks": 2, "networkEndpointGroups": 3}
    left = [name for name, body in resources if owner(body) == cluster and name.split("/")[-2] in order]
    for name in sorted(left, key=lambda name: order[name.split("/")[-2]]):
        try:
            await delete(google, relative(name))
        except Failed as error:
            # Somebody else's backend service still refers to it; that one's deletion is a change that leads here again.
            _LOG.info("%s of deleted cluster %s stays: %s", name, cluster, error)


def owner(body: Mapping[str, Any]) -> str:
    """The cluster that made a resource of Compute, by its description; empty for everybody else's."""
    try:
        said = json.loads(body.get("description") or "{}")
    except ValueError:
        return ""
    return str(said.get(CLUSTER_KEY, "")) if isinstance(said, dict) else ""


def _name(service: Object) -> str:
    """`a` and the uid without dashes, as Kubernetes' cloud providers name load balancers."""
    return f"a{service['metadata']['uid'].replace('-', '')}"[:32]


def _path(service: Object) -> str:
    return "/api/v1/namespaces/{}/services/{}".format(*key_of(service))

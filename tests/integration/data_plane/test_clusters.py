"""What the data plane does for a cluster: a real API server, and the real daemon for what is kept in Compute."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

from local_cloud.data_plane.clusters.cluster import Cluster
from local_cloud.data_plane.clusters.facts import ClusterFacts
from local_cloud.data_plane.google import Google
from tests.integration.data_plane.conftest import COMPUTE, PROJECT, REGION, eventually, made
from tests.kubernetes import ClusterForTests, control_plane
from tests.local_cloud import LocalCloud

__all__ = ["control_plane"]

NAMESPACE = "data-plane"
NAME = f"projects/{PROJECT}/locations/{REGION}/clusters/crm"
ZONES = tuple(f"{REGION}-{letter}" for letter in "bcd")
Object = dict[str, Any]


class Attended:
    """A cluster that the data plane attends to, in an event loop of its own."""

    def __init__(self, cloud: LocalCloud, control_plane: ClusterForTests) -> None:
        """Nothing runs yet."""
        self._cloud = cloud
        self._kubernetes = control_plane
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.cluster: Cluster

    def __enter__(self) -> Attended:
        """Attend."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self) -> None:
        body = {
            "networkConfig": {
                "network": f"projects/{PROJECT}/global/networks/net",
                "subnetwork": f"projects/{PROJECT}/regions/{REGION}/subnetworks/sub",
            },
            "locations": list(ZONES),
            "servicesIpv4Cidr": "10.8.0.0/20",
        }
        self._google = Google(self._cloud.state)
        facts = ClusterFacts.of(NAME, body)
        self.cluster = Cluster(self._kubernetes.access, facts, self._google, lambda: None)
        self.cluster.start()
        self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for resources in self._google.resources(["compute"]):
            self.cluster.attend({one.name: one.body for one in resources}, {})

    async def _end(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self.cluster.close()
        await self._google.close()
        await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def attended(cloud: LocalCloud, control_plane: ClusterForTests) -> Iterator[Attended]:
    """The cluster with a namespace of its own, attended to."""
    control_plane.kubectl("create", "namespace", NAMESPACE)
    with Attended(cloud, control_plane) as found:
        yield found
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def apply(control_plane: ClusterForTests, content: Object) -> None:
    """Apply an object in the namespace."""
    control_plane.kubectl("--namespace", NAMESPACE, "apply", "--filename", "-", content=content)


def a_service(name: str, *, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    """A Service without a selector, so that tests say what its endpoints are."""
    ports = [{"name": "http", "port": 3001, "targetPort": 3001}]
    metadata = {"name": name, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


def a_slice(name: str, *endpoints: Object) -> Object:
    """The EndpointSlice of the service of that name."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 3001, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def endpoint(address: str, zone: str, **conditions: bool) -> Object:
    """One endpoint."""
    return {"addresses": [address], "zone": zone, "nodeName": f"node-{zone[-1]}", "conditions": conditions}


def shown(control_plane: ClusterForTests, name: str) -> Object:
    """The Service as it is."""
    found: Object = control_plane.get("service", name, "--namespace", NAMESPACE)
    return found


def ingress(control_plane: ClusterForTests, name: str) -> str:
    """The external address in its status; empty while there is none."""
    found = (shown(control_plane, name)["status"].get("loadBalancer") or {}).get("ingress") or [{}]
    return str(found[0].get("ip", ""))


def rules(cloud: LocalCloud) -> list[Object]:
    """The forwarding rules of the region."""
    found: list[Object] = cloud.get(f"{COMPUTE}/regions/{REGION}/forwardingRules").json().get("items", [])
    return found


def test_a_load_balancer_gets_an_address_a_rule_and_its_status(
    cloud: LocalCloud, control_plane: ClusterForTests, attended: Attended
) -> None:
    apply(control_plane, a_service("public", type="LoadBalancer"))
    address = eventually(lambda: ingress(control_plane, "public"))
    [rule] = [one for one in rules(cloud) if one["IPAddress"] == address]
    assert (rule["loadBalancingScheme"], rule["ports"]) == ("EXTERNAL", ["3001"])
    assert json.loads(rule["description"])["kubernetes.io/service-name"] == f"{NAMESPACE}/public"
    described = control_plane.kubectl("--namespace", NAMESPACE, "describe", "service", "public").stdout
    assert "EnsuredLoadBalancer" in described
    control_plane.kubectl("--namespace", NAMESPACE, "delete", "service", "public")
    assert [one for one in rules(cloud) if one["IPAddress"] == address] == []
    assert cloud.get(f"{COMPUTE}/regions/{REGION}/backendServices/{rule['name']}").status_code == 404


def test_an_internal_one_gets_an_address_of_the_subnetwork(
    cloud: LocalCloud, control_plane: ClusterForTests, attended: Attended
) -> None:
    annotations = {"networking.gke.io/load-balancer-type": "Internal"}
    apply(control_plane, a_service("inner", annotations=annotations, type="LoadBalancer"))
    address = eventually(lambda: ingress(control_plane, "inner"))
    assert address.startswith("10.77.")
    [rule] = [one for one in rules(cloud) if one["IPAddress"] == address]
    assert rule["loadBalancingScheme"] == "INTERNAL"
    control_plane.kubectl("--namespace", NAMESPACE, "patch", "service", "inner", "-p", '{"spec":{"type":"ClusterIP"}}')
    assert eventually(lambda: not [one for one in rules(cloud) if one["IPAddress"] == address])
    assert eventually(lambda: not ingress(control_plane, "inner"))


def test_a_reserved_address_is_taken_and_its_lack_is_said(
    cloud: LocalCloud, control_plane: ClusterForTests, attended: Attended
) -> None:
    annotations = {"networking.gke.io/load-balancer-ip-addresses": "reserved"}
    apply(control_plane, a_service("named", annotations=annotations, type="LoadBalancer"))

    def events() -> str:
        return control_plane.kubectl("--namespace", NAMESPACE, "describe", "service", "named").stdout

    assert eventually(lambda: "SyncLoadBalancerFailed" in events())
    assert "reserved" in events()
    made(cloud, f"regions/{REGION}/addresses", {"name": "reserved", "address": "203.0.113.200"})
    assert eventually(lambda: ingress(control_plane, "named")) == "203.0.113.200"
    control_plane.kubectl("--namespace", NAMESPACE, "delete", "service", "named")


def test_groups_follow_ready_pods_by_zone(
    cloud: LocalCloud, control_plane: ClusterForTests, attended: Attended
) -> None:
    annotation = json.dumps({"exposed_ports": {"3001": {"name": "auth-service"}}})
    apply(control_plane, a_service("auth", annotations={"cloud.google.com/neg": annotation}))
    pods = [endpoint("10.4.0.7", ZONES[0], ready=True), endpoint("10.4.1.7", ZONES[1], ready=False)]
    apply(control_plane, a_slice("auth", *pods))

    def listed(zone: str) -> list[str]:
        url = f"{COMPUTE}/zones/{zone}/networkEndpointGroups/auth-service/listNetworkEndpoints"
        found = cloud.post(url, {}).json().get("items", [])
        return [one["networkEndpoint"]["ipAddress"] for one in found]

    assert eventually(lambda: listed(ZONES[0]) == ["10.4.0.7"])
    assert (listed(ZONES[1]), listed(ZONES[2])) == ([], [])
    said = eventually(
        lambda: shown(control_plane, "auth")["metadata"]["annotations"].get("cloud.google.com/neg-status")
    )
    assert json.loads(said) == {"network_endpoint_groups": {"3001": "auth-service"}, "zones": list(ZONES)}
    leaving = endpoint("10.4.0.7", ZONES[0], ready=False, serving=True, terminating=True)
    apply(control_plane, a_slice("auth", leaving, endpoint("10.4.1.7", ZONES[1], ready=True)))
    assert eventually(lambda: (listed(ZONES[0]), listed(ZONES[1])) == ([], ["10.4.1.7"]))
    control_plane.kubectl("--namespace", NAMESPACE, "delete", "service", "auth")
    group = f"{COMPUTE}/zones/{ZONES[1]}/networkEndpointGroups/auth-service"
    assert eventually(lambda: cloud.get(group).status_code == 404)


def test_addresses_and_names_follow_services(
    cloud: LocalCloud, control_plane: ClusterForTests, attended: Attended
) -> None:
    apply(control_plane, a_service("plain"))
    apply(control_plane, a_slice("plain", endpoint("10.4.0.9", ZONES[0], ready=True)))
    address = shown(control_plane, "plain")["spec"]["clusterIP"]
    twin = address.replace("10.", "127.", 1)

    def behind() -> list[str]:
        ports = attended.cluster.ports()
        return [one.host for where, found in ports.items() if where == (twin, 3001) for one in found]

    assert eventually(lambda: behind() == ["127.4.0.9"])
    assert attended.cluster.names()[f"plain.{NAMESPACE}"] == [address]
    leaving = endpoint("10.4.0.9", ZONES[0], ready=False, serving=True, terminating=True)
    apply(control_plane, a_slice("plain", leaving, endpoint("10.4.0.10", ZONES[0], ready=True)))
    assert eventually(lambda: behind() == ["127.4.0.10"])
    # The last one serves while it leaves.
    apply(control_plane, a_slice("plain", leaving))
    assert eventually(lambda: behind() == ["127.4.0.9"])
    apply(control_plane, a_slice("plain", endpoint("10.4.0.9", ZONES[0], ready=False, serving=False)))
    assert eventually(lambda: behind() == [])
    assert eventually(lambda: attended.cluster.names_address) == "10.8.0.10"

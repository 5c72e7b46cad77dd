"""The edge from the resources of Compute to the answer at a public name, through the real daemon and its proxy."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.integration.data_plane.conftest import COMPUTE, PROJECT, ZONE, Origins, eventually, made
from tests.local_cloud import LocalCloud

NAME = "app.edge.example"
GLOBAL = f"projects/{PROJECT}/global"
DNS = f"dns.googleapis.com/dns/v1/projects/{PROJECT}/managedZones/crm/rrsets"
CERTIFICATES = f"certificatemanager.googleapis.com/v1/projects/{PROJECT}/locations/global"


def record(cloud: LocalCloud, name: str, kind: str, data: str) -> None:
    """A record set of the zone."""
    answer = cloud.post(DNS, {"name": f"{name}.", "type": kind, "ttl": 60, "rrdatas": [data]})
    assert answer.status_code == 200, answer.text


def group(cloud: LocalCloud, name: str, *addresses: str) -> str:
    """A zonal group with endpoints at port 8080."""
    body = {
        "name": name,
        "networkEndpointType": "GCE_VM_IP_PORT",
        "network": f"{GLOBAL}/networks/net",
        "subnetwork": f"projects/{PROJECT}/regions/europe-west1/subnetworks/sub",
    }
    made(cloud, f"zones/{ZONE}/networkEndpointGroups", body)
    change(cloud, name, "attach", *addresses)
    return f"projects/{PROJECT}/zones/{ZONE}/networkEndpointGroups/{name}"


def change(cloud: LocalCloud, name: str, verb: str, *addresses: str) -> None:
    """Attach or detach endpoints."""
    body = {"networkEndpoints": [{"ipAddress": address, "port": 8080} for address in addresses]}
    answer = cloud.post(f"{COMPUTE}/zones/{ZONE}/networkEndpointGroups/{name}/{verb}NetworkEndpoints", body)
    assert answer.status_code == 200, answer.text


def service(cloud: LocalCloud, name: str, groups: list[str], **more: Any) -> str:
    """A backend service with a health check."""
    check = {
        "name": name,
        "type": "HTTP",
        "checkIntervalSec": 1,
        "timeoutSec": 1,
        "httpHealthCheck": {"requestPath": "/health", "portSpecification": "USE_SERVING_PORT"},
    }
    made(cloud, "global/healthChecks", check)
    backends = [{"group": one, "balancingMode": "RATE", "maxRatePerEndpoint": 100} for one in groups]
    body = {
        "name": name,
        "protocol": "HTTP",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": backends,
        "healthChecks": [f"{GLOBAL}/healthChecks/{name}"],
        "connectionDraining": {"drainingTimeoutSec": 30},
        **more,
    }
    return made(cloud, "global/backendServices", body)


def certify(cloud: LocalCloud) -> None:
    """A managed certificate for the name in a map, not yet authorized."""
    authorization = cloud.post(f"{CERTIFICATES}/dnsAuthorizations?dnsAuthorizationId=app", {"domain": NAME})
    assert authorization.status_code == 200, authorization.text
    authorization_name = f"projects/{PROJECT}/locations/global/dnsAuthorizations/app"
    managed = {"managed": {"domains": [NAME], "dnsAuthorizations": [authorization_name]}}
    assert cloud.post(f"{CERTIFICATES}/certificates?certificateId=app", managed).status_code == 200
    assert cloud.post(f"{CERTIFICATES}/certificateMaps?certificateMapId=edge", {}).status_code == 200
    entry = {"hostname": NAME, "certificates": [f"projects/{PROJECT}/locations/global/certificates/app"]}
    entries = f"{CERTIFICATES}/certificateMaps/edge/certificateMapEntries?certificateMapEntryId=app"
    assert cloud.post(entries, entry).status_code == 200


@pytest.fixture(scope="module")
def edge(cloud: LocalCloud) -> LocalCloud:
    """The whole chain: address, certificate, map, proxies, rules; two services by path."""
    address = {"name": "edge", "address": "203.0.113.77", "ipVersion": "IPV4"}
    made(cloud, "global/addresses", address)
    record(cloud, NAME, "A", "203.0.113.77")
    front = service(cloud, "front", [group(cloud, "front", "10.77.0.11", "10.77.0.12")])
    back = service(
        cloud,
        "back",
        [group(cloud, "back", "10.77.0.13")],
        customResponseHeaders=["Strict-Transport-Security: max-age=1"],
    )
    url_map = {
        "name": "edge",
        "defaultService": front,
        "hostRules": [{"hosts": [NAME], "pathMatcher": "app"}],
        "pathMatchers": [
            {"name": "app", "defaultService": front, "pathRules": [{"paths": ["/api", "/api/*"], "service": back}]}
        ],
    }
    made(cloud, "global/urlMaps", url_map)
    redirect = {"name": "https", "defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}
    made(cloud, "global/urlMaps", redirect)
    certify(cloud)
    above = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/edge"
    made(
        cloud,
        "global/targetHttpsProxies",
        {"name": "edge", "urlMap": f"{GLOBAL}/urlMaps/edge", "certificateMap": above},
    )
    made(cloud, "global/targetHttpProxies", {"name": "edge", "urlMap": f"{GLOBAL}/urlMaps/https"})
    for port, kind in (("443", "targetHttpsProxies"), ("80", "targetHttpProxies")):
        rule = {
            "name": f"edge-{port}",
            "IPAddress": f"{GLOBAL}/addresses/edge",
            "target": f"{GLOBAL}/{kind}/edge",
            "portRange": port,
            "loadBalancingScheme": "EXTERNAL_MANAGED",
        }
        made(cloud, "global/forwardingRules", rule)
    return cloud


def ask(cloud: LocalCloud, path: str = "/", scheme: str = "https", **more: Any) -> requests.Response | None:
    """What the edge answers; None while nobody listens or no certificate is there."""
    try:
        return cloud.get(f"{scheme}://{NAME}{path}", token=None, allow_redirects=False, **more)
    except requests.exceptions.RequestException:
        return None


def served(cloud: LocalCloud, path: str = "/") -> str:
    """Who answers with 200; empty for anything else."""
    answer = ask(cloud, path)
    return answer.text if answer is not None and answer.status_code == 200 else ""


def authorize(cloud: LocalCloud) -> None:
    """The CNAME record that the certificate waits for."""
    found = cloud.get(f"{CERTIFICATES}/dnsAuthorizations/app").json()["dnsResourceRecord"]
    if cloud.get(f"{DNS}/{found['name']}/CNAME").status_code == 404:
        record(cloud, found["name"].rstrip("."), "CNAME", found["data"])


def test_no_certificate_is_shown_before_the_domain_is_authorized(edge: LocalCloud) -> None:
    plain = eventually(lambda: (answer := ask(edge, scheme="http")) is not None and answer.status_code == 301)
    assert plain, "the rule for plain HTTP does not answer"
    with pytest.raises(requests.exceptions.SSLError):
        edge.get(f"https://{NAME}/", token=None)
    authorize(edge)
    assert eventually(lambda: ask(edge) is not None)


def test_plain_http_is_redirected_with_path_and_query(edge: LocalCloud) -> None:
    assert eventually(lambda: ask(edge, scheme="http"))
    answer = ask(edge, "/a/b?c=d", scheme="http")
    assert answer is not None
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{NAME}/a/b?c=d")


def test_requests_reach_healthy_endpoints_by_path(edge: LocalCloud, origins: Origins) -> None:
    authorize(edge)
    for address in ("10.77.0.11", "10.77.0.12", "10.77.0.13"):
        origins.start(address)
    assert eventually(lambda: {served(edge) for _ in range(4)} == {"10.77.0.11", "10.77.0.12"})
    assert eventually(lambda: served(edge, "/api/auth/health") == "10.77.0.13")
    answer = ask(edge, "/api/x?y=z", headers={"X-Forwarded-For": "192.0.2.9"})
    assert answer is not None
    assert (answer.headers["Via"], answer.headers["Strict-Transport-Security"]) == ("1.1 google", "max-age=1")
    path, headers = origins.seen[-1]
    assert path == "/api/x?y=z"
    assert headers["host"] == NAME
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-for"].startswith("192.0.2.9, ")
    assert headers["x-forwarded-for"].endswith(", 203.0.113.77")
    assert headers["traceparent"].split("-")[1] == headers["x-cloud-trace-context"].split("/")[0]


def test_an_endpoint_that_fails_its_check_gets_nothing_until_it_passes(edge: LocalCloud, origins: Origins) -> None:
    authorize(edge)
    for address in ("10.77.0.11", "10.77.0.12"):
        origins.start(address)
    assert eventually(lambda: {served(edge) for _ in range(4)} == {"10.77.0.11", "10.77.0.12"})
    origins.healthy["10.77.0.11"] = False
    assert eventually(lambda: {served(edge) for _ in range(6)} == {"10.77.0.12"})
    origins.healthy["10.77.0.12"] = False
    assert eventually(lambda: (answer := ask(edge)) is not None and answer.status_code == 503)
    answer = ask(edge)
    assert answer is not None
    assert answer.text == "no healthy upstream"
    origins.healthy.clear()
    assert eventually(lambda: {served(edge) for _ in range(6)} == {"10.77.0.11", "10.77.0.12"})


def test_endpoints_that_are_detached_are_left_and_attached_ones_found(edge: LocalCloud, origins: Origins) -> None:
    authorize(edge)
    for address in ("10.77.0.11", "10.77.0.12", "10.77.0.14"):
        origins.start(address)
    assert eventually(lambda: served(edge))
    change(edge, "front", "attach", "10.77.0.14")
    change(edge, "front", "detach", "10.77.0.11", "10.77.0.12")
    try:
        assert eventually(lambda: {served(edge) for _ in range(6)} == {"10.77.0.14"})
    finally:
        change(edge, "front", "attach", "10.77.0.11", "10.77.0.12")
        change(edge, "front", "detach", "10.77.0.14")


def test_another_load_balancer_appears_and_goes(edge: LocalCloud, origins: Origins) -> None:
    origins.start("10.77.0.11")
    made(edge, "global/targetHttpProxies", {"name": "plain", "urlMap": f"{GLOBAL}/urlMaps/edge"})
    rule = {
        "name": "plain",
        "IPAddress": "203.0.113.78",
        "target": f"{GLOBAL}/targetHttpProxies/plain",
        "portRange": "8000",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
    }
    made(edge, "global/forwardingRules", rule)

    def answers() -> bool:
        try:
            return edge.get("http://203.0.113.78:8000/", token=None).status_code == 200
        except requests.exceptions.RequestException:
            return False

    assert eventually(answers)
    assert edge.delete(f"{COMPUTE}/global/forwardingRules/plain").status_code == 200
    assert eventually(lambda: not answers())


def test_what_a_deleted_cluster_left_is_taken_away_once_nobody_uses_it(edge: LocalCloud) -> None:
    cluster = f"projects/{PROJECT}/locations/europe-west1/clusters/gone"
    body = {
        "name": "left",
        "description": json.dumps({"kubernetes.io/cluster": cluster}),
        "networkEndpointType": "GCE_VM_IP_PORT",
        "network": f"{GLOBAL}/networks/net",
        "subnetwork": f"projects/{PROJECT}/regions/europe-west1/subnetworks/sub",
    }
    made(edge, f"zones/{ZONE}/networkEndpointGroups", body)
    assert eventually(lambda: edge.get(f"{COMPUTE}/zones/{ZONE}/networkEndpointGroups/left").status_code == 404)


def test_names_and_addresses_outside_the_cloud_stay_refused(edge: LocalCloud) -> None:
    for url in ("http://nobody.edge.example/", "http://192.0.2.1/", "http://example.org/"):
        assert edge.get(url, token=None).status_code == 403
    with pytest.raises(requests.exceptions.ProxyError):
        edge.get("https://nobody.edge.example/", token=None)


def test_pods_are_reached_by_their_addresses_and_their_lack_is_a_bad_gateway(
    edge: LocalCloud, origins: Origins
) -> None:
    origins.start("10.77.0.40")
    assert edge.get("http://10.77.0.40:8080/here", token=None).text == "10.77.0.40"
    answer = edge.post("http://10.77.0.40:8080/", data=b"x" * 3_000_000, token=None)
    assert (answer.status_code, answer.text) == (201, "3000000 bytes")
    assert edge.journal(host="10.77.0.40")[-1]["status"] == 201
    assert edge.get("http://10.77.0.41:8080/", token=None).status_code == 502
    with pytest.raises(requests.exceptions.ProxyError, match="502"):
        edge.get("https://10.77.0.41:8443/", token=None)


def test_what_is_forwarded_is_written_down(edge: LocalCloud) -> None:
    assert eventually(lambda: ask(edge, "/noted", scheme="http"))
    found = [entry for entry in edge.journal(host=NAME) if entry["path"] == "/noted"]
    assert [(entry["verb"], entry["status"]) for entry in found][-1] == ("GET", 301)
    authorize(edge)
    assert eventually(lambda: ask(edge) is not None)
    tunnels = [entry for entry in edge.journal(host=NAME) if entry["verb"] == "CONNECT"]
    assert tunnels


def test_the_process_is_listed_with_what_it_serves(edge: LocalCloud) -> None:
    [entry] = [one for one in edge.admin.get("/status")["runtimes"] if one["runtime"] == "data_plane"]
    assert entry["state"] == "running"
    assert f"{GLOBAL}/forwardingRules/edge-443" in entry["load_balancers"]
    assert entry["refused"] == {}

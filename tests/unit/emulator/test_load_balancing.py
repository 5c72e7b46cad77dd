"""Load balancing: what refers to what, what a backend may be, addresses in use, what a URL map sends where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud

BASE = f"compute/compute/v1/projects/{PROJECT}"
GLOBAL = f"{BASE}/global"
GROUPS = f"{BASE}/zones/europe-west1-b/networkEndpointGroups"
LINK = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
CHECK = {"name": "check", "type": "HTTP", "httpHealthCheck": {"portSpecification": "USE_SERVING_PORT"}}


@pytest.fixture
def edge(cloud: Cloud, project: str) -> Cloud:
    """A cloud with a health check, a zonal group, a serverless group and a backend service for each."""
    cloud.ok("POST", f"{GLOBAL}/healthChecks", CHECK)
    cloud.ok("POST", GROUPS, {"name": "pods", "networkEndpointType": "GCE_VM_IP_PORT"})
    serverless = {"name": "run", "networkEndpointType": "SERVERLESS", "cloudRun": {"service": "frontend"}}
    cloud.ok("POST", f"{BASE}/regions/europe-west1/networkEndpointGroups", serverless)
    cloud.ok("POST", f"{GLOBAL}/backendServices", {**backend(zonal("pods")), "name": "api"})
    group = f"{LINK}/regions/europe-west1/networkEndpointGroups/run"
    cloud.ok("POST", f"{GLOBAL}/backendServices", {"name": "web", "backends": [{"group": group}]})
    return cloud


def zonal(name: str) -> dict[str, Any]:
    """A backend of a zonal group."""
    group = f"projects/{PROJECT}/zones/europe-west1-b/networkEndpointGroups/{name}"
    return {"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 100}


def backend(*backends: dict[str, Any]) -> dict[str, Any]:
    """A backend service of zonal groups."""
    return {"backends": list(backends), "healthChecks": ["global/healthChecks/check"]}


def test_a_health_check_is_completed(edge: Cloud) -> None:
    body = edge.ok("GET", f"{GLOBAL}/healthChecks/check")
    assert body["httpHealthCheck"] == {
        "portSpecification": "USE_SERVING_PORT",
        "proxyHeader": "NONE",
        "requestPath": "/",
    }
    assert (body["checkIntervalSec"], body["unhealthyThreshold"]) == (5, 2)
    wrong = {**CHECK, "name": "wrong", "tcpHealthCheck": {"port": 1}}
    assert "tcpHealthCheck" in edge.refused(400, "POST", f"{GLOBAL}/healthChecks", wrong)["message"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"healthChecks": []}, "needs a health check"),
        ({"backends": [{**zonal("pods"), "balancingMode": "UTILIZATION"}]}, "takes RATE or CONNECTION"),
        ({"backends": [{"group": zonal("pods")["group"], "balancingMode": "RATE"}]}, "requires maxRate"),
        ({"backends": [zonal("absent")]}, "cannot be found"),
    ],
)
def test_backends_that_cannot_be(edge: Cloud, change: dict[str, Any], said: str) -> None:
    wanted = {**backend(zonal("pods")), "name": "other", **change}
    assert said in edge.refused(400, "POST", f"{GLOBAL}/backendServices", wanted)["message"]


def test_a_serverless_backend_has_no_health_check(edge: Cloud) -> None:
    check = {"healthChecks": ["global/healthChecks/check"]}
    error = edge.refused(400, "PATCH", f"{GLOBAL}/backendServices/web", check)
    assert "cannot have a healthcheck with Serverless" in error["message"]


def test_what_is_used_stays(edge: Cloud) -> None:
    assert "api" in edge.refused(400, "DELETE", f"{GLOBAL}/healthChecks/check")["message"]
    assert "api" in edge.refused(400, "DELETE", f"{GROUPS}/pods")["message"]


def test_endpoints_come_and_go_with_their_health(edge: Cloud) -> None:
    endpoint = {"ipAddress": "10.4.0.7", "port": 3001, "instance": "node"}
    edge.ok("POST", f"{GROUPS}/pods/attachNetworkEndpoints", {"networkEndpoints": [endpoint]})
    edge.ok("POST", f"{GROUPS}/pods/attachNetworkEndpoints", {"networkEndpoints": [endpoint]})
    assert edge.ok("GET", f"{GROUPS}/pods")["size"] == 1
    assert "networkEndpoints" not in edge.ok("GET", f"{GROUPS}/pods")
    health = f"{GLOBAL}/backendServices/api/getHealth"
    asked = {"group": f"{LINK}/zones/europe-west1-b/networkEndpointGroups/pods"}
    assert edge.ok("POST", health, asked)["healthStatus"] == [{**endpoint, "healthState": "UNHEALTHY"}]

    name = f"projects/{PROJECT}/zones/europe-west1-b/networkEndpointGroups/pods"
    stored = edge.emulator.store.get("compute", name)
    assert stored
    service = {"backendService": f"{LINK}/global/backendServices/api"}
    seen = {"networkEndpoint": endpoint, "healths": [{"backendService": service, "healthState": "HEALTHY"}]}
    edge.emulator.store.put("compute", name, stored.collection, {**stored.body, "networkEndpoints": [seen]})
    assert edge.ok("POST", health, asked)["healthStatus"][0]["healthState"] == "HEALTHY"
    listed = edge.ok("POST", f"{GROUPS}/pods/listNetworkEndpoints", {"healthStatus": "SHOW"})
    assert listed["items"] == [seen]
    edge.ok("POST", f"{GROUPS}/pods/detachNetworkEndpoints", {"networkEndpoints": [endpoint]})
    assert edge.ok("POST", health, asked).get("healthStatus") is None
    edge.refused(400, "POST", f"{GROUPS}/pods/detachNetworkEndpoints", {"networkEndpoints": [endpoint]})


def url_map(**change: Any) -> dict[str, Any]:
    """A map of one host with one path rule."""
    matcher = {
        "name": "app",
        "defaultService": "global/backendServices/web",
        "pathRules": [{"paths": ["/api", "/api/*"], "service": "global/backendServices/api"}],
    }
    return {
        "name": "map",
        "defaultService": "global/backendServices/web",
        "hostRules": [{"hosts": ["app.example"], "pathMatcher": "app"}],
        "pathMatchers": [matcher],
        **change,
    }


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("app.example", "/api", "api"),
        ("app.example", "/api/auth/login", "api"),
        ("app.example", "/apiary", "web"),
        ("other.example", "/api", "web"),
    ],
)
def test_a_url_map_is_tried_before_it_is_kept(edge: Cloud, host: str, path: str, service: str) -> None:
    for expected, passed in ((service, True), ({"api": "web", "web": "api"}[service], False)):
        test = {"host": host, "path": path, "service": f"global/backendServices/{expected}"}
        asked = {"resource": url_map(tests=[test])}
        result = edge.ok("POST", f"{GLOBAL}/urlMaps/map/validate", asked)["result"]
        assert (result["loadSucceeded"], result["testPassed"]) == (True, passed)
    edge.refused(404, "GET", f"{GLOBAL}/urlMaps/map")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hostRules": [{"hosts": ["app.example"], "pathMatcher": "none"}]}, "No path matcher has this name"),
        ({"hostRules": []}, "No host rule uses this path matcher"),
        ({"defaultUrlRedirect": {"httpsRedirect": True}}, "cannot stand beside defaultService"),
        ({"defaultService": "global/backendServices/absent"}, "cannot be found"),
    ],
)
def test_url_maps_that_cannot_be(edge: Cloud, change: dict[str, Any], said: str) -> None:
    assert said in edge.refused(400, "POST", f"{GLOBAL}/urlMaps", url_map(**change))["message"]
    result = edge.ok("POST", f"{GLOBAL}/urlMaps/map/validate", {"resource": url_map(**change)})["result"]
    assert result["loadSucceeded"] is False


def test_an_address_is_held_by_its_rule(edge: Cloud) -> None:
    edge.ok("POST", f"{GLOBAL}/urlMaps", url_map())
    for name in ("proxy", "other"):
        edge.ok("POST", f"{GLOBAL}/targetHttpProxies", {"name": name, "urlMap": "global/urlMaps/map"})
    edge.ok("POST", f"{GLOBAL}/addresses", {"name": "front"})
    address = edge.ok("GET", f"{GLOBAL}/addresses/front")["address"]
    rule = {"name": "rule", "target": "global/targetHttpProxies/proxy", "portRange": "80"}
    edge.ok("POST", f"{GLOBAL}/forwardingRules", {**rule, "IPAddress": "global/addresses/front"})
    shown = edge.ok("GET", f"{GLOBAL}/forwardingRules/rule")
    assert (shown["IPAddress"], shown["portRange"]) == (address, "80-80")
    held = edge.ok("GET", f"{GLOBAL}/addresses/front")
    assert (held["status"], held["users"]) == ("IN_USE", [shown["selfLink"]])
    edge.refused(400, "DELETE", f"{GLOBAL}/addresses/front")
    same = {**rule, "name": "same", "IPAddress": address}
    assert "in-use" in edge.refused(400, "POST", f"{GLOBAL}/forwardingRules", same)["message"]
    edge.ok("POST", f"{GLOBAL}/forwardingRules", {**same, "portRange": "81"})

    edge.ok("POST", f"{GLOBAL}/forwardingRules/rule/setTarget", {"target": "global/targetHttpProxies/other"})
    assert edge.ok("GET", f"{GLOBAL}/forwardingRules/rule")["target"].endswith("/other")


def test_a_global_proxy_is_set_without_the_word_global(edge: Cloud) -> None:
    for name in ("map", "next"):
        edge.ok("POST", f"{GLOBAL}/urlMaps", url_map(name=name))
    edge.ok("POST", f"{GLOBAL}/targetHttpProxies", {"name": "proxy", "urlMap": "global/urlMaps/map"})
    edge.ok("POST", f"{BASE}/targetHttpProxies/proxy/setUrlMap", {"urlMap": f"{LINK}/global/urlMaps/next"})
    assert edge.ok("GET", f"{GLOBAL}/targetHttpProxies/proxy")["urlMap"] == f"{LINK}/global/urlMaps/next"


def test_a_certificate_forgets_its_key_and_says_when_it_ends(edge: Cloud) -> None:
    managed = {"name": "managed", "type": "MANAGED", "managed": {"domains": ["app.example"]}}
    edge.ok("POST", f"{GLOBAL}/sslCertificates", managed)
    assert edge.ok("GET", f"{GLOBAL}/sslCertificates/managed")["managed"]["status"] == "PROVISIONING"
    bad = {"name": "bad", "certificate": "no certificate", "privateKey": "no key"}
    assert "could not be parsed" in edge.refused(400, "POST", f"{GLOBAL}/sslCertificates", bad)["message"]


def test_a_security_policy_ends_with_the_default_rule(edge: Cloud) -> None:
    policies = f"{GLOBAL}/securityPolicies"
    edge.ok("POST", policies, {"name": "wall"})
    match = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["192.0.2.0/24"]}}
    edge.ok("POST", f"{policies}/wall/addRule", {"priority": 10, "action": "deny(403)", "match": match})
    assert [rule["priority"] for rule in edge.ok("GET", f"{policies}/wall")["rules"]] == [10, 2147483647]
    edge.ok("POST", f"{policies}/wall/patchRule?priority=10", {"preview": True})
    assert edge.ok("GET", f"{policies}/wall/getRule?priority=10")["preview"] is True
    edge.refused(400, "POST", f"{policies}/wall/removeRule?priority=2147483647")
    edge.ok("POST", f"{policies}/wall/removeRule?priority=10")
    edge.ok(
        "POST", f"{GLOBAL}/backendServices/web/setSecurityPolicy", {"securityPolicy": "global/securityPolicies/wall"}
    )
    edge.refused(400, "DELETE", f"{policies}/wall")
    edge.ok("POST", f"{GLOBAL}/backendServices/web/setSecurityPolicy", {})
    edge.ok("DELETE", f"{policies}/wall")

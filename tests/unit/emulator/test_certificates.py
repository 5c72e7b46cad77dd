"""Certificate Manager: a managed certificate is active once every domain's record is there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud

BASE = f"certificatemanager/v1/projects/{PROJECT}/locations/global"
DNS = f"dns/dns/v1/projects/{PROJECT}/managedZones"
AUTHORIZATION = f"projects/{PROJECT}/locations/global/dnsAuthorizations/app"
MANAGED = {"managed": {"domains": ["app.example.com"], "dnsAuthorizations": [AUTHORIZATION]}}


@pytest.fixture
def record(cloud: Cloud, project: str) -> dict[str, Any]:
    """The record that the authorization of a certificate asks for."""
    cloud.ok("POST", f"{BASE}/dnsAuthorizations?dnsAuthorizationId=app", {"domain": "app.example.com"})
    cloud.ok("POST", f"{BASE}/certificates?certificateId=app", MANAGED)
    wanted: dict[str, Any] = cloud.ok("GET", f"{BASE}/dnsAuthorizations/app")["dnsResourceRecord"]
    return wanted


def state(cloud: Cloud) -> Any:
    """The certificate's."""
    return cloud.ok("GET", f"{BASE}/certificates/app")["managed"]["state"]


@pytest.mark.parametrize(("visibility", "expected"), [("public", "ACTIVE"), ("private", "PROVISIONING")])
def test_a_certificate_waits_for_its_record(
    cloud: Cloud, record: dict[str, Any], visibility: str, expected: str
) -> None:
    assert (record["name"], record["type"]) == ("_acme-challenge.app.example.com.", "CNAME")
    shown = cloud.ok("GET", f"{BASE}/certificates/app")["managed"]
    assert shown["provisioningIssue"]["reason"] == "AUTHORIZATION_ISSUE"
    zone = {"name": "zone", "dnsName": "example.com.", "description": "", "visibility": visibility}
    cloud.ok("POST", DNS, zone)
    given = {"name": record["name"], "type": "CNAME", "ttl": 300, "rrdatas": [record["data"]]}
    cloud.ok("POST", f"{DNS}/zone/changes", {"additions": [given]})
    assert state(cloud) == expected
    cloud.ok("POST", f"{DNS}/zone/changes", {"deletions": [given]})
    assert state(cloud) == "PROVISIONING"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Exactly one of managed and selfManaged"),
        ({"managed": {"domains": []}}, "at least one domain"),
        ({"managed": {**MANAGED["managed"], "domains": ["web.example.com"]}}, "no authorization for domain"),
        ({"managed": {"domains": ["*.example.com"]}}, "needs a DNS authorization"),
    ],
)
def test_certificates_that_cannot_be(cloud: Cloud, record: dict[str, Any], body: dict[str, Any], said: str) -> None:
    assert said in cloud.refused(400, "POST", f"{BASE}/certificates?certificateId=other", body)["message"]


def test_a_map_is_held_by_the_proxy_that_uses_it(cloud: Cloud, record: dict[str, Any]) -> None:
    cloud.ok("POST", f"{BASE}/certificateMaps?certificateMapId=edge", {})
    entries = f"{BASE}/certificateMaps/edge/certificateMapEntries?certificateMapEntryId="
    entry = {"hostname": "app.example.com", "certificates": [f"projects/{PROJECT}/locations/global/certificates/app"]}
    cloud.ok("POST", f"{entries}one", entry)
    assert "already has an entry" in cloud.refused(400, "POST", f"{entries}two", entry)["message"]
    compute = f"compute/compute/v1/projects/{PROJECT}/global"
    cloud.ok("POST", f"{compute}/backendServices", {"name": "web"})
    cloud.ok("POST", f"{compute}/urlMaps", {"name": "map", "defaultService": "global/backendServices/web"})
    full = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/edge"
    proxy = {"name": "proxy", "urlMap": "global/urlMaps/map", "certificateMap": full}
    cloud.ok("POST", f"{compute}/targetHttpsProxies", proxy)
    rule = {"name": "rule", "target": "global/targetHttpsProxies/proxy", "portRange": "443"}
    cloud.ok("POST", f"{compute}/forwardingRules", rule)
    (target,) = cloud.ok("GET", f"{BASE}/certificateMaps/edge")["gclbTargets"]
    assert target["targetHttpsProxy"].endswith("/global/targetHttpsProxies/proxy")
    assert target["ipConfigs"][0]["ports"] == [443]
    cloud.refused(400, "DELETE", f"{BASE}/certificateMaps/edge")
    cloud.refused(400, "DELETE", f"{BASE}/certificates/app")

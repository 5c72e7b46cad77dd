"""Secret Manager: versions by number, alias and age, their states, and payloads that only `access` shows."""

from __future__ import annotations

import base64
import json
from typing import Any

import google_crc32c
import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud

BASE = f"secretmanager/v1/projects/{PROJECT}/secrets"
SECRET = f"{BASE}/jwt"
DATA = base64.b64encode(b"a payload").decode()


@pytest.fixture
def secret(cloud: Cloud, project: str) -> Cloud:
    """A cloud with a secret of one version."""
    cloud.ok("POST", f"{BASE}?secretId=jwt", {"replication": {"automatic": {}}})
    cloud.ok("POST", f"{SECRET}:addVersion", {"payload": {"data": DATA}})
    return cloud


def test_a_payload_is_shown_by_access_alone(secret: Cloud) -> None:
    accessed = secret.ok("GET", f"{SECRET}/versions/latest:access")
    assert accessed["name"].endswith("/secrets/jwt/versions/1")
    assert accessed["payload"] == {"data": DATA, "dataCrc32c": str(google_crc32c.value(b"a payload"))}
    shown = [secret.ok("GET", f"{SECRET}{tail}") for tail in ("", "/versions", "/versions/1")]
    kept = [item.body for item in secret.emulator.store.everything("secretmanager")]
    assert DATA not in json.dumps([shown, kept])


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"data": ""}, "needs data"),
        ({"data": "%%%"}, "base64"),
        ({"data": DATA, "dataCrc32c": "1"}, "checksum does not match"),
        ({"data": base64.b64encode(b"x" * 65537).decode()}, "65537 bytes"),
    ],
)
def test_payloads_that_cannot_be(secret: Cloud, payload: dict[str, Any], said: str) -> None:
    assert said in secret.refused(400, "POST", f"{SECRET}:addVersion", {"payload": payload})["message"]


def test_versions_are_switched_off_and_destroyed(secret: Cloud) -> None:
    secret.ok("POST", f"{SECRET}/versions/1:disable")
    assert "DISABLED" in secret.refused(400, "GET", f"{SECRET}/versions/1:access")["message"]
    secret.ok("POST", f"{SECRET}/versions/1:enable")
    assert secret.ok("POST", f"{SECRET}/versions/1:destroy")["destroyTime"]
    secret.refused(400, "GET", f"{SECRET}/versions/1:access")
    secret.refused(400, "POST", f"{SECRET}/versions/1:enable")
    secret.refused(404, "GET", f"{SECRET}/versions/latest:access")
    assert secret.ok("POST", f"{SECRET}:addVersion", {"payload": {"data": DATA}})["name"].endswith("/versions/2")


def test_destruction_can_be_delayed(secret: Cloud) -> None:
    secret.ok("PATCH", f"{SECRET}?updateMask=versionDestroyTtl", {"versionDestroyTtl": "86400s"})
    delayed = secret.ok("POST", f"{SECRET}/versions/1:destroy")
    assert (delayed["state"], "scheduledDestroyTime" in delayed) == ("DISABLED", True)
    assert secret.ok("POST", f"{SECRET}/versions/1:enable")["state"] == "ENABLED"
    secret.ok("GET", f"{SECRET}/versions/1:access")
    secret.ok("POST", f"{SECRET}/versions/1:destroy")
    secret.clock.advance(86401)
    assert [each["state"] for each in secret.ok("GET", f"{SECRET}/versions")["versions"]] == ["DESTROYED"]
    assert secret.ok("GET", f"{SECRET}/versions/1")["state"] == "DESTROYED"
    secret.refused(400, "POST", f"{SECRET}/versions/1:enable")


def test_an_alias_names_a_version_that_is_there(secret: Cloud) -> None:
    aliases = {"versionAliases": {"stable": "1"}}
    secret.ok("PATCH", f"{SECRET}?updateMask=versionAliases", aliases)
    assert secret.ok("GET", f"{SECRET}/versions/stable")["name"].endswith("/versions/1")
    absent = {"versionAliases": {"stable": "9"}}
    assert "does not exist" in secret.refused(400, "PATCH", f"{SECRET}?updateMask=versionAliases", absent)["message"]


def test_a_secret_that_is_made_again_begins_anew(secret: Cloud) -> None:
    secret.ok("DELETE", SECRET)
    secret.clock.advance(1)
    secret.ok("POST", f"{BASE}?secretId=jwt", {"replication": {"automatic": {}}})
    secret.refused(404, "GET", f"{SECRET}/versions/latest:access")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"replication": {"automatic": {}, "userManaged": {"replicas": [{"location": "europe-west3"}]}}},
        {"replication": {"userManaged": {"replicas": []}}},
        {"replication": {"automatic": {}}, "rotation": {"rotationPeriod": "3600s"}},
    ],
)
def test_secrets_that_cannot_be(secret: Cloud, body: dict[str, Any]) -> None:
    secret.refused(400, "POST", f"{BASE}?secretId=other", body)

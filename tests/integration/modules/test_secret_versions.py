"""Versions of secrets: the newest of each, payloads only when asked for, every secret without one named at once."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.modules.direct import run_module
from tests.integration.modules.playbook import play, step

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROJECT = "digs-secrets"
API = f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets"
PAYLOAD = "a-value-that-nobody-may-see"


def add(cloud: LocalCloud, secret: str, payload: str) -> None:
    """A version with `payload`."""
    data = base64.b64encode(payload.encode()).decode()
    cloud.post(f"{API}/{secret}:addVersion", json={"payload": {"data": data}}).raise_for_status()


@pytest.fixture(scope="module")
def furnished(cloud: LocalCloud) -> LocalCloud:
    """A project with two secrets, one of them without a version."""
    for name, arguments in (
        ("project", {"project_id": PROJECT, "parent": "organizations/123456789012"}),
        ("billing_link", {"project": PROJECT, "billing_account": "01D165-CA11AB-1E0001"}),
        ("services", {"project": PROJECT, "services": ["secretmanager.googleapis.com"]}),
    ):
        result = run_module(cloud, name, arguments)
        assert not result.get("failed"), result
    for secret in ("full", "empty"):
        cloud.post(f"{API}?secretId={secret}", json={"replication": {"automatic": {}}}).raise_for_status()
    add(cloud, "full", "an older value")
    add(cloud, "full", PAYLOAD)
    return cloud


def test_the_newest_version_is_named(furnished: LocalCloud) -> None:
    result = run_module(furnished, "secret_version_info", {"project": PROJECT, "secrets": ["full"]}, check=True)
    assert (result["versions"], result["changed"], "secret_values" in result) == ({"full": "2"}, False, False)


def test_a_payload_is_read_on_request(furnished: LocalCloud) -> None:
    asked = {"project": PROJECT, "secrets": ["full"], "with_values": True}
    assert run_module(furnished, "secret_version_info", asked)["secret_values"] == {"full": PAYLOAD}
    older = run_module(furnished, "secret_version_info", {**asked, "version": "1"})
    assert (older["versions"], older["secret_values"]) == ({"full": "1"}, {"full": "an older value"})


@pytest.mark.parametrize("with_values", [False, True])
def test_what_lacks_a_version_is_named(furnished: LocalCloud, with_values: bool) -> None:
    asked = {"project": PROJECT, "secrets": ["full", "empty", "absent"], "with_values": with_values}
    result = run_module(furnished, "secret_version_info", asked)
    assert (result["failed"], result["missing"]) == (True, ["empty", "absent"])
    assert result["failure"]["reason"] == "SECRET_WITHOUT_VERSION"
    assert "gcloud secrets versions add empty" in result["failure"]["hint"]


def test_a_payload_comes_out_nowhere(furnished: LocalCloud, tmp_path: Path) -> None:
    furnished.settings(journal_bodies=True)
    add(furnished, "full", PAYLOAD)
    asked = {"project": PROJECT, "secrets": ["full"], "with_values": True}
    played = play(furnished, tmp_path, [step("read", "secret_version_info", asked)], options=["-vvv", "--diff"])
    assert played.results["read"]["versions"] == {"full": "3"}
    assert PAYLOAD not in played.output

    journal = json.dumps(furnished.journal(service="secretmanager"))
    assert "addVersion" in journal
    assert "payload" in journal
    assert base64.b64encode(PAYLOAD.encode()).decode() not in journal

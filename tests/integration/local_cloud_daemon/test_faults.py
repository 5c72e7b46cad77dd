"""Fault rules on the real daemon: every effect as a client meets it."""

from __future__ import annotations

import time

import pytest
import requests

from tests.local_cloud import LocalCloud

PROJECTS = "cloudresourcemanager.googleapis.com/v1/projects"
NETWORKS = "compute.googleapis.com/compute/v1/projects/p/global/networks"


@pytest.mark.parametrize(
    ("rule", "status", "canonical"),
    [
        ({"status": 429}, 429, "RESOURCE_EXHAUSTED"),
        ({"status": 500}, 500, "INTERNAL"),
        ({"status": 503}, 503, "UNAVAILABLE"),
        ({"status": 401}, 401, "UNAUTHENTICATED"),
        ({"status": 403, "reason": "rateLimitExceeded"}, 403, "RESOURCE_EXHAUSTED"),
        ({"reason": "conflict"}, 409, "ABORTED"),
    ],
)
def test_a_call_is_answered_with_the_error_once(
    clean_cloud: LocalCloud, rule: dict[str, object], status: int, canonical: str
) -> None:
    number = clean_cloud.faults.add(method="cloudresourcemanager.projects.list", count=1, **rule)
    first, second = clean_cloud.get(PROJECTS), clean_cloud.get(PROJECTS)
    assert (first.status_code, first.json()["error"]["status"]) == (status, canonical)
    assert second.status_code == 200
    assert [rule["hits"] for rule in clean_cloud.faults.list()] == [1]
    assert [entry["fault"] for entry in clean_cloud.journal(service="cloudresourcemanager")] == [number, None]


def test_an_error_of_compute_has_computes_shape(clean_cloud: LocalCloud) -> None:
    clean_cloud.faults.add(service="compute", status=503)
    error = clean_cloud.get(NETWORKS).json()["error"]
    assert (error["code"], error["errors"][0]["reason"]) == (503, "backendError")


def test_the_token_endpoint_can_fail_too(clean_cloud: LocalCloud) -> None:
    clean_cloud.faults.add(service="oauth2", status=503, count=1)
    form = {"grant_type": "refresh_token"}
    statuses = [clean_cloud.post("oauth2.googleapis.com/token", data=form).status_code for _ in range(2)]
    assert statuses == [503, 400]


@pytest.mark.parametrize(("drop", "made"), [("request", False), ("response", True)])
def test_a_dropped_connection(clean_cloud: LocalCloud, drop: str, made: bool) -> None:
    clean_cloud.faults.add(method="*.projects.create", drop=drop, count=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        clean_cloud.post(PROJECTS, {"projectId": "dropped-project", "name": "x"})
    assert ("projects" in clean_cloud.get(PROJECTS).json()) == made
    [entry] = clean_cloud.journal(method="*.projects.create")
    assert (entry["dropped"], entry["status"]) == (True, 0)


def test_latency_delays_one_call_and_not_its_neighbour(clean_cloud: LocalCloud) -> None:
    clean_cloud.faults.add(method="*.projects.list", latency=0.4, count=1)
    started = time.monotonic()
    assert clean_cloud.get(PROJECTS).status_code == 200
    assert time.monotonic() - started >= 0.4
    [entry] = clean_cloud.journal(method="*.projects.list")
    assert entry["duration_ms"] >= 400


def test_rules_for_one_resource_and_one_caller(clean_cloud: LocalCloud) -> None:
    other = clean_cloud.token_for("user:other@presidential-digs.example")
    clean_cloud.faults.add(resource="projects/hit-*", status=503)
    clean_cloud.faults.add(principal="user:other@*", status=429)
    assert clean_cloud.get(f"{PROJECTS}/hit-me").status_code == 503
    assert clean_cloud.get(f"{PROJECTS}/spare-me").status_code in {403, 404}
    assert clean_cloud.get(f"{PROJECTS}/spare-me", token=other).status_code == 429


def test_the_command_line_adds_lists_and_clears(clean_cloud: LocalCloud) -> None:
    added = clean_cloud.command("faults", "add", "--service", "compute", "--status", "503", "--count", "2").stdout
    assert added == "rule 1\n"
    clean_cloud.command("faults", "add", "--json", '{"method": "*.list", "drop": "request", "after": 3}')
    assert clean_cloud.get(NETWORKS).status_code == 503
    listed = clean_cloud.command("faults", "list").stdout
    assert "rule 1: met 1, hit 1: service=compute status=503 reason=backendError" in listed
    assert "rule 2: met 1, hit 0: method=*.list" in listed
    assert clean_cloud.command("faults", "clear", "1").stdout == "1 rule cleared\n"
    assert clean_cloud.command("faults", "clear").stdout == "1 rule cleared\n"
    assert clean_cloud.command("faults", "list").stdout == "no fault rules\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--service", "compute"], "it does nothing; give status, reason, latency or drop"),
        (["--json", '{"colour": 1}'], "no key 'colour'"),
        (["--json", "{"], "Expecting property name"),
        (["--json", "{}", "--status", "503"], "give either --json or the other options"),
    ],
)
def test_the_command_line_refuses_what_makes_no_sense(cloud: LocalCloud, arguments: list[str], words: str) -> None:
    refused = cloud.command("faults", "add", *arguments, check=False)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert cloud.command("faults", "clear", "99", check=False).returncode == 1


def test_a_path_outside_the_discovery_documents_can_fail_too(clean_cloud: LocalCloud) -> None:
    clean_cloud.faults.add(service="storage", resource="some-bucket/*", status=503)
    assert clean_cloud.get("storage.googleapis.com/some-bucket/state%2Fdefault.tfstate").status_code == 503
    [entry] = clean_cloud.journal(service="storage")
    assert (entry["method_id"], entry["resource"]) == ("", "some-bucket/state/default.tfstate")

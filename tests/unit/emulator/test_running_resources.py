"""Resources that a runtime works on: their operations go by how far it is, and deletions wait for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from local_cloud.emulator.engine import Emulator
from local_cloud.emulator.profile import Run, load_profiles

from .conftest import PROJECT, Cloud


def settled(body: dict[str, Any]) -> bool | str:
    """Done when the description says so, failed when it gives a reason."""
    said = body.get("description", "")
    return said == "runs" or (said if said.startswith("failed") else False)


RUN = Run(
    settled=settled,
    starting={"description": "starts"},
    changing={"description": "changes"},
    stopping={"description": "stops"},
    alone={"description": "runs"},
)
NAME = f"projects/{PROJECT}/global/networks/n"


@pytest.fixture
def running(cloud: Cloud) -> Cloud:
    """A cloud whose networks need a runtime."""
    profiles = load_profiles()
    compute = profiles["compute"]
    types = tuple(replace(kind, run=RUN) if kind.collection == "networks" else kind for kind in compute.types)
    profiles["compute"] = replace(compute, types=types)
    store = cloud.emulator.store
    cloud.emulator = Emulator(":memory:", clock=cloud.clock, settings=cloud.settings, profiles=profiles)
    cloud.emulator.attended = frozenset({"compute"})
    store.close()
    cloud.ok("POST", "cloudresourcemanager/v1/projects", {"projectId": PROJECT})
    cloud.ok("POST", f"serviceusage/v1/projects/{PROJECT}/services/compute.googleapis.com:enable", {})
    return cloud


def create(cloud: Cloud) -> dict[str, Any]:
    """The operation that creates the network."""
    operation: dict[str, Any] = cloud.ok(
        "POST", f"compute/compute/v1/projects/{PROJECT}/global/networks", {"name": "n", "autoCreateSubnetworks": False}
    )
    return operation


def write_back(cloud: Cloud, said: str) -> None:
    """What a runtime does when it gets further."""
    store = cloud.emulator.store
    with store.transaction():
        found = store.get("compute", NAME)
        assert found is not None
        store.put("compute", NAME, found.collection, {**found.body, "description": said})


def poll(cloud: Cloud, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation now."""
    found: dict[str, Any] = cloud.ok(
        "GET", f"compute/compute/v1/projects/{PROJECT}/global/operations/{operation['name']}"
    )
    return found


def test_a_creation_is_done_when_the_runtime_is(running: Cloud) -> None:
    operation = create(running)
    assert operation["status"] == "RUNNING"
    assert running.ok("GET", f"compute/compute/v1/{NAME}")["description"] == "starts"
    write_back(running, "runs")
    assert poll(running, operation)["status"] == "DONE"


def test_a_creation_that_the_runtime_gave_up_fails_with_its_reason(running: Cloud) -> None:
    operation = create(running)
    write_back(running, "failed: no room")
    ended = poll(running, operation)
    assert ended["status"] == "DONE"
    assert "no room" in str(ended["error"])


def test_a_deletion_is_done_when_the_runtime_has_taken_the_resource_away(running: Cloud) -> None:
    create(running)
    write_back(running, "runs")
    operation = running.ok("DELETE", f"compute/compute/v1/{NAME}")
    assert operation["status"] == "RUNNING"
    assert running.ok("GET", f"compute/compute/v1/{NAME}")["description"] == "stops"
    with running.emulator.store.transaction():
        running.emulator.store.remove("compute", NAME)
    assert poll(running, operation)["status"] == "DONE"


def test_without_a_runtime_everything_is_done_at_once(running: Cloud) -> None:
    running.emulator.attended = frozenset()
    assert create(running)["status"] == "DONE"
    assert running.ok("GET", f"compute/compute/v1/{NAME}")["description"] == "runs"
    assert running.ok("DELETE", f"compute/compute/v1/{NAME}")["status"] == "DONE"


def test_whoever_listens_hears_of_a_commit_and_of_no_refusal(cloud: Cloud) -> None:
    heard: list[frozenset[str]] = []
    store = cloud.emulator.store
    store.listener = heard.append
    before = store.revision(["pubsub"])
    with store.transaction():
        store.put("pubsub", "projects/p/topics/t", "projects.topics", {})
    assert heard == [frozenset({"pubsub"})]
    assert store.revision(["pubsub"]) > before

    def refused() -> None:
        with store.transaction():
            store.put("pubsub", "projects/p/topics/u", "projects.topics", {})
            raise LookupError("refused")

    with pytest.raises(LookupError):
        refused()
    assert heard == [frozenset({"pubsub"})]


def test_the_revision_of_several_services_grows_with_each_of_them(cloud: Cloud) -> None:
    store = cloud.emulator.store
    for service in ("compute", "compute", "dns", "compute", "dns"):
        before = store.revision(["compute", "dns"])
        with store.transaction():
            store.put(service, "projects/p/things/t", "things", {})
        assert store.revision(["compute", "dns"]) > before

"""What a Cloud Run service's status becomes by how far its revisions are, and where its traffic goes meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.cloud_run.revision import Phase
from local_cloud.cloud_run.service import Routes, State, latest_ready, revision_status, routes, status
from local_cloud.cloud_run.template import RevisionTemplate, SecretReference, UnsupportedError, expanded, quantity
from local_cloud.containers.probes import HttpCheck

NAME = "projects/p/locations/l/services/web"
OLD, NEW = f"{NAME}/revisions/web-1", f"{NAME}/revisions/web-2"
LATEST = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
READY, STARTING = State(Phase.READY), State(Phase.STARTING)
FAILED = State(Phase.FAILED, "CONTAINER_MISSING", "Image 'x' not found")


def a_service(*traffic: dict[str, Any], ready: str = OLD) -> dict[str, Any]:
    """A service whose newest revision is `NEW`."""
    return {
        "name": NAME,
        "uri": "https://web-1.l.run.app",
        "generation": "2",
        "latestCreatedRevision": NEW,
        "latestReadyRevision": ready,
        "traffic": list(traffic or (LATEST,)),
    }


def test_nothing_is_said_while_the_newest_revision_starts_and_traffic_stays() -> None:
    service = a_service()
    states = {OLD: READY, NEW: STARTING}
    assert status(service, states, [OLD, NEW]) is None
    assert routes(service, latest_ready(service, states)).revisions == {OLD}


def test_traffic_moves_when_the_newest_revision_is_ready() -> None:
    service = a_service()
    states = {OLD: READY, NEW: READY}
    found = status(service, states, [OLD, NEW])
    assert found is not None
    assert (found["latestReadyRevision"], found["observedGeneration"]) == (NEW, "2")
    assert found["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert found["trafficStatuses"] == [{**LATEST, "revision": "web-2"}]
    assert routes(service, latest_ready(service, states)).revisions == {NEW}


def test_a_failed_revision_is_named_and_the_old_one_goes_on() -> None:
    service = a_service()
    found = status(service, {OLD: READY, NEW: FAILED}, [OLD, NEW])
    assert found is not None
    assert found["latestReadyRevision"] == OLD
    terminal = found["terminalCondition"]
    assert (terminal["state"], terminal["reason"]) == ("CONDITION_FAILED", "REVISION_FAILED")
    assert terminal["message"] == "Revision 'web-2' is not ready and cannot serve traffic. Image 'x' not found"


def test_a_target_that_does_not_exist_fails_the_routes() -> None:
    target = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-9", "percent": 100}
    found = status(a_service(target), {OLD: READY, NEW: READY}, [OLD, NEW])
    assert found is not None
    states = {one["type"]: one["state"] for one in found["conditions"]}
    assert states == {"RoutesReady": "CONDITION_FAILED", "ConfigurationsReady": "CONDITION_SUCCEEDED"}


def test_tags_have_addresses_and_take_no_share() -> None:
    pinned = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": 100}
    tagged = {"type": LATEST["type"], "tag": "next"}
    service = a_service(pinned, tagged)
    found = routes(service, NEW)
    assert {found.choose() for _ in range(20)} == {OLD}
    assert (found.choose("next"), found.choose("nothing")) == (NEW, None)
    shown = status(service, {OLD: READY, NEW: READY}, [OLD, NEW])
    assert shown is not None
    assert shown["trafficStatuses"][1]["uri"] == "https://next---web-1.l.run.app"


def test_shares_are_kept_to() -> None:
    found = Routes(((OLD, 90), (NEW, 10)))
    chosen = [found.choose() for _ in range(2000)]
    assert 100 < chosen.count(NEW) < 320


def test_a_revision_says_which_of_its_conditions_failed() -> None:
    conditions = {one["type"]: one for one in revision_status(FAILED)["conditions"]}
    assert conditions["ContainerReady"]["state"] == conditions["Ready"]["state"] == "CONDITION_FAILED"
    assert conditions["Ready"]["reason"] == "CONTAINER_MISSING"
    assert conditions["ContainerHealthy"]["state"] == "CONDITION_SUCCEEDED"
    assert revision_status(STARTING) == {}


BODY: dict[str, Any] = {
    "name": NEW,
    "serviceAccount": "a@p.iam.gserviceaccount.com",
    "timeout": "60s",
    "maxInstanceRequestConcurrency": 10,
    "scaling": {"maxInstanceCount": 3},
    "containers": [
        {
            "image": "img",
            "ports": [{"containerPort": 3000}],
            "env": [
                {"name": "A", "value": "x"},
                {"name": "B", "valueSource": {"secretKeyRef": {"secret": "key", "version": "2"}}},
            ],
            "resources": {"limits": {"memory": "512Mi"}},
            "startupProbe": {"httpGet": {"path": "/health"}, "periodSeconds": 2, "failureThreshold": 5},
        }
    ],
}


def test_a_template_is_read_whole() -> None:
    found = RevisionTemplate.of(BODY)
    assert (found.service, found.seconds, found.concurrency, found.least, found.most) == (NAME, 60, 10, 1, 3)
    serving = found.serving
    assert (serving.port, serving.memory) == (3000, 512 * 2**20)
    assert serving.environment == (("A", "x"), ("B", SecretReference("projects/p/secrets/key", "2")))
    assert serving.startup is not None
    assert serving.startup.check == HttpCheck(3000, "/health")
    assert (serving.startup.period, serving.startup.failure_threshold) == (2, 5)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"volumes": [{"name": "v", "gcs": {"bucket": "b"}}]}, "gcs"),
        ({"containers": [{**BODY["containers"][0], "startupProbe": {"grpc": {}}}]}, "gRPC"),
        ({"containers": [{**BODY["containers"][0], "resources": {"limits": {"memory": "much"}}}]}, "much"),
    ],
)
def test_what_is_not_run_here_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        RevisionTemplate.of({**BODY, **change})


def test_quantities_and_references_are_those_of_kubernetes() -> None:
    assert [quantity(text) for text in ("1Gi", "2M", "128Mi", "7")] == [2**30, 2_000_000, 128 * 2**20, 7]
    assert expanded([("A", "x"), ("B", "$(A)-$(NONE)")]) == {"A": "x", "B": "x-$(NONE)"}

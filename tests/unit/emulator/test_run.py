"""Cloud Run services: what the server fills in, the revision each template makes, and how a runtime settles them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud

BASE = f"run/v2/projects/{PROJECT}/locations/europe-west1/services"
NAME = f"projects/{PROJECT}/locations/europe-west1/services/web"


def template(image: str = "europe-docker.pkg.dev/p/r/web@sha256:1", **more: Any) -> dict[str, Any]:
    """A service of one container."""
    return {"template": {"containers": [{"image": image, **more}]}}


def test_a_service_is_completed(cloud: Cloud, project: str) -> None:
    operation = cloud.ok("POST", f"{BASE}?serviceId=web", template(livenessProbe={"httpGet": {"path": "/health"}}))
    assert operation["done"] is True
    assert operation["response"]["@type"] == "type.googleapis.com/google.cloud.run.v2.Service"
    service = cloud.ok("GET", f"{BASE}/web")
    (container,) = service["template"]["containers"]
    assert container["ports"] == [{"name": "http1", "containerPort": 8080}]
    assert container["resources"]["limits"] == {"cpu": "1000m", "memory": "512Mi"}
    assert container["startupProbe"]["tcpSocket"] == {"port": 8080}
    assert container["livenessProbe"]["httpGet"] == {"path": "/health", "port": 8080}
    assert service["uri"] in service["urls"]
    assert service["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert service["latestReadyRevision"] == service["latestCreatedRevision"]


def test_a_new_template_makes_a_revision(cloud: Cloud, project: str) -> None:
    cloud.ok("POST", f"{BASE}?serviceId=web", template())
    first = cloud.ok("GET", f"{BASE}/web")
    cloud.ok("PATCH", f"{BASE}/web", {**template(), "labels": {"team": "crm"}})
    labelled = cloud.ok("GET", f"{BASE}/web")
    assert labelled["latestCreatedRevision"] == first["latestCreatedRevision"]
    assert labelled["generation"] == "2"
    cloud.ok("PATCH", f"{BASE}/web", template("europe-docker.pkg.dev/p/r/web@sha256:2"))
    listed = cloud.ok("GET", f"{BASE}/web/revisions")["revisions"]
    assert len(listed) == 2
    newest = cloud.ok("GET", f"{BASE}/web")["latestCreatedRevision"]
    cloud.refused(400, "DELETE", f"run/v2/{newest}")
    cloud.ok("DELETE", f"run/v2/{first['latestCreatedRevision']}")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"template": {"containers": []}}, "at least one is required"),
        ({"template": {"containers": [{"name": "a"}]}}, "image: it is required"),
        ({"template": {"containers": [{"image": "a"}, {"image": "b"}]}}, "exactly one container must have a port"),
        (
            {**template(), "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 50}]},
            "50, not to 100",
        ),
    ],
)
def test_services_that_cannot_be(cloud: Cloud, project: str, body: dict[str, Any], said: str) -> None:
    assert said in cloud.refused(400, "POST", f"{BASE}?serviceId=web", body)["message"]


def test_what_is_not_served_is_no_success(cloud: Cloud, project: str) -> None:
    error = cloud.refused(501, "POST", f"{BASE}?serviceId=web&validateOnly=true", template())
    assert "validateOnly" in error["message"]
    cloud.refused(404, "GET", f"{BASE}/web")


def test_a_runtime_settles_a_service(cloud: Cloud, project: str) -> None:
    cloud.emulator.attended = frozenset({"run"})
    operation = cloud.ok("POST", f"{BASE}?serviceId=web", template())
    polled = f"run/v2/{operation['name']}"
    assert "done" not in cloud.ok("GET", polled)
    assert cloud.ok("GET", f"{BASE}/web")["reconciling"] is True

    store = cloud.emulator.store
    stored = store.get("run", NAME)
    assert stored
    ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED"}
    settled = {**stored.body, "observedGeneration": "1", "terminalCondition": ready}
    store.put("run", NAME, stored.collection, {key: value for key, value in settled.items() if key != "reconciling"})
    assert cloud.ok("GET", polled)["done"] is True

    failing = cloud.ok("PATCH", f"{BASE}/web", template("europe-docker.pkg.dev/p/r/web@sha256:bad"))
    stored = store.get("run", NAME)
    assert stored
    failed = {"type": "Ready", "state": "CONDITION_FAILED", "message": "The image cannot be pulled."}
    broken = {**stored.body, "observedGeneration": "2", "terminalCondition": failed}
    store.put("run", NAME, stored.collection, {key: value for key, value in broken.items() if key != "reconciling"})
    assert cloud.ok("GET", f"run/v2/{failing['name']}")["error"]["message"] == "The image cannot be pulled."

"""The filter edge_routes says what the edge must know of the services, or why it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from plugins.filter.edge_routes import edge_routes


def service(*paths: str, **more: Any) -> dict[str, Any]:
    """A service with these paths."""
    return {"runtime": "kubernetes", "exposure": "edge", "paths": list(paths), **more}


def test_paths_lead_to_services_and_the_rest_to_the_root() -> None:
    found = edge_routes(
        {
            "auth": service("/api/auth/", exposure="external", probes={"readiness": {"http": "/health"}}),
            "front": service("/", runtime="cloud_run", probes={"readiness": {"tcp": True}}),
            "inner": service("/inner", exposure="internal"),
            "silent": service(),
        },
        "app",
    )
    assert found["hosts"] == {"app": {"default": "front", "services": {"auth": {"paths": ["/api/auth"]}}}}
    assert found["services"] == {
        "auth": {"runtime": "kubernetes", "health_check": {"path": "/health"}},
        "front": {"runtime": "cloud_run", "health_check": {}},
    }


def test_a_cors_policy_goes_along() -> None:
    cors = {"origins": ["https://app.example"]}
    found = edge_routes({"front": service("/"), "api": service("/api", cors=cors)}, "app")
    assert found["hosts"]["app"]["services"]["api"] == {"paths": ["/api"], "cors": cors}


@pytest.mark.parametrize(
    ("catalog", "said"),
    [
        ({"api": service("/api")}, "found none"),
        ({"one": service("/"), "two": service("/")}, "found one, two"),
        ([service("/")], "found list"),
    ],
)
def test_what_cannot_be_routed(catalog: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        edge_routes(catalog, "app")

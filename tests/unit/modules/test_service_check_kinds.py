"""Every kind of check of a service, with a service that is right, one that is wrong, and one that lets all pass."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._service_check import Checks
from tests.unit.modules.google_server import Received, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.modules.conftest import HandClock
    from tests.unit.modules.google_server import GoogleServer

CLUSTER, APP = "cluster.example", "app.crm.example"
PROXIED = "/api/v1/namespaces/crm/services/backend:8000/proxy"
SIGN_IN = [
    {"path": "/sign-in", "method": "POST", "json": {"name": "n-{nonce}"}, "keep": {"token": "token"}},
    {"path": "/me", "headers": {"Authorization": "Bearer {token}"}, "json_has": {"name": "somebody"}},
]


@pytest.fixture
def checks(google: GoogleServer, clock: HandClock) -> Checks:
    """Checks of a service on a cluster, whose API the scripted server answers as well."""
    params = {
        "service": "backend",
        "runtime": "kubernetes",
        "host": f"https://{CLUSTER}",
        "namespace": "crm",
        "port": 8000,
        "urls": {"public": f"https://{APP}"},
        "environment": {"MODE": "real"},
        "secret_variables": ["JWT_SECRET"],
        "timeout": 5,
        **google.params,
    }
    return Checks(params, clock)


def verdict(checks: Checks, **check: Any) -> tuple[str, str]:
    """Verdict and evidence of a check."""
    told = checks.verdict({"name": "c", **check})
    return told["verdict"], told["evidence"]


def accounts(request: Received, *, known: bool = True) -> Reply:
    """A service that lets in whoever has the token; unless `known` it lets in everybody."""
    if request.path == "/sign-in":
        return Reply(200, {"token": "kept-by-the-first-step"})
    has_token = request.headers.get("authorization") == "Bearer kept-by-the-first-step"
    return Reply(200, {"name": "somebody"}) if has_token or not known else Reply(401)


CONTROLS = [{"drop": 0}, {"replace": {"token": "made-up"}}]


@pytest.mark.parametrize("control", CONTROLS, ids=["drop", "replace"])
def test_steps_build_on_each_other(google: GoogleServer, checks: Checks, control: dict[str, Any]) -> None:
    google.script = accounts

    found, evidence = verdict(checks, kind="steps", steps=SIGN_IN, control=control)

    assert (found, "2 requests, each as wanted" in evidence) == ("pass", True), evidence
    assert google.received[0].json["name"].startswith("n-")
    assert "{nonce}" not in google.received[0].json["name"]


@pytest.mark.parametrize("control", CONTROLS, ids=["drop", "replace"])
def test_steps_that_anybody_may_take_prove_nothing(
    google: GoogleServer, checks: Checks, control: dict[str, Any]
) -> None:
    google.script = lambda request: accounts(request, known=False)

    assert verdict(checks, kind="steps", steps=SIGN_IN, control=control)[0] == "no-evidence"


def test_the_first_step_that_is_wrong_is_told(google: GoogleServer, checks: Checks) -> None:
    google.script = lambda _request: Reply(500)

    found, evidence = verdict(checks, kind="steps", steps=SIGN_IN, control={"drop": 0})

    assert (found, "POST /sign-in" in evidence, len(google.received)) == ("fail", True, 1)


def test_steps_need_a_planted_fault(google: GoogleServer, checks: Checks) -> None:
    with pytest.raises(Failure, match="control"):
        verdict(checks, kind="steps", steps=SIGN_IN)
    assert google.received == []


def test_http_that_is_answered_where_nobody_is_proves_nothing(google: GoogleServer, checks: Checks) -> None:
    google.script = lambda _request: Reply(200)

    assert verdict(checks, kind="http", path="/health")[0] == "no-evidence"
    assert [request.host == APP for request in google.received] == [True, False]


def test_http_in_the_cluster_goes_through_the_api_server(google: GoogleServer, checks: Checks) -> None:
    google.script = lambda request: Reply(200 if unquote(request.path) == f"{PROXIED}/health" else 404)

    found, evidence = verdict(checks, kind="http", path="/health", via="cluster")

    assert (found, "backend.crm:8000" in evidence) == ("pass", True), evidence
    assert all(request.host == CLUSTER for request in google.received)


def test_an_unknown_place_is_refused(checks: Checks, google: GoogleServer) -> None:
    with pytest.raises(Failure, match="one of urls: public"):
        verdict(checks, kind="http", path="/health", via="edge")
    assert google.received == []


@pytest.mark.parametrize(("allowed", "said"), [(f"https://{APP}", "pass"), ("*", "no-evidence"), ("", "fail")])
def test_cors_lets_in_one_origin(google: GoogleServer, checks: Checks, allowed: str, said: str) -> None:
    google.script = lambda _request: Reply(204, headers={"Access-Control-Allow-Origin": allowed} if allowed else {})

    assert verdict(checks, kind="cors", path="/", origin=f"https://{APP}")[0] == said


def test_tls_of_a_place_in_the_cluster_is_refused(checks: Checks) -> None:
    with pytest.raises(Failure, match="public or edge"):
        verdict(checks, kind="tls", via="cluster")


@pytest.mark.parametrize(
    ("address", "said"),
    [("10.16.1.9", "pass"), ("34.1.2.3", "fail"), ("203.0.113.9", "fail"), ("lb.example", "fail"), ("", "pass")],
)
def test_private_looks_at_the_services_address(google: GoogleServer, checks: Checks, address: str, said: str) -> None:
    ingress = [{"ip": address}] if address else []
    service = {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": ingress}}}
    google.script = lambda _request: Reply(200, service)

    assert verdict(checks, kind="private")[0] == said


def cluster_of(settings: Mapping[str, str], secrets: Mapping[str, str], **variables: str) -> Any:
    """A script of an API server: a Deployment with a ConfigMap, a Secret and variables in clear."""
    sources = [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "secrets"}}]
    container = {"envFrom": sources, "env": [{"name": key, "value": value} for key, value in variables.items()]}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in secrets.items()}
    objects = {
        "deployments/backend": {"spec": {"template": {"spec": {"containers": [container]}}}},
        "configmaps/settings": {"data": dict(settings)},
        "secrets/secrets": {"data": encoded},
    }
    return lambda request: Reply(200, objects["/".join(request.path.split("/")[-2:])])


SECRET = {"JWT_SECRET": "value-that-stays-here"}


@pytest.mark.parametrize(
    ("script", "said", "told"),
    [
        (cluster_of({"MODE": "real"}, SECRET), "pass", "1 variables and 1 secrets"),
        (cluster_of({"MODE": "canned"}, SECRET), "fail", "MODE is 'canned'"),
        (cluster_of({"MODE": "real", "MORE": "x"}, SECRET), "fail", "also set: MORE"),
        (cluster_of({}, SECRET), "fail", "not set: MODE"),
        (cluster_of({"MODE": "real"}, {}), "fail", "not set: JWT_SECRET"),
        (cluster_of({"MODE": "real"}, {}, **SECRET), "fail", "in clear, not from a secret: JWT_SECRET"),
    ],
    ids=["as declared", "otherwise", "surplus", "lacking", "no secret", "in clear"],
)
def test_environment_is_what_was_declared(
    google: GoogleServer, checks: Checks, script: Any, said: str, told: str
) -> None:
    google.script = script

    found, evidence = verdict(checks, kind="environment")

    assert (found, told in evidence) == (said, True), evidence
    assert SECRET["JWT_SECRET"] not in evidence

"""Checks of a service: what is not there yet is asked again until the deadline, a wrong answer is final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils._service_check import Checks
from tests.unit.modules.google_server import DROP, Received, Reply, in_turn

if TYPE_CHECKING:
    from tests.unit.modules.conftest import HandClock
    from tests.unit.modules.google_server import GoogleServer

APP = "app.crm.example"
HEALTH = {"name": "health", "kind": "http", "via": "edge", "path": "/health", "json_has": {"mode": "real"}}
CORS = {"name": "cors", "kind": "cors", "via": "edge", "path": "/login", "origin": f"https://{APP}"}
TLS = {"name": "tls", "kind": "tls", "via": "edge"}
REAL = Reply(200, {"mode": "real"})


@pytest.fixture
def checks(google: GoogleServer, clock: HandClock) -> Checks:
    """Checks through the edge, with 60 seconds for each."""
    params = {"service": "backend", "urls": {"edge": f"https://{APP}"}, "timeout": 60, **google.params}
    return Checks(params, clock)


def answering(google: GoogleServer, *replies: Reply) -> None:
    """Let the edge answer in turn, and nobody elsewhere."""
    script = in_turn(*replies)
    google.script = lambda request: script(request) if request.host == APP else Reply(403)


@pytest.mark.parametrize("early", [Reply(404), Reply(502), Reply(503), Reply(504), DROP], ids=str)
def test_what_is_not_there_yet_is_asked_again(
    early: Reply, google: GoogleServer, clock: HandClock, checks: Checks
) -> None:
    answering(google, early, early, REAL)

    verdict = checks.verdict(HEALTH)

    assert verdict["verdict"] == "pass", verdict
    assert clock.slept == [1, 1.5]


def test_there_is_a_deadline(google: GoogleServer, clock: HandClock, checks: Checks) -> None:
    google.script = lambda _request: Reply(503)

    verdict = checks.verdict(HEALTH)

    assert (verdict["verdict"], "status 503, wanted 200" in verdict["evidence"]) == ("fail", True)
    assert 50 <= clock.time <= 60


@pytest.mark.parametrize(
    ("check", "wrong"),
    [(HEALTH, Reply(500)), (HEALTH, Reply(200, {"mode": "canned"})), (CORS, Reply(200)), (CORS, Reply(500))],
    ids=["status", "body", "origin", "cors_status"],
)
def test_a_wrong_answer_is_final(
    check: dict[str, Any], wrong: Reply, google: GoogleServer, clock: HandClock, checks: Checks
) -> None:
    answering(google, wrong)

    assert checks.verdict(check)["verdict"] == "fail"
    assert clock.slept == []


@pytest.mark.parametrize("check", [HEALTH, CORS, TLS], ids=["http", "cors", "tls"])
def test_a_proxy_that_refuses_is_final(
    check: dict[str, Any], google: GoogleServer, clock: HandClock, checks: Checks
) -> None:
    google.refused_hosts.add(APP)

    assert checks.verdict(check)["verdict"] == "fail"
    assert clock.slept == []


def test_the_planted_fault_is_shown_to_what_is_there(google: GoogleServer, checks: Checks) -> None:
    """An origin that is refused because nobody answers yet would prove nothing of the origins."""

    def everybody(request: Received) -> Reply:
        allowing = {"Access-Control-Allow-Origin": request.headers["origin"]}
        return next(early, Reply(200, headers=allowing))

    early = iter([Reply(503), Reply(503)])
    google.script = everybody

    assert checks.verdict(CORS)["verdict"] == "no-evidence"


def test_a_certificate_of_a_stranger_is_noticed(google: GoogleServer, checks: Checks) -> None:
    verdict = checks.verdict(TLS)

    assert verdict["verdict"] == "pass", verdict
    assert "CERTIFICATE_VERIFY_FAILED" in verdict["evidence"]


def test_an_answer_that_ends_the_connection_shows_no_certificate(google: GoogleServer, checks: Checks) -> None:
    google.script = lambda _request: Reply(200, headers={"Connection": "close"})

    verdict = checks.verdict(TLS)

    assert (verdict["verdict"], "the connection ended with it" in verdict["evidence"]) == ("fail", True)

"""Assertions that service accounts sign: exchanged for tokens, or shown to an API as they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.unit.local_cloud_daemon.identity_world import ACCOUNT, KEY, OTHER_KEY

if TYPE_CHECKING:
    from local_cloud.emulator.http import Response
    from tests.unit.local_cloud_daemon.identity_world import World


def assertion(key: Any = KEY, key_id: str = "k1", **change: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ACCOUNT,
        "sub": ACCOUNT,
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3600,
    }
    claims |= {"scope": "https://www.googleapis.com/auth/cloud-platform"}
    kept = {name: value for name, value in {**claims, **change}.items() if value is not None}
    return jwt.encode(kept, key, algorithm="RS256", headers={"kid": key_id})


def exchange_assertion(world: World, signed: str) -> Response:
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
    return world.ask("POST", "oauth2.googleapis.com/token", form)


@pytest.mark.parametrize("key_id", ["k0", "k1"])
def test_a_signed_assertion_becomes_a_token_of_the_account(world: World, key_id: str) -> None:
    answer = exchange_assertion(world, assertion(key_id=key_id))
    assert answer.status == 200, answer.body
    caller = world.caller(answer.parsed()["access_token"])
    assert caller is not None
    assert (caller.member, caller.email, caller.subject) == (f"serviceAccount:{ACCOUNT}", ACCOUNT, "123")


def test_an_assertion_for_an_audience_becomes_an_id_token(world: World) -> None:
    answer = exchange_assertion(world, assertion(scope=None, target_audience="https://service.example"))
    claims = world.signer.verify(answer.parsed()["id_token"], "https://service.example")
    assert claims["email"] == ACCOUNT


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        (lambda: assertion(key=OTHER_KEY), "Invalid JWT Signature."),
        (lambda: assertion(key_id="k2"), "account not found"),
        (lambda: assertion(iss="other@p.iam.gserviceaccount.com"), "account not found"),
        (lambda: assertion(aud="https://example.com"), "Failed audience check"),
        (lambda: assertion(exp=int(time.time()) - 3600, iat=int(time.time()) - 7200), "expired"),
        (lambda: assertion(exp=int(time.time()) + 7300), "short-lived token (60 minutes)"),
        (lambda: assertion(exp=None), 'missing the "exp" claim'),
        (lambda: "not.a.jwt", "Invalid JWT"),
        (lambda: jwt.encode({"iss": ACCOUNT}, "s" * 32, algorithm="HS256"), "must be RS256, not HS256"),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(world: World, signed: Any, words: str) -> None:
    answer = exchange_assertion(world, signed())
    assert (answer.status, answer.parsed()["error"]) == (400, "invalid_grant")
    assert words in answer.parsed()["error_description"]


def test_a_self_signed_jwt_is_good_for_its_api_only(world: World) -> None:
    token = assertion(aud="https://compute.googleapis.com/", scope=None)
    caller = world.caller(token)
    assert caller is not None
    assert caller.email == ACCOUNT
    assert world.caller(token, "storage.googleapis.com") is None
    scoped = assertion(aud=None)
    assert world.caller(scoped, "storage.googleapis.com") is not None
    assert world.caller(assertion(key=OTHER_KEY, aud=None)) is None

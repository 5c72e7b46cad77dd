"""Tokens, the endpoints that refresh, revoke and explain them, and the principals behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jwt
import pytest

from local_cloud.emulator.http import Request
from local_cloud.identity.accounts import OWNER, unique_id, user
from local_cloud.identity.tokens import TokenStore
from local_cloud.identity.who import Authenticator
from tests.unit.local_cloud_daemon.identity_world import Accounts, World

if TYPE_CHECKING:
    from pathlib import Path


# Access and refresh tokens


def test_a_token_stands_for_its_principal_until_it_ends(world: World) -> None:
    issued = world.tokens.issue(OWNER, timedelta(hours=1), ("scope",))
    assert issued.token.startswith("ya29.")
    caller = world.caller(issued.token)
    assert caller == replace(OWNER, expires=issued.expires)
    world.clock.advance(timedelta(hours=1))
    assert world.caller(issued.token) is None


def test_tokens_survive_a_restart_as_hashes_only(world: World, tmp_path: Path) -> None:
    issued = world.tokens.issue(OWNER, timedelta(hours=1))
    refresh = world.tokens.issue_refresh_token(OWNER, "client", ("s",))
    world.tokens.close()
    for file in tmp_path.glob("tokens.sqlite*"):
        assert issued.token.encode() not in file.read_bytes()
        assert refresh.encode() not in file.read_bytes()
    world.tokens = TokenStore(tmp_path / "tokens.sqlite", world.clock, world.signer)
    assert world.caller(issued.token) is not None
    assert world.tokens.find_refresh_token(refresh) is not None
    assert world.tokens.find(refresh) is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer "}, {"authorization": "Bearer ya29.unknown"}, {"authorization": "Basic eDp5"}],
)
def test_nobody_without_a_valid_token(world: World, headers: dict[str, str]) -> None:
    authenticator = Authenticator(world.tokens, Accounts())
    assert authenticator.principal(Request("GET", "compute.googleapis.com", "/", headers=headers)) is None


def test_the_token_may_be_in_the_query(world: World) -> None:
    token = world.tokens.issue(OWNER, timedelta(hours=1)).token
    request = Request("GET", "compute.googleapis.com", "/", query=f"access_token={token}")
    assert Authenticator(world.tokens, Accounts()).principal(request) is not None


def test_only_the_owner_outlives_a_reset(world: World) -> None:
    own = world.tokens.issue(OWNER, timedelta(hours=1)).token
    other = world.tokens.issue(user("b@c.example"), timedelta(hours=1)).token
    assert world.caller(other) is not None
    world.tokens.forget_others(OWNER.member)
    assert (world.caller(own) is not None, world.caller(other)) == (True, None)


def test_a_refresh_token_gives_access_and_id_tokens(world: World) -> None:
    refresh = world.tokens.issue_refresh_token(OWNER, "client", ("openid", "email"))
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "client", "client_secret": "s"}
    answer = world.ask("POST", "oauth2.googleapis.com/token", form)
    body = answer.parsed()
    assert (answer.status, body["token_type"], body["expires_in"], body["scope"]) == (
        200,
        "Bearer",
        3599,
        "openid email",
    )
    caller = world.caller(body["access_token"])
    assert caller is not None
    assert caller.member == OWNER.member
    assert world.signer.verify(body["id_token"], "client")["email"] == OWNER.email


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"refresh_token": "1//nope"}, 400, "invalid_grant"),
        ({"client_id": "another"}, 401, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"refresh_token": ""}, 400, "invalid_request"),
    ],
)
def test_a_refresh_that_is_wrong_is_refused(world: World, change: dict[str, str], status: int, error: str) -> None:
    refresh = world.tokens.issue_refresh_token(OWNER, "client", ())
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "client", **change}
    answer = world.ask("POST", "oauth2.googleapis.com/token", form)
    assert (answer.status, answer.parsed()["error"]) == (status, error)


def test_a_revoked_token_is_gone(world: World) -> None:
    token = world.tokens.issue(OWNER, timedelta(hours=1)).token
    assert world.caller(token) is not None
    assert world.ask("POST", "oauth2.googleapis.com/revoke", {"token": token}).status == 200
    assert world.caller(token) is None
    again = world.ask("POST", "oauth2.googleapis.com/revoke", {"token": token})
    assert (again.status, again.parsed()["error"]) == (400, "invalid_token")


# Introspection


@pytest.mark.parametrize(
    ("url", "subject", "verified"),
    [
        ("openidconnect.googleapis.com/v1/userinfo", "sub", "email_verified"),
        ("www.googleapis.com/oauth2/v3/userinfo", "sub", "email_verified"),
        ("www.googleapis.com/oauth2/v2/userinfo", "id", "verified_email"),
        ("www.googleapis.com/oauth2/v1/userinfo", "id", "verified_email"),
    ],
)
def test_userinfo_in_each_version(world: World, url: str, subject: str, verified: str) -> None:
    token = world.tokens.issue(OWNER, timedelta(hours=1)).token
    answer = world.ask("GET", url, headers={"authorization": f"Bearer {token}"})
    assert answer.parsed() == {subject: OWNER.subject, "email": OWNER.email, verified: True}
    assert world.ask("GET", url, headers={"authorization": "Bearer x"}).status == 401


def test_tokeninfo_of_access_and_id_tokens(world: World) -> None:
    token = world.tokens.issue(OWNER, timedelta(hours=1), ("a", "b"), "client").token
    third = world.ask("GET", f"oauth2.googleapis.com/tokeninfo?access_token={token}").parsed()
    assert (third["scope"], third["aud"], third["email"]) == ("a b", "client", OWNER.email)
    assert 3590 <= int(third["expires_in"]) <= 3600
    first = world.ask("GET", f"www.googleapis.com/oauth2/v1/tokeninfo?access_token={token}").parsed()
    assert (first["audience"], first["verified_email"]) == ("client", True)
    identity = world.tokens.issue_id_token(OWNER, "aud")
    assert world.ask("POST", "oauth2.googleapis.com/tokeninfo", {"id_token": identity}).parsed()["aud"] == "aud"
    assert world.ask("GET", "oauth2.googleapis.com/tokeninfo?access_token=x").status == 400


def test_an_id_token_verifies_against_the_published_keys(world: World) -> None:
    token = world.tokens.issue_id_token(OWNER, "aud", include_email=False)
    published = world.ask("GET", "www.googleapis.com/oauth2/v3/certs").parsed()
    key = next(k for k in jwt.PyJWKSet.from_dict(published).keys if k.key_id == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(token, key.key, algorithms=["RS256"], audience="aud")
    assert (claims["iss"], claims["sub"], "email" in claims) == ("https://accounts.google.com", OWNER.subject, False)


def test_what_is_not_there_and_verbs_that_are_wrong(world: World) -> None:
    assert world.ask("GET", "oauth2.googleapis.com/nothing").status == 404
    assert world.ask("GET", "oauth2.googleapis.com/token").status == 405
    assert world.endpoints().find(Request("GET", "compute.googleapis.com", "/v1/token")) is None


# Principals


def test_a_user_is_also_its_domain() -> None:
    assert user("a@b.example").memberships() == {
        "user:a@b.example",
        "domain:b.example",
        "allUsers",
        "allAuthenticatedUsers",
    }


def test_ids_are_21_digits_and_stay_the_same() -> None:
    assert unique_id("a@b.example") == unique_id("a@b.example") != unique_id("c@b.example")
    assert len(unique_id("a@b.example")) == 21
    assert unique_id("a@b.example").isdigit()


def test_expiry_is_aware() -> None:
    assert OWNER.expires.tzinfo is UTC
    assert OWNER.expires > datetime.now(UTC)

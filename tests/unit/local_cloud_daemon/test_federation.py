"""The token exchange: who gets in from outside, as whom, and who does not."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from local_cloud.identity.accounts import OWNER
from local_cloud.identity.doors import FederationProvider
from tests.unit.local_cloud_daemon.identity_world import AUDIENCE, ISSUER, KEY, OTHER_KEY, PROVIDER, key_set

if TYPE_CHECKING:
    from local_cloud.emulator.http import Response
    from tests.unit.local_cloud_daemon.identity_world import World


def subject_token(key: Any = KEY, key_id: str = "g1", algorithm: str = "RS256", **change: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": f"https://iam.googleapis.com/{PROVIDER}",
        "sub": "repo:presidential-digs/platform:ref:refs/heads/main",
        "repository": "presidential-digs/platform",
        "repository_owner": "presidential-digs",
        "ref": "refs/heads/main",
        "teams": ["platform", "oncall"],
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode({**claims, **change}, key, algorithm=algorithm, headers={"kid": key_id})


def exchange(world: World, token: str, **change: str) -> Response:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": AUDIENCE,
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "subject_token": token,
    }
    return world.ask("POST", "sts.googleapis.com/v1/token", {**form, **change})


def test_an_outside_token_becomes_a_principal_of_the_pool(world: World) -> None:
    answer = exchange(world, subject_token())
    assert answer.status == 200, answer.body
    body = answer.parsed()
    assert body["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert 590 <= body["expires_in"] <= 600
    caller = world.caller(body["access_token"])
    assert caller is not None
    pool = "projects/1/locations/global/workloadIdentityPools/github"
    assert caller.member == (
        f"principal://iam.googleapis.com/{pool}/subject/repo:presidential-digs/platform:ref:refs/heads/main"
    )
    base = f"principalSet://iam.googleapis.com/{pool}"
    assert caller.memberships() == {
        caller.member,
        "allUsers",
        "allAuthenticatedUsers",
        f"{base}/*",
        f"{base}/attribute.repository/presidential-digs/platform",
        f"{base}/attribute.branch/main",
        f"{base}/group/platform",
        f"{base}/group/oncall",
    }


def test_a_json_body_in_camel_case_will_do(world: World) -> None:
    body = {
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": AUDIENCE,
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
        "subjectToken": subject_token(),
    }
    headers = {"content-type": "application/json"}
    assert world.ask("POST", "sts.googleapis.com/v1/token", json.dumps(body).encode(), headers).status == 200


@pytest.mark.parametrize(
    ("token", "change", "error", "words"),
    [
        (subject_token, {"audience": "//iam.googleapis.com/x"}, "invalid_target", "disabled or deleted"),
        (subject_token, {"subject_token_type": "x"}, "invalid_request", "subject_token_type"),
        (subject_token, {"grant_type": ""}, "invalid_request", "grant_type"),
        (lambda: subject_token(key=OTHER_KEY), {}, "invalid_grant", "Signature verification failed"),
        (lambda: subject_token(key_id="g2"), {}, "invalid_grant", "No key of"),
        (lambda: subject_token(iss="https://evil.example"), {}, "invalid_grant", "issuer"),
        (lambda: subject_token(aud="other"), {}, "invalid_grant", "audience in ID Token [other]"),
        (lambda: subject_token(exp=int(time.time()) - 600), {}, "invalid_grant", "expired"),
        (
            lambda: subject_token(repository_owner="evil"),
            {},
            "unauthorized_client",
            "rejected by the attribute condition",
        ),
        (lambda: subject_token(sub="x" * 128), {}, "unauthorized_client", "attribute condition"),
        (lambda: subject_token(sub="repo:" + "x" * 128), {}, "invalid_grant", "1 to 127 bytes"),
        (lambda: subject_token(teams="one"), {}, "invalid_grant", "google.groups must be of type LIST"),
        (lambda: "garbage", {}, "invalid_grant", "not valid"),
    ],
)
def test_a_token_that_does_not_hold_is_not_exchanged(
    world: World, token: Any, change: dict[str, str], error: str, words: str
) -> None:
    answer = exchange(world, token(), **change)
    assert (answer.status, answer.parsed()["error"]) == (400, error)
    assert words in answer.parsed()["error_description"]


def test_listed_audiences_replace_the_default(world: World) -> None:
    world.providers.known = replace(world.providers.known, allowed_audiences=("https://ours.example",))
    assert exchange(world, subject_token()).status == 400
    assert exchange(world, subject_token(aud="https://ours.example")).status == 200


def test_elliptic_keys_will_do(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    world.providers.known = replace(world.providers.known, jwks=key_set(key, "e1"))
    assert exchange(world, subject_token(key, "e1", "ES256")).status == 200


def test_a_claim_that_a_mapping_reads_may_be_missing_but_not_the_subject(world: World) -> None:
    mapping = {"google.subject": "assertion.sub", "attribute.extra": "assertion.nothing"}
    world.providers.known = replace(world.providers.known, attribute_mapping=mapping)
    token = exchange(world, subject_token()).parsed()["access_token"]
    caller = world.caller(token)
    assert caller is not None
    assert set(caller.attributes) == {"google.subject"}
    world.providers.known = replace(world.providers.known, attribute_mapping={"google.subject": "assertion.nothing"})
    assert "google.subject" in exchange(world, subject_token()).parsed()["error_description"]


def test_without_keys_the_answer_says_what_to_set(world: World) -> None:
    world.providers.known = replace(world.providers.known, jwks=None)
    assert "oidc.jwksJson" in exchange(world, subject_token()).parsed()["error_description"]


def test_our_own_id_tokens_can_be_federated(world: World) -> None:
    mapping = {"google.subject": "assertion.sub"}
    world.providers.known = FederationProvider(
        PROVIDER, "https://accounts.google.com", None, mapping, allowed_audiences=("aud",)
    )
    assert exchange(world, world.tokens.issue_id_token(OWNER, "aud")).status == 200

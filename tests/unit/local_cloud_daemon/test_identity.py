"""Tokens and who gets them: OAuth, self-signed assertions, federation, introspection."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from local_cloud.clock import AdjustableClock
from local_cloud.emulator.http import Request, Response
from local_cloud.identity.accounts import OWNER, unique_id, user
from local_cloud.identity.doors import FederationProvider, ServiceAccountKey
from local_cloud.identity.endpoints import IdentityEndpoints
from local_cloud.identity.id_tokens import IdTokenSigner
from local_cloud.identity.principal import Principal
from local_cloud.identity.tokens import TokenStore
from local_cloud.identity.who import Authenticator
from local_cloud.state import StateDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = "deployer@p.iam.gserviceaccount.com"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/github/providers/actions"
AUDIENCE = f"//iam.googleapis.com/{PROVIDER}"
ISSUER = "https://token.actions.githubusercontent.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


def key_set(key: Any, key_id: str) -> dict[str, Any]:
    algorithm = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    return {"keys": [{**json.loads(algorithm.to_jwk(key.public_key())), "kid": key_id}]}


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ACCOUNT)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, now, now + timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


class Accounts:
    """The emulator's side: one service account with a generated key `k1` and an uploaded one `k0`."""

    def lookup(self, email: str, key_id: str) -> ServiceAccountKey | None:
        if email != ACCOUNT or key_id not in {"k0", "k1"}:
            return None
        return ServiceAccountKey(PUBLIC_PEM if key_id == "k1" else certificate(), "123")


@dataclass
class Providers:
    """The emulator's other side."""

    known: FederationProvider

    def lookup(self, audience: str) -> FederationProvider | None:
        return self.known if audience == AUDIENCE else None


@dataclass
class World:
    """Everything identity, on a fresh state directory."""

    clock: AdjustableClock
    tokens: TokenStore
    signer: IdTokenSigner
    providers: Providers

    def endpoints(self) -> IdentityEndpoints:
        return IdentityEndpoints(self.tokens, self.signer, self.clock, Accounts(), self.providers)

    def ask(self, verb: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        host, _, rest = url.partition("/")
        path, _, query = f"/{rest}".partition("?")
        payload = b"" if body is None else body if isinstance(body, bytes) else urlencode(body).encode()
        request = Request(verb, host, path, query, headers or {}, payload)
        endpoint = self.endpoints().find(request)
        assert endpoint is not None
        return endpoint.handle(request)

    def caller(self, token: str, host: str = "compute.googleapis.com") -> Principal | None:
        authenticator = Authenticator(self.tokens, Accounts())
        return authenticator.principal(Request("GET", host, "/", headers={"authorization": f"Bearer {token}"}))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    state = StateDirectory(tmp_path)
    clock = AdjustableClock(state.clock)
    signer = IdTokenSigner.open(state)
    provider = FederationProvider(
        name=PROVIDER,
        issuer=ISSUER,
        jwks=key_set(KEY, "g1"),
        attribute_mapping={
            "google.subject": "assertion.sub",
            "attribute.repository": "assertion.repository",
            "attribute.branch": "assertion.ref.extract('refs/heads/{branch}')",
            "google.groups": "assertion.teams",
        },
        attribute_condition="assertion.repository_owner == 'presidential-digs' && google.subject.startsWith('repo:')",
    )
    tokens = TokenStore(state.tokens, clock, signer)
    yield World(clock, tokens, signer, Providers(provider))
    tokens.close()


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


# Service accounts


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


# Federation


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

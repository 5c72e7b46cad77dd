"""One token for each way to authenticate, minted by google-auth against scripted token endpoints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from plugins.module_utils._client import Client
from plugins.module_utils._credentials import STRATEGIES, strategy_for
from plugins.module_utils._failure import Failure
from plugins.module_utils._spec import AUTH_KINDS
from tests.unit.modules.google_server import DROP, GoogleServer, Received, Reply, google_error

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.modules.conftest import HandClock

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TARGET = "deployer@digs-crm-dev.iam.gserviceaccount.com"


def token_endpoints(request: Received) -> Reply:
    """Google's four token endpoints; every token says where it came from."""
    where = f"{request.host}{request.path}"
    if where == "oauth2.googleapis.com/token":
        grant = "jwt" if b"jwt-bearer" in request.body else "refresh"
        return Reply(body={"access_token": f"token-by-{grant}", "expires_in": 3600, "token_type": "Bearer"})
    if where == "sts.googleapis.com/v1/token":
        answer = {"access_token": "token-by-sts", "expires_in": 3600, "token_type": "Bearer"}
        return Reply(body={**answer, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
    if where.startswith("iamcredentials.googleapis.com"):
        source = request.headers["authorization"].removeprefix("Bearer ")
        return Reply(body={"accessToken": f"impersonated-with-{source}", "expireTime": "2099-01-01T00:00:00Z"})
    return Reply(body={"seen": request.headers["authorization"].removeprefix("Bearer ")})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A credential file of each type."""
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    (tmp_path / "subject").write_text("the-subject-token", encoding="utf-8")
    contents: dict[str, dict[str, Any]] = {
        "service_account": {
            "client_email": TARGET,
            "private_key": pem,
            "token_uri": "https://oauth2.googleapis.com/token",
        },
        "authorized_user": {
            "client_id": "id",
            "client_secret": "client-s3cr3t",
            "refresh_token": "refresh-s3cr3t",
            "quota_project_id": "payer",
        },
        "external_account": {
            "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": str(tmp_path / "subject")},
        },
    }
    for kind, content in contents.items():
        (tmp_path / f"{kind}.json").write_text(json.dumps({"type": kind, **content}), encoding="utf-8")
    return {kind: str(tmp_path / f"{kind}.json") for kind in contents}


@pytest.fixture
def way(google: GoogleServer) -> dict[str, Any]:
    google.script = token_endpoints
    return {key: google.params[key] for key in ("proxy", "ca_certificates", "retry_timeout")}


def seen(params: dict[str, Any], clock: HandClock) -> str:
    return str(Client.from_params(params, clock).get("iam.googleapis.com", "/v1/x")["seen"])


def test_every_kind_has_a_strategy() -> None:
    assert set(STRATEGIES) == set(AUTH_KINDS)


def test_access_token(way: dict[str, Any], clock: HandClock) -> None:
    assert seen({**way, "access_token": "given"}, clock) == "given"


def test_service_account_file(way: dict[str, Any], files: dict[str, str], clock: HandClock) -> None:
    assert seen({**way, "service_account_file": files["service_account"]}, clock) == "token-by-jwt"


def test_workload_identity_federation(way: dict[str, Any], files: dict[str, str], clock: HandClock) -> None:
    assert seen({**way, "workload_identity_file": files["external_account"]}, clock) == "token-by-sts"


def test_application_default(
    way: dict[str, Any], files: dict[str, str], clock: HandClock, google: GoogleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", files["authorized_user"])

    assert seen(way, clock) == "token-by-refresh"
    assert google.received[-1].headers["x-goog-user-project"] == "payer"


@pytest.mark.parametrize(
    ("source", "token"),
    [
        ({"access_token": "given"}, "given"),
        ({"service_account_file": "service_account"}, "token-by-jwt"),
        ({"workload_identity_file": "external_account"}, "token-by-sts"),
    ],
)
def test_impersonation_on_the_strength_of_another_credential(
    way: dict[str, Any], files: dict[str, str], clock: HandClock, source: dict[str, str], token: str
) -> None:
    given = {option: files.get(value, value) for option, value in source.items()}

    assert seen({**way, **given, "impersonate_service_account": TARGET}, clock) == f"impersonated-with-{token}"


def test_the_token_is_minted_once(
    way: dict[str, Any], files: dict[str, str], clock: HandClock, google: GoogleServer
) -> None:
    params = {**way, "service_account_file": files["service_account"]}
    for _ in range(3):
        seen(params, clock)

    assert [request.host for request in google.received].count("oauth2.googleapis.com") == 1


def test_a_token_that_ran_out_is_minted_anew_once(
    way: dict[str, Any], files: dict[str, str], clock: HandClock, google: GoogleServer
) -> None:
    refused = iter([google_error(401, "ACCESS_TOKEN_EXPIRED"), Reply(body={"seen": "fine"})])
    google.script = lambda request: token_endpoints(request) if request.host != "iam.googleapis.com" else next(refused)

    assert seen({**way, "service_account_file": files["service_account"]}, clock) == "fine"


def test_a_token_endpoint_that_drops_the_connection_is_asked_again(
    way: dict[str, Any], files: dict[str, str], clock: HandClock, google: GoogleServer
) -> None:
    faults = iter([DROP])
    google.script = lambda request: next(faults, None) or token_endpoints(request)

    assert seen({**way, "service_account_file": files["service_account"]}, clock) == "token-by-jwt"
    assert clock.slept


def test_a_refused_credential_says_what_to_do_and_no_secret(
    way: dict[str, Any], files: dict[str, str], clock: HandClock, google: GoogleServer
) -> None:
    google.script = lambda _request: Reply(400, {"error": "invalid_grant", "error_description": "Account deleted"})

    with pytest.raises(Failure, match="invalid_grant") as caught:
        seen({**way, "service_account_file": files["service_account"]}, clock)

    assert caught.value.reason == "CREDENTIALS_REFUSED"
    assert "PRIVATE KEY" not in repr(caught.value)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"auth_kind": "impersonation"}, "impersonate_service_account"),
        ({"auth_kind": "access_token"}, "access_token"),
        ({"impersonate_service_account": "deployer"}, "'deployer' is not allowed"),
        ({"service_account_file": "/nowhere.json"}, "/nowhere.json cannot be read"),
    ],
)
def test_options_that_cannot_work_are_refused_without_a_call(params: dict[str, Any], names: str) -> None:
    with pytest.raises(Failure, match=names):
        strategy_for(params)


def test_a_file_of_another_type_is_refused_without_quoting_it(files: dict[str, str]) -> None:
    with pytest.raises(Failure, match="holds type 'authorized_user', but 'service_account' is needed") as caught:
        strategy_for({"service_account_file": files["authorized_user"]})

    assert "s3cr3t" not in repr(caught.value)


def test_a_token_does_not_print_itself(way: dict[str, Any], clock: HandClock) -> None:
    client = Client.from_params({**way, "access_token": "ya29.very-secret"}, clock)

    assert "very-secret" not in repr(client.token())

"""Service accounts and workload identities end to end: made through the IAM API, used by Google's own library."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import google.auth.transport.requests
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import identity_pool
from google.oauth2 import service_account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROJECT = "identity-project"
IAM = "iam.googleapis.com/v1"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
APIS = ("cloudresourcemanager", "iam", "iamcredentials", "sts")
USERINFO = "https://openidconnect.googleapis.com/v1/userinfo"


@pytest.fixture
def account(clean_cloud: LocalCloud) -> str:
    made = clean_cloud.post("cloudresourcemanager.googleapis.com/v1/projects", {"projectId": PROJECT, "name": "x"})
    assert made.status_code == 200, made.text
    names = [f"{api}.googleapis.com" for api in APIS]
    enabled = clean_cloud.post(
        f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": names}
    )
    assert enabled.status_code == 200, enabled.text
    created = clean_cloud.post(f"{IAM}/projects/{PROJECT}/serviceAccounts", {"accountId": "deployer"})
    assert created.status_code == 200, created.text
    return str(created.json()["email"])


@pytest.fixture
def session(cloud: LocalCloud) -> Iterator[requests.Session]:
    """Transport for Google's library, which takes its proxy from the session."""
    with requests.Session() as opened:
        opened.trust_env = False
        opened.proxies = {"http": cloud.env["HTTP_PROXY"], "https": cloud.env["HTTPS_PROXY"]}
        opened.verify = cloud.env["REQUESTS_CA_BUNDLE"]
        yield opened


def new_key(cloud: LocalCloud, account: str) -> dict[str, Any]:
    made = cloud.post(f"{IAM}/projects/-/serviceAccounts/{account}/keys", {})
    assert made.status_code == 200, made.text
    found: dict[str, Any] = json.loads(base64.b64decode(made.json()["privateKeyData"]))
    return found


def who(session: requests.Session, token: str) -> dict[str, Any]:
    found: dict[str, Any] = session.get(USERINFO, headers={"Authorization": f"Bearer {token}"}, timeout=30).json()
    return found


def test_a_service_account_key_gets_tokens_until_it_is_disabled(
    clean_cloud: LocalCloud, account: str, session: requests.Session
) -> None:
    key = new_key(clean_cloud, account)
    transport = google.auth.transport.requests.Request(session)
    credentials: Any = service_account.Credentials.from_service_account_info(key, scopes=SCOPES)  # type: ignore[no-untyped-call]
    credentials.refresh(transport)
    assert who(session, credentials.token)["email"] == account
    answer = clean_cloud.get(f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}", token=credentials.token)
    assert answer.status_code == 200
    assert clean_cloud.journal()[-1]["principal"] == f"serviceAccount:{account}"
    name = f"projects/{PROJECT}/serviceAccounts/{account}/keys/{key['private_key_id']}"
    clean_cloud.post(f"{IAM}/{name}:disable", {})
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant"):
        credentials.refresh(transport)


def test_a_self_signed_jwt_is_taken_by_the_api_it_names(clean_cloud: LocalCloud, account: str) -> None:
    key = new_key(clean_cloud, account)
    now = int(time.time())
    claims: dict[str, str | int] = {
        "iss": account,
        "sub": account,
        "aud": "https://cloudresourcemanager.googleapis.com/",
    }
    claims |= {"iat": now, "exp": now + 3600}
    headers = {"kid": key["private_key_id"]}
    token = jwt.encode(claims, key["private_key"], algorithm="RS256", headers=headers)
    url = f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}"
    assert clean_cloud.get(url, token=token).status_code == 200
    assert clean_cloud.get(f"{IAM}/projects/{PROJECT}/serviceAccounts", token=token).status_code == 401


def test_impersonation_mints_tokens(clean_cloud: LocalCloud, account: str, session: requests.Session) -> None:
    name = f"iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}"
    minted = clean_cloud.post(f"{name}:generateAccessToken", {"scope": SCOPES, "lifetime": "300s"})
    assert minted.status_code == 200, minted.text
    assert who(session, minted.json()["accessToken"])["email"] == account
    identity = clean_cloud.post(f"{name}:generateIdToken", {"audience": "https://a.example", "includeEmail": True})
    assert identity.status_code == 200, identity.text
    claims = jwt.decode(identity.json()["token"], options={"verify_signature": False})
    assert (claims["aud"], claims["email"]) == ("https://a.example", account)
    clean_cloud.advance(301)
    assert "email" not in who(session, minted.json()["accessToken"])


def make_provider(cloud: LocalCloud, issuer_key: rsa.RSAPrivateKey) -> None:
    """A pool and a provider that admits one repository, as the bootstrap makes them."""
    key_set = {"keys": [{**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(issuer_key.public_key())), "kid": "g1"}]}
    pools = f"{IAM}/projects/{PROJECT}/locations/global/workloadIdentityPools"
    made = cloud.post(f"{pools}?workloadIdentityPoolId=github", {"displayName": "GitHub"})
    assert made.status_code == 200, made.text
    provider = {
        "attributeMapping": {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
        "attributeCondition": "assertion.repository == 'presidential-digs/platform'",
        "oidc": {"issuerUri": "https://token.actions.githubusercontent.com", "jwksJson": json.dumps(key_set)},
    }
    made = cloud.post(f"{pools}/github/providers?workloadIdentityPoolProviderId=actions", provider)
    assert made.status_code == 200, made.text


@dataclass(frozen=True)
class Workload:
    """A job of the admitted repository: `configuration` is its credentials file, which names the file `token`."""

    issuer_key: rsa.RSAPrivateKey
    pool: str
    configuration: dict[str, Any]
    token: Path

    @property
    def claims(self) -> dict[str, str | int]:
        """What the issuer says of it."""
        now = int(time.time())
        return {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": f"https:{self.configuration['audience']}",
            "sub": "repo:presidential-digs/platform:ref:refs/heads/main",
            "repository": "presidential-digs/platform",
            "iat": now,
            "exp": now + 600,
        }

    def present(self, **other: str) -> None:
        """Have the issuer sign the claims, with `other` values for some."""
        claims = {**self.claims, **other}
        self.token.write_text(jwt.encode(claims, self.issuer_key, algorithm="RS256", headers={"kid": "g1"}))

    def credentials(self, impersonate: str = "") -> Any:
        """What Google's library makes of the configuration."""
        url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{impersonate}:generateAccessToken"
        more = {"service_account_impersonation_url": url} if impersonate else {}
        return identity_pool.Credentials.from_info({**self.configuration, **more}, scopes=SCOPES)  # type: ignore[no-untyped-call]


@pytest.fixture
def workload(clean_cloud: LocalCloud, account: str, tmp_path: Path) -> Workload:
    issuer_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    make_provider(clean_cloud, issuer_key)
    number = clean_cloud.get(f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}").json()["projectNumber"]
    pool = f"projects/{number}/locations/global/workloadIdentityPools/github"
    configuration = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{pool}/providers/actions",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(tmp_path / "token")},
    }
    return Workload(issuer_key, pool, configuration, tmp_path / "token")


def test_a_workload_gets_in_without_a_key(
    clean_cloud: LocalCloud, account: str, session: requests.Session, workload: Workload
) -> None:
    transport = google.auth.transport.requests.Request(session)
    workload.present()
    itself = workload.credentials()
    itself.refresh(transport)
    clean_cloud.get(f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}", token=itself.token)
    subject = f"principal://iam.googleapis.com/{workload.pool}/subject/{workload.claims['sub']}"
    assert clean_cloud.journal()[-1]["principal"] == subject

    impersonating = workload.credentials(impersonate=account)
    impersonating.refresh(transport)
    assert who(session, impersonating.token)["email"] == account


def test_a_workload_of_another_repository_stays_outside(
    account: str, session: requests.Session, workload: Workload
) -> None:
    workload.present(repository="evil/fork")
    with pytest.raises(google.auth.exceptions.OAuthError, match="rejected by the attribute condition"):
        workload.credentials(impersonate=account).refresh(google.auth.transport.requests.Request(session))

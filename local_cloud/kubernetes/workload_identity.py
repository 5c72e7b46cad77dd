"""Workload Identity Federation for GKE: a Kubernetes service account's token becomes a Google token.

Server side: `principal_of` is who a Kubernetes service account is to Google; `Cloud.named` knows it, so that the
daemon hands out tokens of it by that name (to whom it trusts: its admin socket). `ClusterProviders` makes every cluster
of the local cloud an OIDC provider of its project's pool `PROJECT.svc.id.goog`, so that the Security Token Service
takes tokens that the cluster signed.

Client side, for the metadata server of pods (it runs beside the kubelet, as on GKE):

    identity = WorkloadIdentity(state, access)
    token = await identity.access_token(account_token, google_account)

`account_token` is a token of the pod's service account for the audience `access.workload_pool` (TokenRequest), and
`google_account` the annotation `iam.gke.io/gcp-service-account` of that account, empty without one. The answer is a
token of the Google service account, which needs `roles/iam.workloadIdentityUser` for
`serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]`, or of the federated principal itself. WorkloadIdentityError says
what Google said. Everything goes through the local cloud's proxy, so it is in the request log like any other call.
https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local_cloud.hosts import LOOPBACK
from local_cloud.identity.doors import FederationProvider
from local_cloud.identity.principal import FEDERATION_HOST, GKE_POOL, NEVER, Principal
from local_cloud.kubernetes.access import ClusterAccess, NoSuchClusterError
from local_cloud.kubernetes.control_plane.description import ISSUER_HOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_cloud.identity.doors import FederationProviders
    from local_cloud.state import StateDirectory

# The audience of the exchange is `identitynamespace:POOL:ISSUER`.
NAMESPACE = "identitynamespace"
ANNOTATION = "iam.gke.io/gcp-service-account"
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_STS = "https://sts.googleapis.com/v1/token"
_CREDENTIALS = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
_MEMBER = re.compile(
    r"serviceAccount:(?P<project>.+)\.svc\.id\.goog\[(?P<namespace>[a-z0-9-]+)/(?P<name>[a-z0-9.-]+)\]"
)
_MAPPING = {
    "google.subject": '"ns/" + assertion["kubernetes.io"].namespace + "/sa/" +'
    ' assertion["kubernetes.io"].serviceaccount.name',
}


class WorkloadIdentityError(RuntimeError):
    """Google refused; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        """Say what it said."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class GoogleToken:
    """`seconds` is how long it is good, `account` the service account's address or empty for the principal itself."""

    token: str
    seconds: int
    account: str


def principal_of(member: str, project_number: Callable[[str], str | None]) -> Principal | None:
    """The principal of `serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]`, the same as the exchange of a token gives;
    None when it is no such member or there is no such project."""
    found = _MEMBER.fullmatch(member)
    number = project_number(found["project"]) if found else None
    if found is None or number is None:
        return None
    subject = f"ns/{found['namespace']}/sa/{found['name']}"
    pool = f"projects/{number}/locations/global/workloadIdentityPools/{found['project']}{GKE_POOL}"
    return Principal(
        f"principal://{FEDERATION_HOST}/{pool}/subject/{subject}", None, subject, NEVER, {"google.subject": subject}
    )


class ClusterProviders:
    """Providers of the emulator, and every cluster that runs."""

    def __init__(self, others: FederationProviders, state: Path, project_number: Callable[[str], str | None]) -> None:
        """`project_number` tells the number of a project id."""
        self._others = others
        self._state = state
        self._project_number = project_number

    def lookup(self, audience: str) -> FederationProvider | None:
        """The cluster behind `identitynamespace:POOL:ISSUER`, else what the emulator has."""
        if not audience.startswith(f"{NAMESPACE}:"):
            return self._others.lookup(audience)
        _, pool, issuer = audience.split(":", 2) if audience.count(":") > 1 else ("", "", "")
        cluster = issuer.removeprefix(f"{ISSUER_HOST}/")
        try:
            access = ClusterAccess.of(self._state, cluster)
            project = access.cluster.split("/")[1]
            keys = jwks((access.directory / "service-account.pub").read_bytes())
        except (ValueError, NoSuchClusterError, FileNotFoundError):
            return None
        number = self._project_number(project)
        if pool != f"{project}.svc.id.goog" or number is None:
            return None
        name = f"projects/{number}/locations/global/workloadIdentityPools/{pool}/providers/{issuer}"
        return FederationProvider(name, issuer, keys, _MAPPING, (pool,))


def jwks(public_key: bytes) -> dict[str, Any]:
    """The key set with one RSA key (PEM), with the key id that the API server puts into its tokens."""
    key = serialization.load_pem_public_key(public_key)
    assert isinstance(key, RSAPublicKey)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    # k8s.io/kubernetes/pkg/serviceaccount/jwt.go, keyIDFromPublicKey
    key_id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
    jwk.pop("key_ops", None)
    return {"keys": [jwk | {"use": "sig", "alg": "RS256", "kid": key_id}]}


class WorkloadIdentity:
    """Exchanges tokens of one cluster's service accounts."""

    def __init__(self, state: StateDirectory, access: ClusterAccess) -> None:
        """Through the proxy of the local cloud in `state`."""
        self._state = state
        self.cluster = access.cluster
        self.pool = f"{self.cluster.split('/')[1]}.svc.id.goog"

    async def access_token(
        self, account_token: str, google_account: str = "", scopes: tuple[str, ...] = (CLOUD_PLATFORM,)
    ) -> GoogleToken:
        """A Google access token; WorkloadIdentityError when it is refused."""
        federated = await self._federated(account_token, scopes)
        if not google_account:
            return federated
        body = {"scope": list(scopes), "lifetime": "3600s"}
        url = f"{_CREDENTIALS}/{google_account}:generateAccessToken"
        answer = await self._post(url, body, federated.token)
        expires = datetime.fromisoformat(answer["expireTime"])
        return GoogleToken(
            answer["accessToken"], int((expires - datetime.now(expires.tzinfo)).total_seconds()), google_account
        )

    async def id_token(self, account_token: str, google_account: str, audience: str) -> str:
        """An ID token of the Google service account for `audience`."""
        federated = await self._federated(account_token, (CLOUD_PLATFORM,))
        url = f"{_CREDENTIALS}/{google_account}:generateIdToken"
        answer = await self._post(url, {"audience": audience, "includeEmail": True}, federated.token)
        return str(answer["token"])

    async def _federated(self, account_token: str, scopes: tuple[str, ...]) -> GoogleToken:
        answer = await self._post(
            _STS,
            {
                "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
                "audience": f"{NAMESPACE}:{self.pool}:{ISSUER_HOST}/{self.cluster}",
                "scope": " ".join(scopes),
                "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
                "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
                "subjectToken": account_token,
            },
        )
        return GoogleToken(answer["access_token"], int(answer["expires_in"]), "")

    async def _post(self, url: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        proxy = f"http://{LOOPBACK}:{self._state.port_file.read_text().strip()}"
        context = ssl.create_default_context(cafile=str(self._state.ca_certificate))
        async with (
            aiohttp.ClientSession(trust_env=False, timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.post(url, json=body, headers=headers, proxy=proxy, ssl=context) as response,
        ):
            text = await response.text()
            if response.status >= 400:
                raise WorkloadIdentityError(response.status, _message(text))
            answer: dict[str, Any] = json.loads(text)
            return answer


def _message(text: str) -> str:
    try:
        error = json.loads(text)
    except ValueError:
        return text.strip()
    inner = error.get("error")
    return str(inner["message"] if isinstance(inner, dict) else error.get("error_description") or inner)

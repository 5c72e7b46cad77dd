"""Everything identity on a fresh state directory, with a small emulator's side: one account, one provider."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from local_cloud.clock import AdjustableClock
from local_cloud.emulator.http import Request, Response
from local_cloud.identity.doors import FederationProvider, ServiceAccountKey
from local_cloud.identity.endpoints import IdentityEndpoints
from local_cloud.identity.id_tokens import IdTokenSigner
from local_cloud.identity.principal import Principal
from local_cloud.identity.tokens import TokenStore
from local_cloud.identity.who import Authenticator

if TYPE_CHECKING:
    pass

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

"""Signed ID tokens and the public keys that verify them."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_cloud.state import StateDirectory, write_private

if TYPE_CHECKING:
    from local_cloud.identity.principal import Principal

ISSUER = "https://accounts.google.com"
LIFETIME = timedelta(hours=1)


class IdTokenSigner:
    """Signs ID tokens with a key that outlives the daemon.

    Times in a token are the machine's, not the adjustable clock's: those who verify it go by the machine's.
    """

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        """Sign with `key`."""
        self._key = key
        self.jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        self.jwk |= {"use": "sig", "alg": "RS256", "kid": hashlib.sha256(self.jwk["n"].encode()).hexdigest()[:40]}
        self.jwk.pop("key_ops", None)

    @classmethod
    def open(cls, state: StateDirectory) -> IdTokenSigner:
        """The signer whose key is kept in `state`, made on first use."""
        if not state.signing_key.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_private(state.signing_key, pem)
        loaded = serialization.load_pem_private_key(state.signing_key.read_bytes(), password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError(f"{state.signing_key}: not an RSA key; remove the file to get a new one")
        return cls(loaded)

    def issue(self, principal: Principal, audience: str, *, include_email: bool) -> str:
        """A JWT that says to `audience` who `principal` is."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": audience,
            "azp": principal.email or audience,
            "sub": principal.subject,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
        }
        if include_email and principal.email is not None:
            claims |= {"email": principal.email, "email_verified": True}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.jwk["kid"]})

    def verify(self, token: str, audience: str | None = None) -> dict[str, Any]:
        """The claims of an ID token of ours; jwt.InvalidTokenError when it is not one."""
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key.public_key(),
            algorithms=["RS256"],
            issuer=ISSUER,
            audience=audience,
            options={"verify_aud": audience is not None},
        )
        return claims

    def jwks(self) -> dict[str, Any]:
        """The key set, as www.googleapis.com/oauth2/v3/certs shows it."""
        return {"keys": [self.jwk]}

    def public_pem(self) -> str:
        """The public key in PEM."""
        return (
            self._key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

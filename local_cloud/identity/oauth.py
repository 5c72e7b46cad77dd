"""The OAuth 2 token endpoint: refresh tokens of users and signed assertions of service accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_cloud.emulator.http import Request, Response
from local_cloud.identity.answers import OAuthError, parameters, required
from local_cloud.identity.principal import NEVER, Principal
from local_cloud.identity.tokens import DEFAULT_LIFETIME, TokenStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.identity.doors import ServiceAccountKeys

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

# https://developers.google.com/identity/protocols/oauth2/service-account: an assertion lives at most an hour.
LONGEST_ASSERTION = timedelta(hours=1)
CLOCK_SKEW = timedelta(seconds=60)

TOKEN_AUDIENCES = (
    "https://oauth2.googleapis.com/token",
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
    "https://www.googleapis.com/oauth2/v3/token",
)


class TokenEndpoint:
    """Turns what a client holds into an access token."""

    def __init__(self, tokens: TokenStore, keys: ServiceAccountKeys) -> None:
        """Issue from `tokens`; `keys` are what assertions are verified with."""
        self._tokens = tokens
        self._keys = keys

    def token(self, request: Request) -> Response:
        """`POST /token`."""
        found = parameters(request)
        grant_type = required(found, "grant_type")
        if grant_type == "refresh_token":
            return self._refresh(found)
        if grant_type == JWT_BEARER:
            return self._assertion(required(found, "assertion"))
        raise OAuthError(
            "unsupported_grant_type", f"Invalid grant_type: {grant_type}. Use refresh_token or {JWT_BEARER}."
        )

    def revoke(self, request: Request) -> Response:
        """`POST /revoke`."""
        if not self._tokens.revoke(required(parameters(request), "token")):
            raise OAuthError("invalid_token", "Token expired or revoked")
        return Response.json(200, {})

    def _refresh(self, found: Mapping[str, str]) -> Response:
        grant = self._tokens.find_refresh_token(required(found, "refresh_token"))
        if grant is None:
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        if found.get("client_id") != grant.client:
            raise OAuthError("unauthorized_client", "Unauthorized", status=401)
        scopes = tuple(found["scope"].split()) if found.get("scope") else grant.scopes
        issued = self._tokens.issue(grant.principal, DEFAULT_LIFETIME, scopes, grant.client)
        return Response.json(
            200,
            {
                "access_token": issued.token,
                "expires_in": int(DEFAULT_LIFETIME.total_seconds()) - 1,
                "scope": " ".join(scopes),
                "token_type": "Bearer",
                "id_token": self._tokens.issue_id_token(grant.principal, grant.client),
            },
        )

    def _assertion(self, assertion: str) -> Response:
        principal, claims = verified(assertion, self._keys, TOKEN_AUDIENCES)
        if "target_audience" in claims:
            return Response.json(200, {"id_token": self._tokens.issue_id_token(principal, claims["target_audience"])})
        scope = claims.get("scope", "")
        if not scope:
            raise OAuthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        issued = self._tokens.issue(principal, DEFAULT_LIFETIME, tuple(str(scope).split()))
        seconds = int(DEFAULT_LIFETIME.total_seconds()) - 1
        return Response.json(200, {"access_token": issued.token, "expires_in": seconds, "token_type": "Bearer"})


def verified(
    assertion: str, keys: ServiceAccountKeys, audiences: tuple[str, ...] | None
) -> tuple[Principal, dict[str, Any]]:
    """Who signed a service account's JWT, and its claims; OAuthError `invalid_grant` when it does not hold.

    `audiences` are the accepted `aud`; None leaves that to the caller.
    """
    email, key_id = _signer(assertion)
    key = keys.lookup(email, key_id)
    if key is None:
        raise OAuthError("invalid_grant", "Invalid grant: account not found")
    claims = _claims(assertion, key.public_key, audiences)
    if claims["exp"] - claims["iat"] > (LONGEST_ASSERTION + CLOCK_SKEW).total_seconds():
        raise OAuthError(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim.",
        )
    return Principal(f"serviceAccount:{email}", email, key.unique_id, NEVER), claims


def _signer(assertion: str) -> tuple[str, str]:
    """The email and key id that an assertion names, not yet verified."""
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise OAuthError("invalid_grant", f"Invalid JWT: {error}") from error
    if header.get("alg") != "RS256":
        raise OAuthError("invalid_grant", f"Invalid JWT: the algorithm must be RS256, not {header.get('alg')}.")
    return str(claims.get("iss", "")), str(header.get("kid", ""))


def rsa_key(pem: str) -> rsa.RSAPublicKey:
    """The RSA key in PEM, plain or in a certificate (users upload those); OAuthError when it is of another kind."""
    if "BEGIN CERTIFICATE" in pem:
        key: object = x509.load_pem_x509_certificate(pem.encode()).public_key()
    else:
        key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise OAuthError("invalid_grant", "Invalid JWT Signature.")
    return key


def _claims(assertion: str, public_key: str, audiences: tuple[str, ...] | None) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            rsa_key(public_key),
            algorithms=["RS256"],
            audience=audiences,
            leeway=CLOCK_SKEW,
            options={"require": ["iss", "iat", "exp"], "verify_aud": audiences is not None, "verify_sub": False},
        )
    except jwt.InvalidSignatureError as error:
        raise OAuthError("invalid_grant", "Invalid JWT Signature.") from error
    except jwt.InvalidAudienceError as error:
        raise OAuthError("invalid_grant", "Invalid JWT: Failed audience check.") from error
    except jwt.InvalidTokenError as error:
        raise OAuthError("invalid_grant", f"Invalid JWT: {error}") from error
    return claims

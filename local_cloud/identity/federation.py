"""The Security Token Service: a token of an outside issuer becomes a token of a workload identity pool."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

from local_cloud.emulator.http import Request, Response
from local_cloud.identity.answers import OAuthError, parameters, required
from local_cloud.identity.claims import MappingError, mapped_attributes, meets
from local_cloud.identity.id_tokens import ISSUER, IdTokenSigner
from local_cloud.identity.principal import FEDERATION_HOST, NEVER, Principal
from local_cloud.identity.tokens import DEFAULT_LIFETIME, TokenStore

if TYPE_CHECKING:
    from local_cloud.identity.doors import FederationProvider, FederationProviders

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name from RFC 8693
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - likewise
SUBJECT_TOKEN_TYPES = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
ALGORITHMS = ["RS256", "ES256"]
CLOCK_SKEW = timedelta(seconds=60)

# https://cloud.google.com/iam/docs/workload-identity-federation#mapping: at most 127 bytes.
LONGEST_SUBJECT = 127


class SecurityTokenService:
    """`sts.googleapis.com`."""

    def __init__(self, tokens: TokenStore, providers: FederationProviders, signer: IdTokenSigner) -> None:
        """Issue from `tokens` to whom `providers` let in; `signer` verifies ID tokens of this cloud itself."""
        self._tokens = tokens
        self._providers = providers
        self._signer = signer

    def exchange(self, request: Request) -> Response:
        """`POST /v1/token`; OAuthError says why a token was not exchanged."""
        found = parameters(request)
        self._check_types(found)
        audience = required(found, "audience")
        provider = self._providers.lookup(audience)
        if provider is None:
            raise OAuthError(
                "invalid_target",
                'The target service indicated by the "audience" parameters is invalid. This might either be because '
                "the pool or provider is disabled or deleted or because it doesn't exist.",
            )
        claims = self._verified(required(found, "subject_token"), provider)
        principal = federated_principal(provider, claims)
        remaining = timedelta(seconds=max(1, int(claims["exp"] - time.time())))
        lifetime = min(DEFAULT_LIFETIME, remaining)
        issued = self._tokens.issue(principal, lifetime, tuple(found.get("scope", "").split()))
        return Response.json(
            200,
            {
                "access_token": issued.token,
                "issued_token_type": ACCESS_TOKEN_TYPE,
                "token_type": "Bearer",
                "expires_in": int(lifetime.total_seconds()),
            },
        )

    @staticmethod
    def _check_types(found: Any) -> None:
        expected = {
            "grant_type": (TOKEN_EXCHANGE,),
            "requested_token_type": (ACCESS_TOKEN_TYPE,),
            "subject_token_type": SUBJECT_TOKEN_TYPES,
        }
        for name, allowed in expected.items():
            value = required(found, name)
            if value not in allowed:
                raise OAuthError(
                    "invalid_request", f'Invalid value for "{name}": {value}. Allowed: {", ".join(allowed)}.'
                )

    def _verified(self, token: str, provider: FederationProvider) -> dict[str, Any]:
        """The claims of the subject token."""
        try:
            header = jwt.get_unverified_header(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(header, provider),
                algorithms=ALGORITHMS,
                audience=accepted_audiences(provider),
                issuer=provider.issuer,
                leeway=CLOCK_SKEW,
                options={"require": ["iss", "aud", "exp", "iat"], "verify_sub": False},
            )
        except jwt.InvalidIssuerError as error:
            raise OAuthError("invalid_grant", "The issuer in ID Token does not match the expected ones.") from error
        except jwt.InvalidAudienceError as error:
            raise OAuthError(
                "invalid_grant", f"The audience in ID Token [{_audience(token)}] does not match the expected audience."
            ) from error
        except jwt.InvalidTokenError as error:
            raise OAuthError("invalid_grant", f"The ID Token is not valid: {error}") from error
        return claims

    def _key(self, header: dict[str, Any], provider: FederationProvider) -> Any:
        """The key that the token says it was signed with, among those of the provider."""
        jwks = provider.jwks
        if jwks is None and provider.issuer == ISSUER:
            jwks = self._signer.jwks()
        if jwks is None:
            raise OAuthError(
                "invalid_grant",
                f"Error connecting to the given credential's issuer {provider.issuer}: the local cloud reaches no "
                f"host outside. Set oidc.jwksJson of {provider.name} to the issuer's keys.",
            )
        for key in jwt.PyJWKSet.from_dict(dict(jwks)).keys:
            if key.key_id == header.get("kid") or (header.get("kid") is None and len(jwks["keys"]) == 1):
                return key.key
        raise OAuthError("invalid_grant", f"No key of {provider.name} has the id {header.get('kid')!r}.")


def accepted_audiences(provider: FederationProvider) -> list[str]:
    """The `aud` a subject token may have: the provider's list, else the provider's own name."""
    if provider.allowed_audiences:
        return list(provider.allowed_audiences)
    return [f"https://{FEDERATION_HOST}/{provider.name}", f"//{FEDERATION_HOST}/{provider.name}"]


def federated_principal(provider: FederationProvider, claims: dict[str, Any]) -> Principal:
    """Who the claims stand for in the provider's pool; OAuthError when the condition or the mapping says nobody."""
    try:
        attributes = mapped_attributes(provider.attribute_mapping, claims)
        admitted = meets(provider.attribute_condition, claims, attributes)
    except MappingError as error:
        raise OAuthError("invalid_grant", str(error)) from error
    if not admitted:
        raise OAuthError("unauthorized_client", "The given credential is rejected by the attribute condition.")
    subject = attributes.get("google.subject", "")
    if not subject or len(str(subject).encode()) > LONGEST_SUBJECT:
        raise OAuthError(
            "invalid_grant", f"The mapped attribute google.subject must be 1 to {LONGEST_SUBJECT} bytes: {subject!r}."
        )
    member = f"principal://{FEDERATION_HOST}/{provider.pool}/subject/{subject}"
    return Principal(member, None, str(subject), NEVER, attributes)


def _audience(token: str) -> str:
    claimed = jwt.decode(token, options={"verify_signature": False}).get("aud", "")
    return claimed if isinstance(claimed, str) else ", ".join(claimed)

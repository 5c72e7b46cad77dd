"""Who is calling: the access token or self-signed JWT of a request, and the endpoints that tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from local_cloud.emulator.http import Request, Response
from local_cloud.identity.answers import OAuthError, bearer, parameters
from local_cloud.identity.oauth import verified

if TYPE_CHECKING:
    from local_cloud.clock import Clock
    from local_cloud.identity.doors import ServiceAccountKeys
    from local_cloud.identity.id_tokens import IdTokenSigner
    from local_cloud.identity.principal import Principal
    from local_cloud.identity.tokens import Grant, TokenStore

# Versions that say `id` and `verified_email` where OpenID Connect says `sub` and `email_verified`.
OLDER_USERINFO = ("/oauth2/v1/userinfo", "/oauth2/v2/userinfo")


class Authenticator:
    """Finds the principal behind a request."""

    def __init__(self, tokens: TokenStore, keys: ServiceAccountKeys) -> None:
        """Recognise what `tokens` issued and what `keys` verify."""
        self._tokens = tokens
        self._keys = keys

    def principal(self, request: Request) -> Principal | None:
        """The caller; None without a token, or with one that is unknown, revoked or expired."""
        token = bearer(request)
        if token is None:
            return None
        if token.startswith("eyJ"):
            return self._self_signed(token, request.host)
        grant = self._tokens.find(token)
        return grant.principal if grant is not None else None

    def _self_signed(self, token: str, host: str) -> Principal | None:
        """Client libraries of service accounts sign a JWT for one API and skip the token endpoint.

        https://google.aip.dev/auth/4111: `aud` is the API's address, or there is a `scope`.
        """
        try:
            principal, claims = verified(token, self._keys, None)
        except OAuthError:
            return None
        audience = str(claims.get("aud", "")).removeprefix("https://").partition("/")[0]
        return principal if claims.get("scope") or audience == host else None


class Introspection:
    """userinfo and tokeninfo."""

    def __init__(self, tokens: TokenStore, signer: IdTokenSigner, clock: Clock) -> None:
        """Tell about what `tokens` and `signer` issued."""
        self._tokens = tokens
        self._signer = signer
        self._clock = clock

    def userinfo(self, request: Request) -> Response:
        """Who the presented token belongs to; OAuthError 401 without a valid one."""
        token = bearer(request)
        grant = self._tokens.find(token) if token is not None else None
        if grant is None:
            raise OAuthError("invalid_request", "Invalid Credentials", status=401)
        older = request.path in OLDER_USERINFO
        principal = grant.principal
        body: dict[str, Any] = {"id" if older else "sub": principal.subject}
        if principal.email is not None:
            body |= {"email": principal.email, "verified_email" if older else "email_verified": True}
        return Response.json(200, body)

    def tokeninfo(self, request: Request) -> Response:
        """What an access or ID token stands for; OAuthError when it is not valid."""
        found = parameters(request)
        if "id_token" in found:
            return self._id_token(found["id_token"])
        grant = self._tokens.find(found.get("access_token") or bearer(request) or "")
        if grant is None:
            raise OAuthError("invalid_token", "Invalid Value")
        return Response.json(200, self._first_version(grant) if "/v1/" in request.path else self._third_version(grant))

    def _id_token(self, token: str) -> Response:
        try:
            claims = self._signer.verify(token)
        except jwt.InvalidTokenError as error:
            raise OAuthError("invalid_token", f"Invalid Value: {error}") from error
        return Response.json(200, {name: _as_text(value) for name, value in claims.items()})

    def _third_version(self, grant: Grant) -> dict[str, Any]:
        principal = grant.principal
        client = grant.client or principal.subject
        body = {"azp": client, "aud": client, "sub": principal.subject, "scope": " ".join(grant.scopes)}
        body |= {"exp": str(int(principal.expires.timestamp())), "expires_in": str(self._seconds_left(grant))}
        if principal.email is not None:
            body |= {"email": principal.email, "email_verified": "true"}
        return body | {"access_type": "online"}

    def _first_version(self, grant: Grant) -> dict[str, Any]:
        principal = grant.principal
        client = grant.client or principal.subject
        body: dict[str, Any] = {"issued_to": client, "audience": client, "user_id": principal.subject}
        body |= {"scope": " ".join(grant.scopes), "expires_in": self._seconds_left(grant)}
        if principal.email is not None:
            body |= {"email": principal.email, "verified_email": True}
        return body | {"access_type": "online"}

    def _seconds_left(self, grant: Grant) -> int:
        return int((grant.principal.expires - self._clock.now()).total_seconds())


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

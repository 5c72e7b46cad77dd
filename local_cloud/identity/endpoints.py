"""The table of identity endpoints: which host and path is answered by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local_cloud.emulator.http import Request, Response
from local_cloud.identity.answers import OAuthError
from local_cloud.identity.federation import SecurityTokenService
from local_cloud.identity.id_tokens import ISSUER, IdTokenSigner
from local_cloud.identity.oauth import TokenEndpoint
from local_cloud.identity.who import Introspection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_cloud.clock import Clock
    from local_cloud.identity.doors import FederationProviders, ServiceAccountKeys
    from local_cloud.identity.tokens import TokenStore

OAUTH_HOST = "oauth2.googleapis.com"
ACCOUNTS_HOST = "accounts.google.com"

# Hosts on which nothing but identity answers.
IDENTITY_HOSTS = frozenset({OAUTH_HOST, ACCOUNTS_HOST, "openidconnect.googleapis.com"})


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: `service` and `method_id` are what fault rules and the journal call it."""

    service: str
    method_id: str
    verbs: tuple[str, ...]
    answer: Callable[[Request], Response]

    def handle(self, request: Request) -> Response:
        """The answer, refusals included."""
        if request.method not in self.verbs:
            return OAuthError("invalid_request", f"Use {' or '.join(self.verbs)}.", status=405).response()
        try:
            return self.answer(request)
        except OAuthError as refusal:
            return refusal.response()


class IdentityEndpoints:
    """Finds the endpoint for a request."""

    def __init__(
        self,
        tokens: TokenStore,
        signer: IdTokenSigner,
        clock: Clock,
        keys: ServiceAccountKeys,
        providers: FederationProviders,
    ) -> None:
        """Endpoints over `tokens`; `keys` and `providers` are the emulator's."""
        self._signer = signer
        oauth = TokenEndpoint(tokens, keys)
        tell = Introspection(tokens, signer, clock)
        exchange = SecurityTokenService(tokens, providers, signer)
        token = Endpoint("oauth2", "oauth2.token", ("POST",), oauth.token)
        revoke = Endpoint("oauth2", "oauth2.revoke", ("GET", "POST"), oauth.revoke)
        userinfo = Endpoint("oauth2", "oauth2.userinfo", ("GET", "POST"), tell.userinfo)
        tokeninfo = Endpoint("oauth2", "oauth2.tokeninfo", ("GET", "POST"), tell.tokeninfo)
        sts = Endpoint("sts", "sts.token", ("POST",), exchange.exchange)
        self._table: Mapping[tuple[str, str], Endpoint] = {
            (OAUTH_HOST, "/token"): token,
            (ACCOUNTS_HOST, "/o/oauth2/token"): token,
            ("www.googleapis.com", "/oauth2/v3/token"): token,
            ("www.googleapis.com", "/oauth2/v4/token"): token,
            (OAUTH_HOST, "/revoke"): revoke,
            (ACCOUNTS_HOST, "/o/oauth2/revoke"): revoke,
            ("openidconnect.googleapis.com", "/v1/userinfo"): userinfo,
            ("www.googleapis.com", "/oauth2/v1/userinfo"): userinfo,
            ("www.googleapis.com", "/oauth2/v2/userinfo"): userinfo,
            ("www.googleapis.com", "/oauth2/v3/userinfo"): userinfo,
            (OAUTH_HOST, "/tokeninfo"): tokeninfo,
            ("www.googleapis.com", "/oauth2/v1/tokeninfo"): tokeninfo,
            ("www.googleapis.com", "/oauth2/v2/tokeninfo"): tokeninfo,
            ("www.googleapis.com", "/oauth2/v3/tokeninfo"): tokeninfo,
            ("sts.googleapis.com", "/v1/token"): sts,
            **self._published(),
        }

    def find(self, request: Request) -> Endpoint | None:
        """The endpoint of a request; None when it is not about identity."""
        found = self._table.get((request.host, unquote(request.path)))
        if found is None and request.host in IDENTITY_HOSTS:
            return Endpoint("oauth2", "oauth2.unknown", (request.method,), self._missing)
        return found

    def _published(self) -> dict[tuple[str, str], Endpoint]:
        """What anybody may read: keys and configuration."""
        return {
            ("www.googleapis.com", "/oauth2/v1/certs"): Endpoint(
                "oauth2", "oauth2.certs", ("GET",), self._certificates
            ),
            ("www.googleapis.com", "/oauth2/v3/certs"): Endpoint("oauth2", "oauth2.certs", ("GET",), self._key_set),
            (ACCOUNTS_HOST, "/.well-known/openid-configuration"): Endpoint(
                "oauth2", "oauth2.configuration", ("GET",), self._configuration
            ),
        }

    def _certificates(self, _: Request) -> Response:
        return Response.json(200, {self._signer.jwk["kid"]: self._signer.public_pem()})

    def _key_set(self, _: Request) -> Response:
        return Response.json(200, self._signer.jwks())

    @staticmethod
    def _configuration(_: Request) -> Response:
        return Response.json(
            200,
            {
                "issuer": ISSUER,
                "token_endpoint": f"https://{OAUTH_HOST}/token",
                "revocation_endpoint": f"https://{OAUTH_HOST}/revoke",
                "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
                "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
                "id_token_signing_alg_values_supported": ["RS256"],
                "subject_types_supported": ["public"],
            },
        )

    @staticmethod
    def _missing(request: Request) -> Response:
        raise OAuthError("not_found", f"The local cloud has no {request.path} on {request.host}.", status=404)

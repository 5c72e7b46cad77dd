"""What identity asks of the emulator, and the emulator of identity (docs/architecture.md section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from local_cloud.identity.principal import Principal


@dataclass(frozen=True)
class AccessToken:
    """A token just handed out: the opaque `ya29.` string and when it ends (aware, UTC)."""

    token: str
    expires: datetime


class TokenIssuer(Protocol):
    """Hands out tokens; the daemon implements it, IAM Credentials calls it."""

    def issue(self, principal: Principal, lifetime: timedelta, scopes: tuple[str, ...] = ()) -> AccessToken:
        """An access token for `principal` (its own `expires` is replaced by now + `lifetime`)."""

    def issue_id_token(self, principal: Principal, audience: str, *, include_email: bool = True) -> str:
        """A signed ID token (JWT, one hour) for `audience`; its keys are at www.googleapis.com/oauth2/v3/certs."""


@dataclass(frozen=True)
class ServiceAccountKey:
    """The public half (PEM, `BEGIN PUBLIC KEY` or a certificate) of a usable key and the account's unique id."""

    public_key: str
    unique_id: str


class ServiceAccountKeys(Protocol):
    """Keys of service accounts; the emulator's IAM profile implements it."""

    def lookup(self, email: str, key_id: str) -> ServiceAccountKey | None:
        """The key; None when the account or key does not exist, is disabled, deleted or out of its validity."""


@dataclass(frozen=True)
class FederationProvider:
    """An enabled OIDC provider of an enabled workload identity pool, as its owner configured it.

    `name` is `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`. `jwks` is the parsed
    `oidc.jwksJson`, None when the keys are to be read from the issuer. `attribute_mapping` maps `google.subject` etc.
    to CEL over `assertion`. `attribute_condition` is CEL over `assertion`, `google` and `attribute`, empty for none.
    """

    name: str
    issuer: str
    jwks: Mapping[str, Any] | None
    attribute_mapping: Mapping[str, str]
    allowed_audiences: tuple[str, ...] = ()
    attribute_condition: str = ""

    @property
    def pool(self) -> str:
        """`projects/NUMBER/locations/global/workloadIdentityPools/POOL`."""
        return self.name.rsplit("/providers/", 1)[0]


class FederationProviders(Protocol):
    """Workload identity pool providers; the emulator's IAM profile implements it."""

    def lookup(self, audience: str) -> FederationProvider | None:
        """The provider for `//iam.googleapis.com/projects/NUMBER/...`; None when unknown, deleted or disabled."""

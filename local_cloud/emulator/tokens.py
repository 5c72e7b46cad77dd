"""Who hands out tokens when no daemon is there to do it: nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError

if TYPE_CHECKING:
    from datetime import timedelta

    from local_cloud.identity.doors import AccessToken
    from local_cloud.identity.principal import Principal

_REFUSAL = (
    "This emulator runs without the daemon, which alone hands out tokens: start it with `python -m local_cloud up`."
)


class NoTokens:
    """A token issuer that says why there are none."""

    def issue(self, principal: Principal, lifetime: timedelta, scopes: tuple[str, ...] = ()) -> AccessToken:
        """ApiError 501."""
        raise ApiError(501, _REFUSAL)

    def issue_id_token(self, principal: Principal, audience: str, *, include_email: bool = True) -> str:
        """ApiError 501."""
        raise ApiError(501, _REFUSAL)

"""Access and refresh tokens: signed, short and long lived, of different keys."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from service_kit.refusal import Refusal

_ALGORITHM = "HS256"
_ISSUER = "auth-service"
_AUDIENCE = "crm"
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "sid", "jti"]


@dataclass(frozen=True)
class Claims:
    """Whose token it is (`user`), of which sign-in (`session`), which one (`token_id`), and when it ends."""

    user: str
    session: str
    token_id: str
    expires: datetime


class Tokens:
    """Tokens of one kind: one key, one lifetime (seconds)."""

    def __init__(self, kind: str, key: str, seconds: int) -> None:
        """Tokens of `kind` (`access`, `refresh`)."""
        self._kind = kind
        self._key = key
        self.seconds = seconds

    def issue(self, user: str, session: str, **more: Any) -> tuple[str, Claims]:
        """A new token and what it says; `more` are further claims."""
        issued = datetime.now(UTC)
        claims = Claims(user, session, secrets.token_hex(16), issued + timedelta(seconds=self.seconds))
        body = {"iss": _ISSUER, "aud": _AUDIENCE, "typ": self._kind, "sub": user, "sid": session, **more}
        body |= {"jti": claims.token_id, "iat": issued, "exp": claims.expires}
        return jwt.encode(body, self._key, algorithm=_ALGORITHM), claims

    def read(self, token: str) -> Claims:
        """What `token` says; Refusal 401 when it is not one of these or has ended."""
        try:
            body = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                audience=_AUDIENCE,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise Refusal(401, "token_expired", f"The {self._kind} token has ended.") from None
        except jwt.InvalidTokenError:
            raise Refusal(401, "token_invalid", f"This is no {self._kind} token of this service.") from None
        if body.get("typ") != self._kind:
            raise Refusal(401, "token_invalid", f"This is no {self._kind} token of this service.")
        return Claims(body["sub"], body["sid"], body["jti"], datetime.fromtimestamp(body["exp"], UTC))

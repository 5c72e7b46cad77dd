"""The tokens that were handed out, kept as hashes, and the principals behind them."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from local_cloud.identity.doors import AccessToken
from local_cloud.identity.principal import NEVER, Principal

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.clock import Clock
    from local_cloud.identity.id_tokens import IdTokenSigner

# Lifetimes as Google's: an hour for access tokens, twelve at most where an organisation allows more
# (https://cloud.google.com/iam/docs/create-short-lived-credentials-direct).
DEFAULT_LIFETIME = timedelta(hours=1)
OWNER_LIFETIME = timedelta(hours=12)

# How many principals are kept in memory, so that a request does not cost a look-up on disk.
REMEMBERED = 4096

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, member TEXT NOT NULL, email TEXT, subject TEXT NOT NULL,
    attributes TEXT NOT NULL, scopes TEXT NOT NULL, client TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires);
"""


@dataclass(frozen=True)
class Grant:
    """What a token stands for: whose it is, its scopes, and the OAuth client it was given to."""

    principal: Principal
    scopes: tuple[str, ...]
    client: str = ""


class TokenStore:
    """Issues and recognises access and refresh tokens; satisfies `TokenIssuer`."""

    def __init__(self, database: Path, clock: Clock, signer: IdTokenSigner) -> None:
        """Open (or make) the store at `database`."""
        self._clock = clock
        self._signer = signer
        self._remembered: OrderedDict[str, Grant] = OrderedDict()
        self._connection = sqlite3.connect(database, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        self._connection.execute("DELETE FROM tokens WHERE expires < ?", (clock.now().timestamp(),))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def issue(
        self, principal: Principal, lifetime: timedelta, scopes: tuple[str, ...] = (), client: str = ""
    ) -> AccessToken:
        """A new access token for `principal`, valid for `lifetime` from now."""
        mark = "" if principal.member.startswith("user:") else "d." if principal.email is None else "c."
        token = f"ya29.{mark}{secrets.token_urlsafe(96)}"
        expires = self._clock.now() + lifetime
        self._keep("access", token, Grant(replace(principal, expires=expires), scopes, client))
        return AccessToken(token, expires)

    def issue_id_token(self, principal: Principal, audience: str, *, include_email: bool = True) -> str:
        """A signed ID token (JWT, one hour) for `audience`."""
        return self._signer.issue(principal, audience, include_email=include_email)

    def issue_refresh_token(self, principal: Principal, client: str, scopes: tuple[str, ...]) -> str:
        """A refresh token that never ends, for the OAuth client `client`."""
        token = f"1//0{secrets.token_urlsafe(72)}"
        self._keep("refresh", token, Grant(replace(principal, expires=NEVER), scopes, client))
        return token

    def find(self, token: str) -> Grant | None:
        """What an access token stands for; None when it is unknown, revoked or expired."""
        return self._find("access", token)

    def find_refresh_token(self, token: str) -> Grant | None:
        """What a refresh token stands for; None when it is unknown or revoked."""
        return self._find("refresh", token)

    def revoke(self, token: str) -> bool:
        """End a token of either kind; False when there is none."""
        key = hashed(token)
        self._remembered.pop(key, None)
        return self._connection.execute("DELETE FROM tokens WHERE hash = ?", (key,)).rowcount > 0

    def forget_others(self, member: str) -> None:
        """End every token that is not `member`'s."""
        self._remembered.clear()
        self._connection.execute("DELETE FROM tokens WHERE member != ?", (member,))

    def _keep(self, kind: str, token: str, grant: Grant) -> None:
        principal = grant.principal
        self._connection.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                hashed(token),
                kind,
                principal.member,
                principal.email,
                principal.subject,
                json.dumps(dict(principal.attributes)),
                " ".join(grant.scopes),
                grant.client,
                principal.expires.timestamp(),
            ),
        )

    def _find(self, kind: str, token: str) -> Grant | None:
        key = hashed(token)
        grant = self._remembered.get(key) if kind == "access" else None
        if grant is None:
            grant = self._read(kind, key)
            if grant is None:
                return None
            if kind == "access":
                self._remember(key, grant)
        return grant if grant.principal.expires > self._clock.now() else None

    def _remember(self, key: str, grant: Grant) -> None:
        self._remembered[key] = grant
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def _read(self, kind: str, key: str) -> Grant | None:
        row = self._connection.execute(
            "SELECT member, email, subject, attributes, scopes, client, expires FROM tokens "
            "WHERE hash = ? AND kind = ?",
            (key, kind),
        ).fetchone()
        if row is None:
            return None
        member, email, subject, attributes, scopes, client, expires = row
        principal = Principal(member, email, subject, datetime.fromtimestamp(expires, UTC), json.loads(attributes))
        return Grant(principal, tuple(scopes.split()), client)


def hashed(token: str) -> str:
    """What is kept of a token: a copy of the state directory must not let anyone in."""
    return hashlib.sha256(token.encode()).hexdigest()

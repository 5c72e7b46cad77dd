"""What is kept of accounts, sign-ins and failed attempts, and how each changes in one step."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from auth_service.tokens import Claims
from service_kit.mongo import Document
from service_kit.refusal import Refusal


async def prepare(database: AsyncDatabase[Document]) -> None:
    """The indexes; making one that is there does nothing."""
    await database.users.create_index("email", unique=True)
    await database.sessions.create_index("userId")
    await database.sessions.create_index("expires", expireAfterSeconds=0)
    await database.login_attempts.create_index("until", expireAfterSeconds=0)


class Accounts:
    """Who has an account: e-mail addresses are kept in lower case and are there once."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        """Accounts of `database`."""
        self._users = database.users

    async def add(self, email: str, password: str, name: str) -> Document:
        """A new account with a hashed password; Refusal 409 when the address has one."""
        user: Document = {
            "_id": secrets.token_hex(12),
            "email": email,
            "name": name,
            "password": password,
            "createdAt": datetime.now(UTC),
        }
        try:
            await self._users.insert_one(user)
        except DuplicateKeyError:
            raise Refusal(409, "email_taken", "There is an account of this address.", field="email") from None
        return user

    async def of_email(self, email: str) -> Document | None:
        """The account of an address."""
        return await self._users.find_one({"email": email})

    async def of_id(self, identifier: str) -> Document | None:
        """The account of an id."""
        return await self._users.find_one({"_id": identifier})


class Sessions:
    """Sign-ins: each knows the one refresh token that may be used next."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        """Sessions of `database`."""
        self._sessions = database.sessions

    @staticmethod
    def new_id() -> str:
        """The id of a session to come."""
        return secrets.token_hex(16)

    async def open(self, claims: Claims) -> None:
        """Keep the session of a first refresh token."""
        await self._sessions.insert_one(
            {
                "_id": claims.session,
                "userId": claims.user,
                "next": _digest(claims.token_id),
                "expires": claims.expires,
                "revoked": False,
            }
        )

    async def rotate(self, used: Claims, following: Claims) -> None:
        """Let `following` take the place of `used`.

        Refusal 401 when the session has ended; and when `used` was used before, which ends the session: one of two
        who hold the same token has stolen it.
        """
        found: Document | None = await self._sessions.find_one_and_update(
            {"_id": used.session, "next": _digest(used.token_id), "revoked": False},
            {"$set": {"next": _digest(following.token_id), "expires": following.expires}},
        )
        if found is not None:
            return
        if await self.is_open(used.session):
            await self.close(used.session)
            raise Refusal(401, "refresh_reused", "The refresh token was used before; sign in again.")
        raise Refusal(401, "session_ended", "The session has ended; sign in again.")

    async def is_open(self, session: str) -> bool:
        """Whether nobody signed out."""
        return await self._sessions.find_one({"_id": session, "revoked": False}) is not None

    async def close(self, session: str) -> None:
        """End a session: none of its tokens is good any more."""
        await self._sessions.update_one({"_id": session}, {"$set": {"revoked": True}})


def _digest(token_id: str) -> str:
    return hashlib.sha256(token_id.encode()).hexdigest()


class Attempts:
    """Failed sign-ins by address, with an account or without: after `most` of them nobody gets in for `seconds`."""

    def __init__(self, database: AsyncDatabase[Document], most: int, seconds: int) -> None:
        """Attempts of `database`."""
        self._attempts = database.login_attempts
        self._most = most
        self._time = timedelta(seconds=seconds)

    async def begin(self, email: str) -> None:
        """Count an attempt before the password is looked at, so that many at once are no way around; Refusal 423 when
        there were too many."""
        now = datetime.now(UTC)
        await self._attempts.delete_one({"_id": email, "until": {"$lte": now}})
        counted = await self._attempts.find_one_and_update(
            {"_id": email},
            {"$inc": {"count": 1}, "$setOnInsert": {"until": now + self._time}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert counted is not None
        if counted["count"] > self._most:
            left = max(1, round((counted["until"] - now).total_seconds()))
            raise Refusal(
                423,
                "account_locked",
                "Too many failed attempts; try again later.",
                headers={"Retry-After": str(left)},
                retryAfter=left,
            )
        if counted["count"] == self._most:
            # This one decides: when it fails, the time begins now.
            await self._attempts.update_one({"_id": email}, {"$set": {"until": now + self._time}})

    async def succeeded(self, email: str) -> None:
        """Forget what failed before."""
        await self._attempts.delete_one({"_id": email})

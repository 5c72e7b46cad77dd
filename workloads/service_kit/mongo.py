"""The connection to MongoDB: what its address may look like, and whether it answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.uri_parser import parse_uri

from service_kit.refusal import Refusal
from service_kit.settings import Environment

Document = dict[str, Any]

_LOG = logging.getLogger("mongo")
# Milliseconds until a request is told that the database is away, and the seconds for which an answer to that counts.
_PATIENCE = 3000
_FRESH = 1.0
_SRV = "mongodb+srv://"


def address(environment: Environment, *names: str) -> str:
    """The connection string of the first of `names` that is set; it is never repeated in a message."""
    name = next((name for name in names if environment.variables.get(name)), names[0])
    uri = environment.secret(name)
    if not uri:
        return uri
    try:
        # Names of SRV records are not asked for here: that the database is away is no fault of the settings.
        parse_uri(uri.replace(_SRV, "mongodb://", 1), validate=True)
    except (InvalidURI, ConfigurationError, ValueError):
        environment.refuse(name, "is no connection string; allowed are mongodb://… and mongodb+srv://…")
    if "$(" in uri:
        environment.refuse(name, "holds $(…): the variable named there is not set")
    return uri


class Database:
    """One database; `prepare` is called once it answers, for its indexes."""

    def __init__(self, uri: str, default: str, prepare: Callable[[AsyncDatabase[Document]], Awaitable[None]]) -> None:
        """The database that `uri` names, else `default`; nothing is connected yet."""
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(
            uri, serverSelectionTimeoutMS=_PATIENCE, connectTimeoutMS=_PATIENCE, tz_aware=True
        )
        self.collections = self._client.get_default_database(default)
        self._prepare = prepare
        self._prepared = False
        self._asked = -_FRESH
        self._reason = ""
        self._lock = asyncio.Lock()

    async def unreachable(self) -> str:
        """Why the database cannot be used, or nothing; asked at most once a second."""
        async with self._lock:
            if time.monotonic() - self._asked >= _FRESH:
                self._reason = await self._ask()
                self._asked = time.monotonic()
            return self._reason

    async def require(self) -> None:
        """Refusal 503 unless the database answers and has its indexes: nothing is written without them."""
        if reason := await self.unreachable():
            raise Refusal(503, "unavailable", f"{reason.capitalize()}; try again.")

    async def _ask(self) -> str:
        try:
            await self._client.admin.command("ping")
            if not self._prepared:
                await self._prepare(self.collections)
                self._prepared = True
        except PyMongoError as error:
            _LOG.warning("MongoDB does not answer: %s", type(error).__name__)
            return "the database does not answer"
        return ""

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

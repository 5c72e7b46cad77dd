"""Imports: rows become leads in the background, with a progress that survives the service, whole or cut off."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from lead_import_service.leads import Row
from service_kit.mongo import Document

_LOG = logging.getLogger("imports")
# Rows written at a time: progress moves with each batch.
_BATCH = 200
# Errors kept of one import; the numbers count all.
MOST_ERRORS = 1000
# An import whose service has not said anything for this long is not worked on any more.
_SILENCE = timedelta(seconds=30)
_DUPLICATE = 11000
INTERRUPTED = "The service ended before the import did; import the file again, what is there counts as duplicate."


async def prepare(database: AsyncDatabase[Document]) -> None:
    """The indexes: a tenant has an address once."""
    await database.leads.create_index(["tenantId", "email"], unique=True)
    await database.imports.create_index([("tenantId", 1), ("createdAt", DESCENDING)])


class Imports:
    """The imports of every tenant, and those this process is working on."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        """Imports of `database`."""
        self._leads = database.leads
        self._imports = database.imports
        self._running: dict[asyncio.Task[None], str] = {}

    async def begin(self, tenant: str, user: str, file: str, rows: Sequence[Row]) -> Document:
        """Keep a new import and work on it from now on."""
        now = datetime.now(UTC)
        kept: Document = {
            "_id": secrets.token_hex(12),
            "tenantId": tenant,
            "userId": user,
            "fileName": file,
            "status": "processing",
            "total": len(rows),
            "processed": 0,
            "imported": 0,
            "duplicates": 0,
            "failed": 0,
            "errors": [],
            "createdAt": now,
            "heardAt": now,
        }
        await self._imports.insert_one(kept)
        task = asyncio.create_task(self._work(dict(kept), rows))
        self._running[task] = kept["_id"]
        task.add_done_callback(lambda done: self._running.pop(done, None))
        return kept

    async def progress(self, identifier: str) -> Document | None:
        """How far an import is; one that nobody works on any more has failed."""
        kept: Document | None = await self._imports.find_one({"_id": identifier})
        if kept is None or kept["status"] != "processing" or identifier in self._running.values():
            return kept
        if datetime.now(UTC) - kept["heardAt"] > _SILENCE:
            await self._fail(identifier)
            return await self._imports.find_one({"_id": identifier})
        return kept

    async def finish(self, seconds: float) -> None:
        """Let what is running come to its end within `seconds`; what does not is marked failed."""
        if not self._running:
            return
        running = dict(self._running)
        _LOG.info("waiting for %d imports", len(running))
        _, late = await asyncio.wait(running, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in late:
            await self._fail(running[task])

    async def _fail(self, identifier: str) -> None:
        await self._imports.update_one(
            {"_id": identifier, "status": "processing"},
            {"$set": {"status": "failed", "reason": INTERRUPTED, "finishedAt": datetime.now(UTC)}},
        )

    async def _work(self, kept: Document, rows: Sequence[Row]) -> None:
        try:
            seen: set[str] = set()
            for start in range(0, len(rows), _BATCH):
                await self._batch(kept, rows[start : start + _BATCH], seen)
                await self._note(kept, {"heardAt": datetime.now(UTC)})
            await self._note(kept, {"status": "completed", "finishedAt": datetime.now(UTC)})
        except PyMongoError as error:
            # Nobody can be told while the database is away: the silence says it.
            _LOG.error("import %s failed: %s", kept["_id"], type(error).__name__)

    async def _note(self, kept: Document, more: dict[str, Any]) -> None:
        numbers = {key: kept[key] for key in ("processed", "imported", "duplicates", "failed", "errors")}
        await self._imports.update_one({"_id": kept["_id"], "status": "processing"}, {"$set": numbers | more})

    async def _batch(self, kept: Document, rows: Sequence[Row], seen: set[str]) -> None:
        good: list[Document] = []
        for row in rows:
            if row.errors:
                kept["failed"] += 1
                kept["errors"] += [error.shown() for error in row.errors]
            elif row.values["email"] in seen:
                kept["duplicates"] += 1
            else:
                seen.add(row.values["email"])
                good.append(self._lead(kept, row))
        kept["errors"] = kept["errors"][:MOST_ERRORS]
        known = await self._insert(good)
        kept["duplicates"] += known
        kept["imported"] += len(good) - known
        kept["processed"] += len(rows)

    async def _insert(self, leads: list[Document]) -> int:
        """Write those whose address the tenant has not got; how many it had."""
        if not leads:
            return 0
        try:
            await self._leads.insert_many(leads, ordered=False)
        except BulkWriteError as error:
            found: list[dict[str, Any]] = (error.details or {}).get("writeErrors", [])
            if any(one["code"] != _DUPLICATE for one in found):
                raise
            return len(found)
        return 0

    @staticmethod
    def _lead(kept: Document, row: Row) -> Document:
        return {
            "_id": secrets.token_hex(12),
            "tenantId": kept["tenantId"],
            **row.values,
            "importId": kept["_id"],
            "createdBy": kept["userId"],
            "createdAt": datetime.now(UTC),
        }

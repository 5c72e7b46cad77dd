"""The request log: every exchange that went through the proxy, queryable."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Rows kept; the oldest go first.
KEPT_EXCHANGES = 500_000

# How long an exchange may wait to be written, in seconds.
FLUSH_INTERVAL = 0.2


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    `time` is RFC 3339 in UTC by the machine's clock. `service` and `method_id` are empty where no method was found.
    `fault` is the id of the fault rule that hit. `refused` marks a host outside the table. `dropped` marks an answer
    that never reached the client. `reason` is Google's word for an error (`SERVICE_DISABLED`). `would_deny` is the
    permission that the caller lacks, in the `audit` mode of IAM. Sizes are bytes of body. Bodies are None unless the
    settings ask for them.
    """

    time: str
    verb: str
    host: str
    path: str
    status: int
    duration_ms: float
    service: str = ""
    method_id: str = ""
    resource: str = ""
    principal: str = ""
    refused: bool = False
    dropped: bool = False
    reason: str = ""
    would_deny: str = ""
    fault: int | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    request_body: str | None = None
    response_body: str | None = None


COLUMNS = tuple(field.name for field in fields(Exchange))

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS exchanges (
    number INTEGER PRIMARY KEY AUTOINCREMENT, {", ".join(COLUMNS)}
);
CREATE INDEX IF NOT EXISTS exchanges_by_method ON exchanges (method_id);
"""


# Conditions of a query that are shell patterns, and the column that each is about.
PATTERNS = {
    "service": "service",
    "method": "method_id",
    "principal": "principal",
    "resource": "resource",
    "host": "host",
    "reason": "reason",
    "would_deny": "would_deny",
}

# The only text that is put into statements is the names above and those of `Exchange`; values are always bound.
INSERT = f"INSERT INTO exchanges ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
SELECT = "SELECT * FROM exchanges WHERE {} ORDER BY number DESC LIMIT ?"
COUNT = "SELECT count(*) FROM exchanges WHERE {}"


@dataclass(frozen=True)
class Query:
    """Which exchanges: all conditions hold at once, an empty one holds always.

    The names in `PATTERNS` are shell patterns (`would_deny=?*`: whatever would be denied). `status` is a number or a
    class (`4xx`). `since` is RFC 3339. `refused` is `yes` or `no`. `after` is the number of the last exchange already
    seen. `limit` keeps the newest.
    """

    service: str = ""
    method: str = ""
    principal: str = ""
    resource: str = ""
    host: str = ""
    reason: str = ""
    would_deny: str = ""
    status: str = ""
    since: str = ""
    refused: str = ""
    after: int = 0
    limit: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Query:
        """A query from text parameters; ValueError names the key and what is allowed."""
        names = {field.name for field in fields(cls)}
        unknown = sorted(set(given) - names)
        if unknown:
            raise ValueError(f"logs: no condition {unknown[0]!r}; there are {', '.join(sorted(names))}")
        numbers = {name: _number(name, given[name]) for name in ("after", "limit") if name in given}
        texts = {name: value for name, value in given.items() if name not in numbers}
        query = replace(cls(**texts), **numbers)  # type: ignore[arg-type]
        query.where()
        return query

    def where(self) -> tuple[str, list[Any]]:
        """The SQL condition and its arguments; ValueError names what is wrong."""
        conditions: list[tuple[str, Any]] = [("number > ?", self.after)]
        conditions += [
            (f"{column} GLOB ?", getattr(self, name)) for name, column in PATTERNS.items() if getattr(self, name)
        ]
        if self.status:
            low, high = _statuses(self.status)
            conditions += [("status >= ?", low), ("status <= ?", high)]
        if self.refused:
            conditions.append(("refused = ?", _yes(self.refused)))
        if self.since:
            conditions.append(("time >= ?", _moment(self.since)))
        return " AND ".join(clause for clause, _ in conditions), [value for _, value in conditions]


def _yes(value: str) -> bool:
    if value not in {"yes", "no"}:
        raise ValueError(f"logs: refused {value!r} is not one of yes, no")
    return value == "yes"


def _number(name: str, value: str) -> int:
    if not value.isdigit():
        raise ValueError(f"logs: {name} {value!r} is not a whole number")
    return int(value)


def _statuses(value: str) -> tuple[int, int]:
    if len(value) == 3 and value[0].isdigit() and value[1:].lower() == "xx":
        return int(value[0]) * 100, int(value[0]) * 100 + 99
    if value.isdigit():
        return int(value), int(value)
    raise ValueError(f"logs: status {value!r} is neither a number such as 404 nor a class such as 4xx")


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"logs: since {value!r} is not a time such as 2026-11-23T01:30:00Z") from None
    return stamp(moment.astimezone(UTC))


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Writes exchanges in batches and answers queries; used from one event loop."""

    def __init__(self, database: Path) -> None:
        """Open (or make) the log at `database`."""
        self._connection = sqlite3.connect(database, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._match_schema()
        self._connection.executescript(SCHEMA)
        self._waiting: list[Exchange] = []
        self._timer: asyncio.TimerHandle | None = None
        self._grown = asyncio.Event()
        self._ending = False
        self.last = int(self._connection.execute("SELECT coalesce(max(number), 0) FROM exchanges").fetchone()[0])

    def _match_schema(self) -> None:
        """Drop a log whose columns are those of another version: it is a log, and not worth a migration."""
        found = [row["name"] for row in self._connection.execute("PRAGMA table_info(exchanges)")]
        if found and found != ["number", *COLUMNS]:
            self._connection.execute("DROP TABLE exchanges")

    def record(self, exchange: Exchange) -> None:
        """Take an exchange; it is on disk within `FLUSH_INTERVAL`, and in every query at once."""
        self._waiting.append(exchange)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_INTERVAL, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        rows = [tuple(asdict(exchange).values()) for exchange in self._waiting]
        self._waiting.clear()
        self._connection.execute("BEGIN")
        self._connection.executemany(INSERT, rows)
        self._connection.execute(
            "DELETE FROM exchanges WHERE number <= (SELECT max(number) FROM exchanges) - ?", (KEPT_EXCHANGES,)
        )
        self._connection.execute("COMMIT")
        self.last = int(self._connection.execute("SELECT max(number) FROM exchanges").fetchone()[0])
        self._grown.set()

    def find(self, query: Query) -> list[dict[str, Any]]:
        """The exchanges that a query asks for, oldest first, each with its `number`."""
        self.flush()
        condition, arguments = query.where()
        limit = query.limit or -1
        rows = self._connection.execute(SELECT.format(condition), [*arguments, limit]).fetchall()
        return [_as_json(row) for row in reversed(rows)]

    def count(self, query: Query) -> int:
        """How many exchanges a query asks for."""
        self.flush()
        condition, arguments = query.where()
        return int(self._connection.execute(COUNT.format(condition), arguments).fetchone()[0])

    def clear(self) -> None:
        """Forget everything."""
        self.flush()
        self._connection.execute("DELETE FROM exchanges")

    def end_waits(self) -> None:
        """Let everybody who waits for more go, as the daemon stops."""
        self._ending = True
        self._grown.set()

    async def beyond(self, number: int) -> None:
        """Wait until an exchange with a higher number than `number` is written, or `end_waits`."""
        while self.last <= number and not self._ending:
            self._grown.clear()
            await self._grown.wait()

    def close(self) -> None:
        """Write what waits and close the database."""
        self.flush()
        self._connection.close()


def _as_json(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    return found | {"refused": bool(found["refused"]), "dropped": bool(found["dropped"])}

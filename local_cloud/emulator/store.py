"""The emulator's memory: every resource as the JSON it was given, in one SQLite file that survives `kill -9`."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    service TEXT NOT NULL, name TEXT NOT NULL, collection TEXT NOT NULL, parent TEXT NOT NULL,
    body TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at REAL,
    PRIMARY KEY (service, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resources_by_parent ON resources (service, collection, parent);
CREATE TABLE IF NOT EXISTS links (
    source_service TEXT NOT NULL, source TEXT NOT NULL, target_service TEXT NOT NULL, target TEXT NOT NULL,
    PRIMARY KEY (source_service, source, target_service, target)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_by_target ON links (target_service, target);
CREATE TABLE IF NOT EXISTS policies (
    service TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (service, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (
    service TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, done_at REAL NOT NULL, target TEXT NOT NULL,
    verb TEXT NOT NULL, PRIMARY KEY (service, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
# Raised when a table changes; operations are short-lived, so a file of an older version loses them and nothing else.
_VERSION = 1


@dataclass(frozen=True)
class StoredOperation:
    """A long-running operation, not done before `done_at` (POSIX seconds), nor while a runtime still works on the
    resource `target` (empty: none) after `verb`."""

    name: str
    body: dict[str, Any]
    done_at: float
    target: str
    verb: str


@dataclass(frozen=True)
class Stored:
    """One resource: `name` is relative (`projects/p/topics/t`), `generation` counts its writes, `deleted_at` is a
    POSIX time while it is soft-deleted."""

    service: str
    name: str
    collection: str
    body: dict[str, Any]
    generation: int
    deleted_at: float | None = None

    @property
    def parent(self) -> str:
        """The collection path this resource is in, e.g. `projects/p/topics`."""
        return parent_of(self.name)


def parent_of(name: str) -> str:
    """The path up to the last segment."""
    return name.rpartition("/")[0]


class Store:
    """Resources, links between them, policies, operations, facts and blobs; every change inside `transaction()`."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path` (`:memory:` keeps nothing)."""
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        if self._connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            self._connection.execute("DROP TABLE IF EXISTS operations")
            self._connection.execute(f"PRAGMA user_version={_VERSION}")
        self._connection.executescript(_SCHEMA)
        # Called after a commit with the services whose resources it changed.
        self.listener: Callable[[frozenset[str]], None] | None = None
        self._touched: set[str] = set()
        # The clock starts the count, so that it goes on growing over restarts.
        self._first_revision = time.time_ns()
        self._revisions: dict[str, int] = {}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what raises leaves no trace."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:  # an interrupt leaves no half of it either
            self._connection.execute("ROLLBACK")
            self._touched.clear()
            raise
        self._connection.execute("COMMIT")
        self._tell()

    def _tell(self) -> None:
        touched, self._touched = frozenset(self._touched), set()
        # One count for all, so that the highest of several services grows with a commit to any of them.
        self._revisions |= dict.fromkeys(touched, max(self._revisions.values(), default=self._first_revision) + 1)
        if touched and self.listener is not None:
            self.listener(touched)

    def revision(self, services: Iterable[str]) -> int:
        """A number that grows with every commit that changed resources of one of `services`."""
        return max((self._revisions.get(service, self._first_revision) for service in services), default=0)

    def clear(self) -> None:
        """Forget everything."""
        self._touched.update(row[0] for row in self._connection.execute("SELECT DISTINCT service FROM resources"))
        for table in ("resources", "links", "policies", "operations", "facts", "blobs"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are the literals above

    # Resources

    def get(self, service: str, name: str, *, deleted: bool = False) -> Stored | None:
        """The resource, or None; a soft-deleted one only with `deleted`."""
        row = self._connection.execute(
            "SELECT service, name, collection, body, generation, deleted_at FROM resources WHERE service = ? AND"
            " name = ?",
            (service, name),
        ).fetchone()
        stored = _stored(row) if row else None
        return stored if stored and (deleted or stored.deleted_at is None) else None

    def put(
        self, service: str, name: str, collection: str, body: Mapping[str, Any], *, deleted_at: float | None = None
    ) -> Stored:
        """Insert or replace; the order of a listing is the order of first insertion."""
        row = self._connection.execute(
            "SELECT generation, position FROM resources WHERE service = ? AND name = ?", (service, name)
        ).fetchone()
        generation, position = (row[0] + 1, row[1]) if row else (1, self.count("position"))
        self._touched.add(service)
        self._connection.execute(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (service, name, collection, parent_of(name), json.dumps(body), generation, position, deleted_at),
        )
        return Stored(service, name, collection, dict(body), generation, deleted_at)

    def remove(self, service: str, name: str) -> None:
        """Take the resource, its links and its policy away."""
        self._touched.add(service)
        for statement in (
            "DELETE FROM resources WHERE service = ? AND name = ?",
            "DELETE FROM links WHERE source_service = ? AND source = ?",
            "DELETE FROM policies WHERE service = ? AND name = ?",
        ):
            self._connection.execute(statement, (service, name))

    def children(
        self, service: str, collection: str, parent: str | None = None, *, deleted: bool = False
    ) -> list[Stored]:
        """Resources of a collection directly in `parent` (`projects/p/topics`), or everywhere, in order of creation."""
        sql = (
            "SELECT service, name, collection, body, generation, deleted_at FROM resources WHERE service = ? AND"
            " collection = ?"
        )
        arguments: list[Any] = [service, collection]
        if parent is not None:
            sql += " AND parent = ?"
            arguments.append(parent)
        rows = self._connection.execute(f"{sql} ORDER BY position", arguments).fetchall()
        return [stored for stored in map(_stored, rows) if deleted or stored.deleted_at is None]

    def everything(self, service: str) -> list[Stored]:
        """Every live resource of a service, in order of creation."""
        rows = self._connection.execute(
            "SELECT service, name, collection, body, generation, deleted_at FROM resources WHERE service = ? AND"
            " deleted_at IS NULL ORDER BY position",
            (service,),
        ).fetchall()
        return [_stored(row) for row in rows]

    def number_of(self, service: str, collection: str, prefix: str) -> int:
        """How many live resources of a collection have names that start with `prefix`."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM resources WHERE service = ? AND collection = ? AND substr(name, 1, ?) = ? AND"
            " deleted_at IS NULL",
            (service, collection, len(prefix), prefix),
        ).fetchone()
        return int(row[0])

    def below(self, service: str, prefix: str) -> list[Stored]:
        """Every resource of a service whose name starts with `prefix`/, soft-deleted ones included."""
        rows = self._connection.execute(
            "SELECT service, name, collection, body, generation, deleted_at FROM resources WHERE service = ? AND name"
            " >= ? AND name < ? ORDER BY position",
            (service, f"{prefix}/", f"{prefix}0"),
        ).fetchall()
        return [_stored(row) for row in rows]

    # Links: who refers to whom

    def link(self, source: tuple[str, str], targets: Sequence[tuple[str, str]]) -> None:
        """Replace what `source` (service, name) refers to."""
        self._connection.execute("DELETE FROM links WHERE source_service = ? AND source = ?", source)
        self._connection.executemany(
            "INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?)", [(*source, *target) for target in targets]
        )

    def users(self, service: str, name: str) -> list[tuple[str, str]]:
        """(service, name) of every live resource that refers to this one."""
        return self._connection.execute(
            "SELECT l.source_service, l.source FROM links l JOIN resources r ON r.service = l.source_service AND r.name"
            " = l.source WHERE l.target_service = ? AND l.target = ? AND r.deleted_at IS NULL ORDER BY l.source",
            (service, name),
        ).fetchall()

    # Policies, operations, facts, blobs

    def policy(self, service: str, name: str) -> dict[str, Any] | None:
        """The IAM policy set on a resource, or None."""
        found: dict[str, Any] | None = self._json(
            "SELECT body FROM policies WHERE service = ? AND name = ?", service, name
        )
        return found

    def policies(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(service, name, policy) of every policy."""
        return [
            (row[0], row[1], json.loads(row[2]))
            for row in self._connection.execute("SELECT service, name, body FROM policies")
        ]

    def put_policy(self, service: str, name: str, body: Mapping[str, Any]) -> None:
        """Replace a policy."""
        self._connection.execute("INSERT OR REPLACE INTO policies VALUES (?, ?, ?)", (service, name, json.dumps(body)))

    def operation(self, service: str, name: str) -> StoredOperation | None:
        """An operation, or None."""
        row = self._connection.execute(
            "SELECT name, body, done_at, target, verb FROM operations WHERE service = ? AND name = ?", (service, name)
        ).fetchone()
        return StoredOperation(row[0], json.loads(row[1]), *row[2:]) if row else None

    def operations(self, service: str, prefix: str) -> list[StoredOperation]:
        """A service's operations below `prefix`, in the order of their names."""
        rows = self._connection.execute(
            "SELECT name, body, done_at, target, verb FROM operations WHERE service = ? AND substr(name, 1, ?) = ?"
            " ORDER BY name",
            (service, len(prefix), prefix),
        ).fetchall()
        return [StoredOperation(row[0], json.loads(row[1]), *row[2:]) for row in rows]

    def put_operation(self, service: str, operation: StoredOperation) -> None:
        """Keep an operation."""
        self._connection.execute(
            "INSERT OR REPLACE INTO operations VALUES (?, ?, ?, ?, ?, ?)",
            (
                service,
                operation.name,
                json.dumps(operation.body),
                operation.done_at,
                operation.target,
                operation.verb,
            ),
        )

    def remove_operation(self, service: str, name: str) -> None:
        """Forget an operation."""
        self._connection.execute("DELETE FROM operations WHERE service = ? AND name = ?", (service, name))

    def fact(self, key: str) -> Any:
        """A remembered value, or None."""
        return self._json("SELECT value FROM facts WHERE key = ?", key)

    def put_fact(self, key: str, value: Any) -> None:
        """Remember a JSON value."""
        self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value)))

    def count(self, sequence: str) -> int:
        """The next number of a sequence, from 1."""
        key = f"sequence/{sequence}"
        number = int(self.fact(key) or 0) + 1
        self.put_fact(key, number)
        return number

    def blob(self, blob_id: str) -> bytes | None:
        """A blob's bytes, or None."""
        row = self._connection.execute("SELECT content FROM blobs WHERE id = ?", (blob_id,)).fetchone()
        return row[0] if row else None

    def put_blob(self, blob_id: str, content: bytes) -> None:
        """Keep bytes."""
        self._connection.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (blob_id, content))

    def remove_blob(self, blob_id: str) -> None:
        """Forget bytes."""
        self._connection.execute("DELETE FROM blobs WHERE id = ?", (blob_id,))

    def _json(self, sql: str, *arguments: str) -> Any:
        row = self._connection.execute(sql, arguments).fetchone()
        return json.loads(row[0]) if row else None


def _stored(row: Sequence[Any]) -> Stored:
    return Stored(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5])

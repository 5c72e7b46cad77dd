"""What a snapshot is: every document and index of a server, copied through the protocol into files and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import bson
from pymongo import MongoClient
from pymongo.errors import PyMongoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.collection import Collection

# What belongs to the server itself.
_OWN = frozenset({"admin", "local", "config"})
_BATCH = 500
_TIMEOUT_MILLISECONDS = 10_000
# Keys of an index's description that are not options of making it.
_NO_OPTIONS = frozenset({"v", "key", "name", "ns"})


class CopyError(RuntimeError):
    """A copy could not be made; the message says why."""


def save(port: int, directory: Path) -> int:
    """Copy everything from the server at `port` of 127.0.0.1 into a new `directory`; bytes written."""
    staged = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(mode=0o700, parents=True)
    try:
        with _client(port) as client:
            for collection in _collections(client):
                _save(collection, staged)
    except PyMongoError as error:
        raise CopyError(str(error)) from error
    shutil.rmtree(directory, ignore_errors=True)
    staged.rename(directory)
    return sum(path.stat().st_size for path in directory.iterdir())


def _save(collection: Collection[dict[str, Any]], directory: Path) -> None:
    stem = f"{quote(collection.database.name, safe='')}.{quote(collection.name, safe='')}"
    with (directory / f"{stem}.bson").open("wb") as file:
        for document in collection.find():
            file.write(bson.encode(document))
    indexes = collection.index_information()
    (directory / f"{stem}.indexes.json").write_text(json.dumps(indexes, default=str))


def load(port: int, directory: Path) -> None:
    """Put what `save` wrote in place of everything that the server at `port` holds."""
    try:
        with _client(port) as client:
            for collection in list(_collections(client)):
                collection.drop()
            for file in sorted(directory.glob("*.bson")):
                database, _, name = file.stem.partition(".")
                _load(client[unquote(database)][unquote(name)], file)
    except PyMongoError as error:
        raise CopyError(str(error)) from error


def _load(collection: Collection[dict[str, Any]], file: Path) -> None:
    for name, described in json.loads(file.with_suffix(".indexes.json").read_text()).items():
        if name != "_id_":
            options = {key: value for key, value in described.items() if key not in _NO_OPTIONS}
            collection.create_index([(key, direction) for key, direction in described["key"]], name=name, **options)
    batch: list[dict[str, Any]] = []
    with file.open("rb") as stream:
        for document in bson.decode_file_iter(stream):
            batch.append(document)
            if len(batch) == _BATCH:
                collection.insert_many(batch)
                batch = []
    if batch:
        collection.insert_many(batch)


def _collections(client: MongoClient[dict[str, Any]]) -> Iterator[Collection[dict[str, Any]]]:
    for database in client.list_database_names():
        if database not in _OWN:
            for name in client[database].list_collection_names():
                if not name.startswith("system."):
                    yield client[database][name]


def _client(port: int) -> MongoClient[dict[str, Any]]:
    return MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=_TIMEOUT_MILLISECONDS)

"""PRIVATE to the collection: see what changes in several lists of a cluster as it happens, through one queue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Self

from ._failure import Failure
from ._network import Answer
from ._retry import Patience

try:
    import urllib3
    import urllib3.exceptions
except ImportError as error:
    MISSING_LIBRARY: ImportError | None = error
else:
    MISSING_LIBRARY = None

if TYPE_CHECKING:
    from types import TracebackType

    from ._kubernetes_client import KubernetesClient

# Seconds of one watch call; the server ends it then, and the next one goes on from the last version seen.
WATCH_SECONDS = 240
# Seconds beyond which a silent connection is taken for dead: bookmarks come about every minute.
SILENCE = 90.0

LISTED, ADDED, MODIFIED, DELETED = "LISTED", "ADDED", "MODIFIED", "DELETED"


@dataclass(frozen=True)
class Watched:
    """One list to watch. `name` tells its changes from the others'."""

    name: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What happened in the list `name`. For LISTED, `objects` are all there are; else the one that is meant."""

    name: str
    type: str
    objects: tuple[dict[str, Any], ...]


class Watch:
    """A watch over several lists: a context in which `next` gives one change after another."""

    def __init__(self, client: KubernetesClient, lists: Sequence[Watched]) -> None:
        self._client = client
        self._changes: Queue[Change | Failure] = Queue()
        self._ended = threading.Event()
        self._responses: dict[str, Any] = {}
        self._threads = [
            threading.Thread(target=self._follow, args=(one,), name=f"watch {one.name}", daemon=True) for one in lists
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for response in list(self._responses.values()):
            # A thread that waits for the next line wakes up when its connection ends.
            response.shutdown() if hasattr(response, "shutdown") else response.close()

    def next(self, timeout: float) -> Change | None:
        """The next change, None when there was none for `timeout` seconds. Raises what ended a watch for good."""
        try:
            change = self._changes.get(timeout=max(0.0, timeout))
        except Empty:
            return None
        if isinstance(change, Failure):
            raise change
        return change

    def _follow(self, watched: Watched) -> None:
        version = ""
        patience = Patience(self._client.clock, self._client.retry_timeout)
        while not self._ended.is_set():
            try:
                version = version or self._list(watched)
                version = self._stream(watched, version)
                patience = Patience(self._client.clock, self._client.retry_timeout)
            except Failure as failure:
                self._changes.put(failure)
                return
            except (OSError, ValueError, urllib3.exceptions.HTTPError) as problem:
                pause = patience.pause(None)
                if pause is None:
                    self._changes.put(Failure("CONNECTION_DROPPED", f"{self._client.access.name}: {problem}"))
                    return
                self._ended.wait(pause)

    def _list(self, watched: Watched) -> str:
        found = self._client.get(watched.path, watched.query)
        self._changes.put(Change(watched.name, LISTED, tuple(found.get("items") or ())))
        return str((found.get("metadata") or {}).get("resourceVersion", ""))

    def _stream(self, watched: Watched, version: str) -> str:
        """Follow until the stream ends; the version to go on from, empty when it is too old and a list must be read."""
        query = {
            **watched.query,
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": WATCH_SECONDS,
        }
        response = self._client.open(watched.path, query, urllib3.Timeout(connect=10.0, read=SILENCE))
        try:
            if response.status >= 400:
                return self._refused(response, watched)
            self._responses[watched.name] = response
            if self._ended.is_set():
                return version
            for line in _lines(response):
                told = json.loads(line)
                item = told["object"]
                if told["type"] == "ERROR":
                    return self._expired(item, watched)
                version = str(item["metadata"]["resourceVersion"])
                if told["type"] != "BOOKMARK":
                    self._changes.put(Change(watched.name, told["type"], (item,)))
        finally:
            self._responses.pop(watched.name, None)
            response.close()
        return version

    def _refused(self, response: Any, watched: Watched) -> str:
        from ._kubernetes_client import PASSING, to_failure

        answer = Answer(response.status, {}, response.read())
        if response.status == 410:
            return ""
        failure = to_failure(answer, f"GET {watched.path} (watch)", self._client.access.name)
        if response.status in PASSING:
            raise OSError(str(failure))
        raise failure

    def _expired(self, status: Mapping[str, Any], watched: Watched) -> str:
        if status.get("code") == 410:
            return ""
        raise OSError(f"watch of {watched.path}: {status.get('message', '')}")


def _lines(response: Any) -> Iterator[bytes]:
    """The lines of a body, each as soon as it is whole."""
    rest = b""
    for chunk in response.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)

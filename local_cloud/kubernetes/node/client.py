"""The agent's client of the Kubernetes API: one watch per kind kept as a store, and writes."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from local_cloud.kubernetes.api_client import ApiClient, ApiStatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOG = logging.getLogger(__name__)

Object = dict[str, Any]

# How long one watch is asked to last, in seconds, and the pauses between attempts when the server is away.
WATCH_SECONDS = 3000
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 3.0
# A watch sends whole objects, one a line.
LONGEST_LINE = 8 << 20

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
NOT_FOUND, CONFLICT, GONE = 404, 409, 410


class NodeClient(ApiClient):
    """What the agent asks beyond reading: creating, patching, watching."""

    async def __aenter__(self) -> NodeClient:
        """Itself."""
        return self

    async def post(self, path: str, content: Mapping[str, Any]) -> Object:
        """Create; ApiStatusError 409 when it is there."""
        return await self._json("POST", path, content)

    async def patch(self, path: str, content: Mapping[str, Any], kind: str = STRATEGIC) -> Object:
        """Change the fields in `content`."""
        return await self._json("PATCH", path, content, kind)

    async def delete_with(self, path: str, options: Mapping[str, Any]) -> None:
        """Delete with options such as a grace period; nothing when it is gone."""
        try:
            await self._json("DELETE", path, options)
        except ApiStatusError as error:
            if error.status not in (NOT_FOUND, CONFLICT):
                raise

    async def lines(self, path: str, query: Mapping[str, str | int]) -> aiohttp.ClientResponse:
        """An open watch; the caller closes it. ApiStatusError when it is refused."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        response = await self._session.get(f"{self._url}{path}?{urlencode(query)}", timeout=timeout)
        if response.status != 200:
            text = await response.text()
            raise ApiStatusError(response.status, text)
        return response


def key_of(thing: Mapping[str, Any]) -> tuple[str, str]:
    """(namespace, name); the namespace is empty for what has none."""
    metadata = thing["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Store:
    """All objects of one kind as the API has them, kept up by a watch."""

    def __init__(self, client: NodeClient, path: str, *, selector: str = "") -> None:
        """Watch `path`, only what the field selector `selector` says."""
        self._client = client
        self._path = path
        self._selector = {"fieldSelector": selector} if selector else {}
        self._changed: Callable[[Object], None] = lambda _: None
        self._gone: Callable[[Object], None] = lambda _: None
        self.objects: dict[tuple[str, str], Object] = {}
        self.synced = asyncio.Event()

    def listen(self, changed: Callable[[Object], None], gone: Callable[[Object], None]) -> None:
        """Call `changed` with each object that comes or changes, `gone` with the last state of one that is deleted."""
        self._changed, self._gone = changed, gone

    def find(self, namespace: str, name: str) -> Object | None:
        """One object, None when the watch has not seen it."""
        return self.objects.get((namespace, name))

    async def run(self) -> None:
        """List and watch, again and again."""
        pause = FIRST_PAUSE
        while True:
            try:
                version = await self._list()
                self.synced.set()
                pause = FIRST_PAUSE
                while True:
                    version = await self._watch(version)
            except ApiStatusError as error:
                if error.status != GONE:
                    _LOG.warning("watch of %s: %s", self._path, error)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _LOG.info("watch of %s: %r", self._path, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _list(self) -> str:
        found = await self._client.get(f"{self._path}?{urlencode(self._selector)}")
        now = {key_of(thing): thing for thing in found["items"]}
        for key in [key for key in self.objects if key not in now]:
            self._gone(self.objects.pop(key))
        for key, thing in now.items():
            self._take(key, thing)
        version: str = found["metadata"]["resourceVersion"]
        return version

    def _take(self, key: tuple[str, str], thing: Object) -> None:
        before = self.objects.get(key)
        self.objects[key] = thing
        if before is None or before["metadata"]["resourceVersion"] != thing["metadata"]["resourceVersion"]:
            self._changed(thing)

    async def _watch(self, version: str) -> str:
        """Follow changes until the watch ends; the version to go on from."""
        query: dict[str, str | int] = {"watch": 1, "resourceVersion": version, "allowWatchBookmarks": "true"}
        query |= {"timeoutSeconds": WATCH_SECONDS, **self._selector}
        response = await self._client.lines(self._path, query)
        try:
            begun = b""
            async for chunk in response.content.iter_any():
                *lines, begun = (begun + chunk).split(b"\n")
                if len(begun) > LONGEST_LINE:
                    raise ApiStatusError(GONE, "an event is too long")
                for line in lines:
                    version = self._event(json.loads(line))
        finally:
            response.close()
        return version

    def _event(self, event: Mapping[str, Any]) -> str:
        thing = event["object"]
        if event["type"] == "ERROR":
            raise ApiStatusError(int(thing.get("code", GONE)), str(thing.get("message")))
        version: str = thing["metadata"]["resourceVersion"]
        if event["type"] == "DELETED":
            self.objects.pop(key_of(thing), None)
            self._gone(thing)
        elif event["type"] != "BOOKMARK":
            self._take(key_of(thing), thing)
        return version

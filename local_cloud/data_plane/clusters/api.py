"""A cluster's API as the data plane uses it: lists that follow their changes, patches, events."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.kubernetes.access import Identity

if TYPE_CHECKING:
    from local_cloud.kubernetes.access import ClusterAccess

_LOG = logging.getLogger(__name__)

Object = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
# A watch is asked to end after this many seconds, and begins again where it was.
WATCH_SECONDS = 300
REQUEST_SECONDS = 15
# A list that cannot be had is asked for again after this many seconds, doubled each time, up to the longest.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0


class ApiRefusal(Exception):
    """The API answered with an error: `status` is the code of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        """Refused with `status`."""
        super().__init__(message)
        self.status = status


class StaleListError(Exception):
    """What a watch was to begin with is too old: list again."""


class ClusterApi:
    """Requests to one API server with the data plane's certificate."""

    def __init__(self, access: ClusterAccess) -> None:
        """The API that `access` leads to; its files must be there."""
        context = ssl.create_default_context(cafile=str(access.ca_file))
        pair = access.certificate(Identity.DATA_PLANE)
        context.load_cert_chain(str(pair.certificate), str(pair.key))
        self._session = aiohttp.ClientSession(
            access.api_url,
            connector=aiohttp.TCPConnector(ssl=context),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_SECONDS),
            trust_env=False,
        )

    async def close(self) -> None:
        """End every request."""
        await self._session.close()

    async def request(self, verb: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "") -> Object:
        """One request; ApiRefusal, or an error of the connection."""
        headers = {"Content-Type": kind or "application/json"}
        async with (
            asyncio.timeout(REQUEST_SECONDS),
            self._session.request(verb, path, json=body, headers=headers) as response,
        ):
            answer: Object = await response.json(content_type=None)
            if response.status >= 400:
                raise ApiRefusal(response.status, str(answer.get("message", response.reason)))
            return answer

    async def patch(self, path: str, body: Mapping[str, Any]) -> Object:
        """A merge patch."""
        return await self.request("PATCH", path, body, MERGE_PATCH)

    async def event(self, about: Object, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell whoever describes the object."""
        named = about["metadata"]
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        body = {
            "metadata": {"generateName": f"{named['name']}.", "namespace": named["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Service",
                **{key: named.get(key) for key in ("name", "namespace", "uid", "resourceVersion")},
            },
            "reason": reason,
            "message": message,
            "type": "Warning" if warning else "Normal",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "source": {"component": "service-controller"},
        }
        await self.request("POST", f"/api/v1/namespaces/{named['namespace']}/events", body)

    async def changes(self, path: str, version: str) -> AsyncIterator[tuple[str, Object]]:
        """(ADDED, MODIFIED, DELETED or BOOKMARK, object) since `version`; StaleListError when that is too old."""
        query = f"watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={WATCH_SECONDS}"
        async with self._session.get(f"{path}?{query}") as response:
            if response.status == 410:
                raise StaleListError
            if response.status >= 400:
                raise ApiRefusal(response.status, await response.text())
            buffered = b""
            async for chunk in response.content.iter_any():
                *lines, buffered = (buffered + chunk).split(b"\n")
                for line in lines:
                    change = json.loads(line)
                    if change["type"] == "ERROR":
                        raise StaleListError
                    yield change["type"], change["object"]


class Reflector:
    """All objects of one kind, kept up to date; `told` is called after every change."""

    def __init__(self, api: ClusterApi, path: str, told: Callable[[], None]) -> None:
        """Follow the list at `path` (`/api/v1/services`)."""
        self.objects: dict[tuple[str, str], Object] = {}
        self.synced = False
        self._api = api
        self._path = path
        self._told = told

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                version = await self._list()
                pause = FIRST_PAUSE
                while True:
                    version = await self._watch(version)
            except StaleListError:
                continue
            except (aiohttp.ClientError, OSError, TimeoutError, ApiRefusal, ValueError) as error:
                _LOG.info("%s cannot be followed, again in %.1f s: %s", self._path, pause, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _list(self) -> str:
        answer = await self._api.request("GET", self._path)
        self.objects = {_key(found): found for found in answer.get("items") or []}
        self.synced = True
        self._told()
        return str(answer["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> str:
        async for kind, found in self._api.changes(self._path, version):
            version = str(found["metadata"]["resourceVersion"])
            if kind == "BOOKMARK":
                continue
            if kind == "DELETED":
                self.objects.pop(_key(found), None)
            else:
                self.objects[_key(found)] = found
            self._told()
        return version


def _key(found: Object) -> tuple[str, str]:
    return found["metadata"].get("namespace", ""), found["metadata"]["name"]

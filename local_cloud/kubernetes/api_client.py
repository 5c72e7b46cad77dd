"""A small client of a cluster's API for the local cloud's own processes: JSON over HTTPS with a client certificate."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from local_cloud.kubernetes.access import ClusterAccess, Identity

# Whose fields a server-side apply of ours are (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
FIELD_MANAGER = "local-cloud"
_TIMEOUT = aiohttp.ClientTimeout(total=30)


class ApiStatusError(RuntimeError):
    """The API refused; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        """Say what it said."""
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiClient:
    """One session with one cluster; an async context manager."""

    def __init__(self, access: ClusterAccess, identity: Identity) -> None:
        """Ask as `identity`."""
        pair = access.certificate(identity)
        context = ssl.create_default_context(cafile=str(access.ca_file))
        context.load_cert_chain(pair.certificate, pair.key)
        self._url = access.api_url
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context), timeout=_TIMEOUT, trust_env=False
        )

    async def __aenter__(self) -> ApiClient:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._session.close()

    async def ready(self) -> str:
        """Nothing when `/readyz` says ok, else what it says; aiohttp.ClientError when nobody answers."""
        async with self._session.get(f"{self._url}/readyz") as response:
            text = await response.text()
            return "" if response.status == 200 else text

    async def get(self, path: str) -> dict[str, Any]:
        """The object at `path`; ApiStatusError when it is not there."""
        return await self._json("GET", path)

    async def delete(self, path: str) -> dict[str, Any]:
        """Delete the object at `path`."""
        return await self._json("DELETE", path)

    async def apply(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Server-side apply of one object; our word counts for the fields in it."""
        query = f"?fieldManager={FIELD_MANAGER}&force=true"
        return await self._json("PATCH", f"{path}{query}", content, "application/apply-patch+yaml")

    async def watch(self, path: str, seconds: int) -> AsyncIterator[dict[str, Any]]:
        """Events (`type`, `object`) of a collection, first those that are there, for at most `seconds`."""
        joint = "&" if "?" in path else "?"
        url = f"{self._url}{path}{joint}watch=true&timeoutSeconds={seconds}"
        async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=seconds + 5)) as response:
            if response.status >= 400:
                raise ApiStatusError(response.status, _message(await response.text()))
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield json.loads(line)

    async def _json(
        self, method: str, path: str, content: Mapping[str, Any] | None = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        data = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": kind} if data is not None else {}
        async with self._session.request(method, f"{self._url}{path}", data=data, headers=headers) as response:
            text = await response.text()
            if response.status >= 400:
                raise ApiStatusError(response.status, _message(text))
            answer: dict[str, Any] = json.loads(text)
            return answer


def _message(text: str) -> str:
    """The words of a Status object, or the text as it is."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()

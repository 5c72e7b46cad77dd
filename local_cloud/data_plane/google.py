"""The cloud as the data plane's process sees it: resources from the daemon, requests to Google's APIs by the proxy."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from local_cloud.data_plane.edge.configuration import Resource
from local_cloud.identity.accounts import OWNER

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

Body = Mapping[str, Any]

REQUEST_SECONDS = 30
# A token is replaced this long before it ends, in seconds.
TOKEN_MARGIN = 300.0
TOKEN_SECONDS = 3600.0
# Resources change in bursts: after a change the feed waits this long, in seconds, and reads once.
SETTLE_SECONDS = 0.03
PAUSE_SECONDS = 0.5


class GoogleRefusal(Exception):
    """Google's API answered with an error: `status` of HTTP, the `reason` of its body where there is one."""

    def __init__(self, status: int, message: str) -> None:
        """Refused with `status`."""
        super().__init__(message)
        self.status = status


class Google:
    """Resources as the daemon keeps them, and the APIs through its proxy."""

    def __init__(self, state: StateDirectory) -> None:
        """Ask the daemon whose state is in `state`."""
        self._state = state
        self._admin = aiohttp.ClientSession(
            "http://daemon", connector=aiohttp.UnixConnector(str(state.admin_socket), limit=0), trust_env=False
        )
        self._apis = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(state.ca_certificate))),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            trust_env=False,
        )
        self._tokens: dict[str, tuple[str, float]] = {}

    async def close(self) -> None:
        """End every request."""
        await self._admin.close()
        await self._apis.close()

    async def resources(self, services: Iterable[str]) -> AsyncIterator[list[Resource]]:
        """All resources of `services`, now and whenever they change; goes on when the daemon starts again."""
        revision = -1
        query = [("service", service) for service in services]
        while True:
            try:
                parameters = [*query, ("after", str(max(revision, 0)))] if revision >= 0 else query
                timeout = aiohttp.ClientTimeout(total=None)
                async with self._admin.get(f"/resources?{urlencode(parameters)}", timeout=timeout) as response:
                    response.raise_for_status()
                    answer = await response.json()
            except (aiohttp.ClientError, OSError) as error:
                _LOG.info("the daemon does not answer: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            revision = int(answer["revision"])
            yield [Resource(one["service"], one["name"], one["collection"], one["body"]) for one in answer["resources"]]
            await asyncio.sleep(SETTLE_SECONDS)

    async def note(self, changes: Sequence[Body]) -> None:
        """Write back what was found out: `{service, name, fields}` each, fields by dotted path."""
        if changes:
            async with self._admin.patch("/resources", json={"changes": list(changes)}) as response:
                if response.status >= 400:
                    raise GoogleRefusal(response.status, await response.text())

    async def request(
        self, verb: str, url: str, body: Body | None = None, *, member: str = OWNER.member, token: str = ""
    ) -> dict[str, Any]:
        """One request to an API with the rights of `member`, or of whom `token` belongs to; GoogleRefusal, or an error
        of the connection."""
        headers = {"Authorization": f"Bearer {token or await self.token(member)}"}
        async with self._apis.request(
            verb, f"https://{url}", json=body, headers=headers, proxy=self.proxy()
        ) as response:
            text = await response.text()
            answer: dict[str, Any] = json.loads(text) if text else {}
            if response.status >= 400:
                raise GoogleRefusal(response.status, _message(answer, text))
            error = (answer.get("error") or {}).get("errors") if isinstance(answer.get("error"), dict) else None
            if error:
                raise GoogleRefusal(400, str(error[0].get("message", error)))
            return answer

    def proxy(self) -> str:
        """The URL of the daemon's proxy."""
        return f"http://127.0.0.1:{self._state.port_file.read_text().strip()}"

    async def token(self, member: str = OWNER.member) -> str:
        """An access token of `member`; GoogleRefusal when there is none such."""
        token, until = self._tokens.get(member, ("", 0.0))
        if time.monotonic() > until - TOKEN_MARGIN:
            async with self._admin.post("/tokens", json={"member": member}) as response:
                if response.status >= 400:
                    raise GoogleRefusal(response.status, await response.text())
                token = str((await response.json())["token"])
            self._tokens[member] = (token, time.monotonic() + TOKEN_SECONDS)
        return token


def _message(answer: Mapping[str, Any], text: str) -> str:
    error = answer.get("error")
    return str(error.get("message", text)) if isinstance(error, dict) else text

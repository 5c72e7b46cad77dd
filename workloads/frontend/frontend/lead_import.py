"""What people do with leads, handed over to the internal service in their name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from frontend.settings import Settings
from service_kit import tracing
from service_kit.refusal import Refusal

_ROOT = "/leads/import-export"
# The service's own limit, and what a form has around the file.
_LARGEST = 10_485_760 + 64 * 1024
_TIMEOUT = ClientTimeout(total=120, connect=5)
_PASSED_ON = ("Content-Type", "Content-Disposition", "Retry-After")


class LeadImport:
    """Handlers that ask the auth-service who calls, and the lead-import-service for the rest.

    Whose leads they are is not the page's to say: tenant and user are put in here.
    """

    def __init__(self, settings: Settings) -> None:
        """Hand over to the services of `settings`."""
        self._settings = settings
        self._session: ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        """Paths and who answers them."""
        return [
            web.get(f"{_ROOT}/template", self.template),
            web.post(f"{_ROOT}/import", self.signed_in),
            web.post(f"{_ROOT}/validate", self.signed_in),
            web.get(f"{_ROOT}/import/{{id:[0-9A-Za-z]{{1,64}}}}/progress", self.signed_in),
        ]

    async def run(self, _application: web.Application) -> AsyncIterator[None]:
        """One session as long as the application runs; its proxy is the environment's."""
        async with ClientSession(timeout=_TIMEOUT, trust_env=True, auto_decompress=False) as session:
            self._session = session
            yield

    async def template(self, request: web.Request) -> web.StreamResponse:
        """Anybody may have the empty table."""
        return await self._handed_over(request, {})

    async def signed_in(self, request: web.Request) -> web.StreamResponse:
        """What only somebody who is signed in may do."""
        user = await self._user(request)
        return await self._handed_over(request, {"tenantId": self._settings.tenant, "userId": user})

    async def _user(self, request: web.Request) -> str:
        """The id of who calls; Refusal 401 when the auth-service does not know them."""
        authorization = request.headers.get("Authorization", "")
        if not authorization:
            raise Refusal(401, "token_missing", "Sign in first.")
        headers = {"Authorization": authorization, **_trace()}
        try:
            async with self._to(self._settings.auth_url).post(
                f"{self._settings.auth_url}/api/auth/validate", json={}, headers=headers
            ) as answer:
                body = await answer.json(content_type=None)
                if answer.status == 200:
                    return str(body["user"]["id"])
                if answer.status == 401:
                    raise Refusal(401, str(body.get("code", "token_invalid")), str(body.get("error", "Sign in again.")))
        except (ClientError, TimeoutError, ValueError, KeyError, TypeError):
            pass
        raise Refusal(503, "unavailable", "Who you are cannot be asked right now; try again.")

    async def _handed_over(self, request: web.Request, query: dict[str, str]) -> web.StreamResponse:
        if (request.content_length or 0) > _LARGEST:
            headers = {"Connection": "close"}
            raise Refusal(413, "too_large", "The file has more than 10 MB.", headers=headers)
        url = f"{self._settings.lead_import_url}{request.path}{f'?{urlencode(query)}' if query else ''}"
        headers = {
            name: request.headers[name] for name in ("Content-Type", "Content-Length") if name in request.headers
        }
        body = request.content if request.can_read_body else None
        try:
            async with self._to(self._settings.lead_import_url).request(
                request.method, url, data=body, headers={**headers, **_trace()}
            ) as answer:
                content = await answer.read()
                kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
                return web.Response(status=answer.status, body=content, headers=kept)
        except (ClientError, TimeoutError, asyncio.IncompleteReadError):
            raise Refusal(502, "bad_gateway", "The import of leads does not answer; try again.") from None

    def _to(self, url: str) -> ClientSession:
        if not url or self._session is None:
            raise Refusal(503, "not_configured", "This frontend was given no address of that service.")
        return self._session


def _trace() -> dict[str, str]:
    trace = tracing.current.get()
    return {"traceparent": trace.traceparent} if trace else {}

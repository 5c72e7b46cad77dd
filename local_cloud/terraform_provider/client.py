"""HTTPS to Google's APIs with the caller's token, proxy and CA, and the retries hashicorp/google makes."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from local_cloud.terraform_provider.credentials import TokenSource, proxy_for
from local_cloud.terraform_provider.failures import ApiError, ProviderError, Stopped
from local_cloud.terraform_provider.version import KIND, MIRRORED_VERSION

if TYPE_CHECKING:
    from local_cloud.terraform_provider.settings import Settings

# Without a timeout of its own a request is retried this long (seconds), as the provider does.
DEFAULT_DEADLINE: Final = 300.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_RETRIED_STATUS: Final = frozenset({429, 500, 502, 503})
_PER_MINUTE_QUOTA: Final = re.compile(r"Quota exceeded for quota metric '.*' and limit '.* per minute' of service")
USER_AGENT: Final = f"terraform-provider-google/{MIRRORED_VERSION} ({KIND})"
_NO_CONTENT: Final = 204
_FAILED: Final = 400

Retried = Callable[[ApiError], bool]


def is_retried(error: ApiError) -> bool:
    """True for the answers every client of Google retries."""
    if error.status in _RETRIED_STATUS:
        return True
    if error.status == 403:
        return bool(_PER_MINUTE_QUOTA.search(error.body)) or "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED" in error.reasons
    if error.status == 400:
        return "resourceNotReady" in error.body and "networks" in error.body
    return error.status == 409 and "operationInProgress" in error.body


def is_stale_fingerprint(error: ApiError) -> bool:
    """True when a 412 says that somebody else changed the object since it was read."""
    return error.status == 412 and "fingerprint" in error.body.lower()


class Client:
    """The HTTP side of one configured provider."""

    def __init__(self, settings: Settings, tokens: TokenSource) -> None:
        """Must be made inside a running event loop; `close` ends its connections."""
        self.settings = settings
        self._tokens = tokens
        self._stop = asyncio.Event()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_trust(settings.environment), limit=0),
            timeout=aiohttp.ClientTimeout(total=settings.request_timeout),
        )

    async def close(self) -> None:
        """End every connection."""
        await self._session.close()

    def stop(self) -> None:
        """End every wait that is going on with Stopped."""
        self._stop.set()

    def now(self) -> float:
        """The event loop's time in seconds, for deadlines."""
        return asyncio.get_running_loop().time()

    async def pause(self, seconds: float) -> None:
        """Wait `seconds`; Stopped as soon as Terraform asks to stop."""
        try:
            await asyncio.wait_for(self._stop.wait(), timeout=seconds)
        except TimeoutError:
            return
        raise Stopped("Stopped on request while waiting for Google")

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        project: str | None = None,
        deadline: float = DEFAULT_DEADLINE,
        retried: Retried | None = None,
    ) -> dict[str, Any]:
        """One request, retried until `deadline` seconds have passed; the JSON answer, `{}` without content.

        `project` pays when `user_project_override` is on and no billing project is set. ApiError for an answer that is
        no success, ProviderError when Google cannot be reached. `{}` also for a creation whose answer was lost on the
        way and that is refused the second time, because the first has made it.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        pause = _FIRST_PAUSE
        answer_lost = False
        while True:
            try:
                return await self._once(method, url, body, query or {}, project)
            except ApiError as error:
                if answer_lost and error.already_exists:
                    return {}
                if loop.time() + pause > end or not (is_retried(error) or (retried is not None and retried(error))):
                    raise
            except (aiohttp.ClientConnectionError, TimeoutError) as error:
                if isinstance(error, aiohttp.ClientConnectorCertificateError) or loop.time() + pause > end:
                    raise _unreachable(method, url, error) from error
                answer_lost = answer_lost or not isinstance(error, aiohttp.ClientConnectorError)
            await self.pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _once(
        self, method: str, url: str, body: Any, query: Mapping[str, str], project: str | None
    ) -> dict[str, Any]:
        parts = urlsplit(url)
        asked = f"{url}{'&' if parts.query else '?'}{urlencode({**query, 'alt': 'json'})}"
        proxy = proxy_for(self.settings.environment, parts.hostname or "")
        payload = None if body is None else json.dumps(body).encode()
        headers = await self._headers(project)
        async with self._session.request(method, _exactly(asked), data=payload, headers=headers, proxy=proxy) as answer:
            content = await answer.read()
            if answer.status >= _FAILED:
                raise ApiError(answer.status, content)
            return json.loads(content) if content and answer.status != _NO_CONTENT else {}

    async def _headers(self, project: str | None) -> dict[str, str]:
        settings = self.settings
        headers = {
            "Authorization": f"Bearer {await self._tokens.token()}",
            "Content-Type": "application/json",
            "User-Agent": f"Terraform/{settings.terraform_version} {USER_AGENT}",
        }
        payer = settings.billing_project or project
        if settings.user_project_override and payer:
            headers["X-Goog-User-Project"] = payer
        if settings.request_reason:
            headers["X-Goog-Request-Reason"] = settings.request_reason
        return headers


def _exactly(url: str) -> URL:
    """The URL without aiohttp's own idea of what must be quoted."""

    return URL(url, encoded=True)


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    authorities = environment.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=authorities or None)
    except (OSError, ssl.SSLError) as error:
        raise ProviderError(f"SSL_CERT_FILE={authorities}: no file of certificate authorities ({error})") from error


def _unreachable(method: str, url: str, error: Exception) -> ProviderError:
    host = urlsplit(url).netloc
    return ProviderError(
        f"{method} {url.partition('?')[0]}: {host} cannot be reached: {str(error) or type(error).__name__}",
        detail="Check HTTPS_PROXY and SSL_CERT_FILE of this shell, and that the local cloud is up.",
    )

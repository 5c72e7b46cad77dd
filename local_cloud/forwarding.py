"""Plain requests that clients send to the proxy for addresses and names of the cloud: passed on as they stream."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

if TYPE_CHECKING:
    from local_cloud.twins import Twin

# Headers of one connection, not of the message (RFC 9110, 7.6.1).
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "transfer-encoding", "upgrade"}
)
# Headers that aiohttp's client would add where the caller sent none.
_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
CONNECT_SECONDS = 15.0


def asked_for(target: str) -> tuple[str, int] | None:
    """Host and port of an absolute-form `http://` target (RFC 9112, 3.2.2); None for every other target."""
    if not target.startswith("http://"):
        return None
    try:
        parts = urlsplit(target)
        return (parts.hostname or "").lower(), parts.port or 80
    except ValueError:
        return None


class Forwarder:
    """Sends requests to what stands for a host on this machine."""

    def __init__(self) -> None:
        """No connection is open yet."""
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End every connection."""
        if self._session is not None:
            await self._session.close()

    async def forward(self, received: web.BaseRequest, where: Twin) -> tuple[web.StreamResponse, int]:
        """Pass `received` on and its answer back; the answer and the bytes of its body. 502 when nobody answers."""
        _, _, rest = received.raw_path.removeprefix("http://").partition("/")
        headers = [(name, value) for name, value in received.headers.items() if name.lower() not in _HOP_BY_HOP]
        body = received.content if received.can_read_body else None
        try:
            async with self._client().request(
                received.method,
                URL(f"http://{where.address}:{where.port}/{rest}", encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as upstream:
                return await _returned(received, upstream)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return web.Response(
                status=502, text=f"nothing answers for it on {where.address}:{where.port}: {error}\n"
            ), 0

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOT_ADDED,
                requote_redirect_url=False,
                trust_env=False,
            )
        return self._session


async def _returned(received: web.BaseRequest, upstream: aiohttp.ClientResponse) -> tuple[web.StreamResponse, int]:
    """The answer, sent on piece by piece."""
    answer = web.StreamResponse(status=upstream.status, reason=upstream.reason)
    for name, value in upstream.headers.items():
        if name.lower() not in _HOP_BY_HOP:
            answer.headers.add(name, value)
    size = 0
    await answer.prepare(received)
    try:
        async for piece in upstream.content.iter_any():
            size += len(piece)
            await answer.write(piece)
        await answer.write_eof()
    except (aiohttp.ClientError, OSError):
        # Half an answer cannot be mended: the client learns it by the missing rest.
        if received.transport is not None:
            received.transport.abort()
    return answer, size

"""The daemon's HTTPS endpoint on loopback that API servers ask who a token belongs to and what its owner may do."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

from aiohttp import web

from local_cloud.kubernetes.control_plane.callers import review_access, review_token
from local_cloud.kubernetes.control_plane.certificates import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local_cloud.certificates import Authority
    from local_cloud.cloud import Cloud

# Requests in flight get this long to end when the daemon stops, in seconds.
_STOP_SECONDS = 1.0


class Webhooks:
    """One server for all clusters; each shows a secret of its own."""

    def __init__(
        self, cloud: Cloud, authority: Authority, clusters: Callable[[], Mapping[str, tuple[str, str]]]
    ) -> None:
        """`clusters` are directory name → (resource name, secret)."""
        self._cloud = cloud
        self._authority = authority
        self._clusters = clusters
        self._runner: web.AppRunner | None = None

    async def start(self, port_file: Path) -> int:
        """Listen on the port of last time when it is free, else on any; the port."""
        application = web.Application()
        application.add_routes([web.post("/{cluster}/{question:token|access}", self._review)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_SECONDS)
        await self._runner.setup()
        port = _kept(port_file)
        try:
            await self._listen(port)
        except OSError:
            await self._listen(0)
        bound: int = self._runner.addresses[0][1]
        port_file.write_text(f"{bound}\n")  # noqa: ASYNC240 - a few bytes, once
        return bound

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen(self, port: int) -> None:
        assert self._runner is not None
        await web.TCPSite(self._runner, LOOPBACK, port, ssl_context=self._authority.context(LOOPBACK)).start()

    async def _review(self, request: web.Request) -> web.Response:
        name, secret = self._clusters().get(request.match_info["cluster"], ("", ""))
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not secret or not hmac.compare_digest(shown.encode(), secret.encode()):
            return web.Response(status=401)
        try:
            review = await request.json()
        except json.JSONDecodeError:
            return web.Response(status=400)
        if request.match_info["question"] == "token":
            return web.json_response(review_token(self._cloud, review))
        return web.json_response(review_access(self._cloud, name, review))


def _kept(port_file: Path) -> int:
    try:
        return int(port_file.read_text())
    except (FileNotFoundError, ValueError):
        return 0

"""Health checks of a backend service: every endpoint is really probed, and thresholds decide."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from local_cloud.data_plane.reverse_proxy.backends import Endpoint

_LOG = logging.getLogger(__name__)

# How often an endpoint that was never healthy is probed, in seconds, whatever the interval: a rollout waits for it.
FIRST_INTERVAL = 0.5
# As much of an answer as is looked at, in bytes.
LOOKED_AT = 1024
_HTTP = {"HTTP": "httpHealthCheck", "HTTPS": "httpsHealthCheck", "HTTP2": "http2HealthCheck"}
_TCP = {"TCP": "tcpHealthCheck", "SSL": "sslHealthCheck"}


class HealthCheck:
    """What a healthChecks resource asks for."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """Read it; the API has filled in what was not said."""
        self.kind = str(body.get("type", "TCP"))
        self.block: Mapping[str, Any] = body.get({**_HTTP, **_TCP}.get(self.kind, "")) or {}
        self.interval = float(body.get("checkIntervalSec", 5))
        self.timeout = float(body.get("timeoutSec", 5))
        self.healthy_after = int(body.get("healthyThreshold", 2))
        self.unhealthy_after = int(body.get("unhealthyThreshold", 2))

    def port(self, serving: int) -> int:
        """The port to probe: the endpoint's own unless a fixed one is asked for."""
        if self.block.get("portSpecification") == "USE_FIXED_PORT":
            return int(self.block.get("port", serving))
        if self.block.get("portSpecification") or not self.block.get("port"):
            return serving
        return int(self.block["port"])

    async def passes(self, endpoint: Endpoint, known_as: str) -> bool:
        """One probe; `known_as` is the endpoint's address in the cloud, the Host header when none is given."""
        try:
            async with asyncio.timeout(self.timeout):
                if self.kind in _HTTP:
                    return await self._http(endpoint, known_as)
                if self.kind in _TCP:
                    return await self._tcp(endpoint)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            return False
        _LOG.error("health checks of type %s are not spoken by the local cloud: %s fails", self.kind, known_as)
        return False

    async def _open(self, endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = None
        if self.kind in ("HTTPS", "HTTP2", "SSL"):
            # Google's probers do not validate certificates of backends.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return await asyncio.open_connection(endpoint.address.host, self.port(endpoint.address.port), ssl=context)

    async def _http(self, endpoint: Endpoint, known_as: str) -> bool:
        reader, writer = await self._open(endpoint)
        try:
            path, host = self.block.get("requestPath") or "/", self.block.get("host") or known_as
            lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: GoogleHC/1.0", "Connection: close", "", "")
            writer.write("\r\n".join(lines).encode())
            status = await reader.readline()
            if status.split(b" ")[1:2] != [b"200"]:
                return False
            wanted = str(self.block.get("response") or "")
            if not wanted:
                return True
            await reader.readuntil(b"\r\n\r\n")
            return wanted.encode() in await reader.read(LOOKED_AT)
        finally:
            writer.transport.abort()

    async def _tcp(self, endpoint: Endpoint) -> bool:
        reader, writer = await self._open(endpoint)
        try:
            if self.block.get("request"):
                writer.write(str(self.block["request"]).encode())
            wanted = str(self.block.get("response") or "").encode()
            return not wanted or (await reader.readexactly(len(wanted))) == wanted
        finally:
            writer.transport.abort()


class Prober:
    """Probes one endpoint until it is stopped."""

    def __init__(self, check: HealthCheck, endpoint: Endpoint, known_as: str, told: Callable[[], None]) -> None:
        """`told` is called whenever the endpoint's health turns."""
        self._check = check
        self._endpoint = endpoint
        self._known_as = known_as
        self._told = told
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Probe no more."""
        self._task.cancel()

    async def _run(self) -> None:
        """The first success makes a new endpoint healthy; from then on the thresholds count."""
        check, row, known = self._check, 0, False
        while True:
            passed = await check.passes(self._endpoint, self._known_as)
            row = row + 1 if passed != self._endpoint.healthy else 0
            needed = (check.healthy_after if passed else check.unhealthy_after) if known else 1
            if row >= needed:
                self._endpoint.healthy, row = passed, 0
                known = True
                _LOG.info("%s is %s", self._known_as, "healthy" if passed else "unhealthy")
                self._told()
            await asyncio.sleep(check.interval if known else min(check.interval, FIRST_INTERVAL))

"""One service from start to end: listens, answers, and on SIGTERM says so before it stops.

After SIGTERM a service goes on answering but is not ready, so that load balancers take it out; then it stops listening,
finishes the requests and the work that have begun, and ends.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from service_kit import cors, logs, tracing
from service_kit.metrics import Metrics
from service_kit.refusal import Refusal
from service_kit.settings import ServerSettings, SettingsError

_LOG = logging.getLogger("service")
# Seconds for which a connection without a request stays open: longer than Google's load balancers keep one (600 s), so
# that it is never the service that closes one on which a request is already on its way.
_KEEP_ALIVE = 620.0
# Seconds from the end of all waiting to the end of connections.
_CUT_OFF = 1.0
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

# Answers why the service is not ready, or nothing.
Check = Callable[[], Awaitable[str]]
ENDING = "the service is ending"


class Service:
    """`application` with what every service has around it; handlers and background work are a service's own."""

    def __init__(self, name: str, settings: ServerSettings, *, largest_body: int = 64 * 1024) -> None:
        """A service that refuses bodies of more than `largest_body` bytes."""
        self.name = name
        self.settings = settings
        self.metrics = Metrics()
        self.ending = asyncio.Event()
        self.checks: list[Check] = []
        # What a handler raises when something it needs is away: answered 503.
        self.away: tuple[type[Exception], ...] = ()
        self.started = time.monotonic()
        self._deadline = 0.0
        self._active = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.application = web.Application(
            middlewares=[self._observe, cors.allowing(settings.origins), self._refuse], client_max_size=largest_body
        )

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return round(time.monotonic() - self.started, 3)

    @property
    def left(self) -> float:
        """Seconds that requests and background work have to come to their end."""
        return max(0.0, self._deadline - time.monotonic())

    async def unready(self) -> str:
        """Why requests had better go elsewhere, or nothing."""
        if self.ending.is_set():
            return ENDING
        for check in self.checks:
            if reason := await check():
                return reason
        return ""

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, and then as long as the settings allow."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ending.set)
        runner = web.AppRunner(
            self.application, access_log=None, keepalive_timeout=_KEEP_ALIVE, shutdown_timeout=_CUT_OFF
        )
        metrics = web.AppRunner(self.metrics.application(), access_log=None, shutdown_timeout=_CUT_OFF)
        try:
            port = await self._listen(runner, self.settings.port)
            if self.settings.metrics_port:
                await self._listen(metrics, self.settings.metrics_port)
            _LOG.info("%s listens on port %d", self.name, port, extra={"fields": {"port": port}})
            await self.ending.wait()
            _LOG.info("%s ends: not ready any more, still answering", self.name)
            await asyncio.sleep(self.settings.shutdown_delay)
            await self._finish(runner)
        finally:
            await runner.cleanup()
            await metrics.cleanup()
        _LOG.info("%s ended", self.name)

    async def _finish(self, runner: web.AppRunner) -> None:
        """Take no new connections, and let requests under way come to their end.

        aiohttp's own cleanup stops reading at once, and with it a request whose body is still on its way.
        """
        self._deadline = time.monotonic() + self.settings.shutdown_timeout
        for site in list(runner.sites):
            await site.stop()
        try:
            async with asyncio.timeout(self.left):
                await self._idle.wait()
        except TimeoutError:
            _LOG.warning("%d requests did not end in time", self._active)

    async def _listen(self, runner: web.AppRunner, port: int) -> int:
        await runner.setup()
        await web.TCPSite(runner, self.settings.host, port, backlog=1024).start()
        return int(runner.addresses[0][1])

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Trace, count and log each request; once the service ends, each answer is its connection's last."""
        trace = tracing.of_headers(request.headers)
        token = tracing.current.set(trace)
        begun = time.perf_counter()
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        status = 500
        self._active += 1
        self._idle.clear()
        try:
            with self.metrics.active.track_inprogress():
                response = await handler(request)
            status = response.status
            if not response.prepared:
                for name, value in _HEADERS.items():
                    response.headers.setdefault(name, value)
            if self.ending.is_set():
                response.force_close()
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            self._active -= 1
            if not self._active:
                self._idle.set()
            seconds = time.perf_counter() - begun
            self.metrics.requests.labels(request.method, route, str(status)).inc()
            self.metrics.seconds.labels(request.method, route).observe(seconds)
            self._log(request, status, seconds)
            tracing.current.reset(token)

    def _log(self, request: web.Request, status: int, seconds: float) -> None:
        entry = {
            "requestMethod": request.method,
            # Without the query, which may name people.
            "requestUrl": request.path,
            "status": status,
            "latency": f"{seconds:.6f}s",
            "remoteIp": request.remote,
            "userAgent": request.headers.get("User-Agent", ""),
        }
        level = logging.ERROR if status >= 500 else logging.INFO
        _LOG.log(level, "%s %s %d", request.method, request.path, status, extra={"fields": {"httpRequest": entry}})

    @web.middleware
    async def _refuse(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refusals, aiohttp's own errors and whatever fails, as JSON."""
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()
        except web.HTTPRequestEntityTooLarge:
            return Refusal(413, "too_large", "The body is too large.").response()
        except web.HTTPException as error:
            if error.status < 400:
                raise
            allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            return Refusal(error.status, error.reason.lower().replace(" ", "_"), error.reason, headers=allow).response()
        except self.away as error:
            _LOG.error("%s %s: %s", request.method, request.path, error)  # the trace would tell nothing
            return Refusal(503, "unavailable", "What this needs is away; try again.").response()
        except Exception:  # noqa: BLE001 - the last boundary: whatever fails inside must answer like a server
            _LOG.exception("%s %s failed", request.method, request.path)
            return Refusal(500, "internal_error", "Something went wrong here; it was written down.").response()


def now() -> str:
    """The time as answers give it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main(name: str, build: Callable[[], Service]) -> int:
    """Run what `build` makes from the environment; the exit status. Settings that make no sense are said and end it."""
    try:
        service = asyncio.run(_run(name, build))
    except SettingsError as error:
        for line in str(error).splitlines():
            print(f"{name}: {line}", file=sys.stderr)
        return 64
    return 0 if service else 1


async def _run(name: str, build: Callable[[], Service]) -> bool:
    logs.configure(name, "INFO", "")
    service = build()
    logs.configure(name, service.settings.log_level, service.settings.project)
    await service.run()
    return True

"""What Prometheus is told: requests by route, how long they take, and how many are under way."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector


class Metrics:
    """The metrics of one service; `registry` takes a service's own as well."""

    def __init__(self) -> None:
        """Nothing counted yet."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = Counter(
            "http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_duration_seconds", "How long an answer took", ("method", "route"), registry=self.registry
        )
        self.active = Gauge("http_requests_active", "Requests under way", registry=self.registry)

    def application(self) -> web.Application:
        """`GET /metrics`, for a port that the public does not reach."""
        application = web.Application()
        application.router.add_get("/metrics", self._show)
        return application

    async def _show(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

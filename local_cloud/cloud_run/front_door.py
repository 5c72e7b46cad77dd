"""Where requests for services come in: at `*.run.app`, and from load balancers by a socket of their own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_cloud.cloud_run.service import Routes
from local_cloud.data_plane.edge.backend_services import SERVICE_HEADER
from local_cloud.data_plane.edge.requests import forwarding_headers
from local_cloud.data_plane.reverse_proxy.messages import Answer, Decision, Failures, Forward, Request, plain

if TYPE_CHECKING:
    from local_cloud.cloud_run.invokers import Invokers
    from local_cloud.cloud_run.revision import Revision

_LOG = logging.getLogger(__name__)

_PAGE = """
<html><head>
<meta http-equiv="content-type" content="text/html;charset=utf-8">
<title>{status} {title}</title>
</head>
<body text=#000000 bgcolor=#ffffff>
<h1>Error: {title}</h1>
<h2>{text}</h2>
<h2></h2>
</body></html>
"""


def _page(status: int, title: str, text: str) -> Answer:
    body = _PAGE.format(status=status, title=title, text=text).encode()
    return Answer(status, ((b"Content-Type", b"text/html; charset=UTF-8"),), body)


NOT_FOUND = _page(404, "Page not found", "The requested URL was not found on this server.")
FORBIDDEN = _page(403, "Forbidden", "Your client does not have permission to get the requested URL from this server.")
UNAUTHORIZED = _page(401, "Unauthorized", "Your client does not have permission to the requested URL.")
UNAVAILABLE = plain(503, "Service Unavailable")
FAILURES = Failures(
    UNAVAILABLE,
    plain(503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination"),
    plain(504, "upstream request timeout"),
)
RATE_EXCEEDED = plain(429, "Rate exceeded.")

# The separator between a tag and the rest of an address (https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags).
_TAG = "---"
_FROM_OUTSIDE = frozenset({"INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_UNSPECIFIED", ""})
_FROM_LOAD_BALANCERS = _FROM_OUTSIDE | {"INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}


@dataclass
class Served:
    """A service as the front door knows it: its resource, its routes of the moment, its revisions that run."""

    body: Mapping[str, Any]
    routes: Routes = field(default_factory=Routes)
    revisions: dict[str, Revision] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The resource name."""
        return str(self.body["name"])

    @property
    def is_open(self) -> bool:
        """Whether callers are not asked who they are."""
        return bool(self.body.get("invokerIamDisabled"))


class FrontDoor:
    """Finds the service and the revision for a request; `services` is kept by the process."""

    def __init__(self, invokers: Invokers) -> None:
        """Ask `invokers` who may."""
        self.services: dict[str, Served] = {}
        self._invokers = invokers
        self._hosts: dict[str, str] = {}

    def index(self) -> None:
        """Take the addresses of the services from their resources."""
        self._hosts = {
            str(urlsplit(url).hostname): served.name
            for served in self.services.values()
            for url in (*(served.body.get("urls") or ()), served.body.get("uri") or "")
            if url
        }

    def from_outside(self, request: Request) -> Decision | Awaitable[Decision]:
        """A request to an address of run.app."""
        tag, _, rest = request.host.rpartition(_TAG)
        served = self.services.get(self._hosts.get(rest, ""))
        if served is None or str(served.body.get("ingress", "")) not in _FROM_OUTSIDE:
            return NOT_FOUND
        if not request.secure:
            location = f"https://{request.host}{request.target.decode('latin-1')}".encode("latin-1")
            return Answer(302, ((b"Location", location),))
        return self._decide(served, tag, request, forwarding_headers(request, ""))

    def from_load_balancer(self, request: Request) -> Decision | Awaitable[Decision]:
        """A request that a load balancer sends; it has set the headers."""
        name, _, tag = request.header(SERVICE_HEADER.lower()).decode("latin-1").partition(";")
        served = self.services.get(name)
        if served is None or str(served.body.get("ingress", "")) not in _FROM_LOAD_BALANCERS:
            return NOT_FOUND
        return self._decide(served, tag, request, ())

    def _decide(
        self, served: Served, tag: str, request: Request, headers: tuple[tuple[bytes, bytes], ...]
    ) -> Decision | Awaitable[Decision]:
        chosen = served.routes.choose(tag)
        if tag and chosen is None:
            return NOT_FOUND
        headers = (*headers, (SERVICE_HEADER, b""))
        revision = served.revisions.get(chosen or "")
        if revision is None:
            return UNAVAILABLE
        if (served.is_open or self._invokers.known(served.name)) and revision.take():
            return _forward(revision, headers)
        return self._considered(served, revision, request, headers)

    async def _considered(
        self, served: Served, revision: Revision, request: Request, headers: tuple[tuple[bytes, bytes], ...]
    ) -> Decision:
        """The same when the caller has to be asked for, or has to wait for room."""
        status = 200 if served.is_open else await self._invokers.allowed(served.name, request)
        if status != 200:
            return UNAUTHORIZED if status == 401 else FORBIDDEN
        if not await revision.wait():
            return RATE_EXCEEDED if revision.instances else UNAVAILABLE
        return _forward(revision, headers)


def _forward(revision: Revision, headers: tuple[tuple[bytes, bytes], ...]) -> Forward:
    return Forward(revision.backend, FAILURES, revision.template.seconds, set_headers=headers, done=revision.leave)

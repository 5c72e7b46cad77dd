"""The edge at work: one listener a forwarding rule, one backend a backend service, both following the configuration."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from local_cloud.data_plane.edge import requests
from local_cloud.data_plane.edge.backend_services import EdgeBackend, Members, NetworkEndpoint
from local_cloud.data_plane.edge.configuration import Configuration, Rule, covers
from local_cloud.data_plane.reverse_proxy.front_end import FrontEnd
from local_cloud.data_plane.reverse_proxy.messages import Decision, Request
from local_cloud.twins import Twin, twin

if TYPE_CHECKING:
    from local_cloud.certificates import Authority

_LOG = logging.getLogger(__name__)


class Entrance:
    """One forwarding rule that listens."""

    def __init__(self, rule: Rule, edge: Edge) -> None:
        """For `rule`, which may be replaced by a newer reading of it."""
        self.rule = rule
        self._edge = edge
        self._front = FrontEnd(self._decide)

    async def open(self) -> None:
        """Listen; OSError when the twin of the address is taken."""
        where = twin(self.rule.address, self.rule.port)
        await self._front.listen(where.address, where.port, None if self.rule.certificates is None else self._tls())

    async def close(self) -> None:
        """Stop listening; exchanges under way end."""
        await self._front.close()

    def _decide(self, request: Request) -> Decision:
        return self._edge.decide(self.rule, request)

    def _tls(self) -> ssl.SSLContext:
        """A context that shows the certificate for the name a client asks for, whatever it is at that moment."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        if self.rule.least_tls == "1.3":
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        certificates = self.rule.certificates or ()
        fitting = [pattern for pattern in certificates if name and covers(pattern, name.lower())]
        if not fitting and not (self.rule.strict and name):
            fitting = list(certificates[:1])
        if not fitting:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._edge.authority.context(fitting[0])
        return None


class Edge:
    """All global load balancers."""

    def __init__(self, authority: Authority, cloud_run: Path, told: Callable[[], None]) -> None:
        """Show leaves of `authority`; serverless backends are behind the socket `cloud_run`; `told` is called whenever
        the health of an endpoint turns."""
        self.authority = authority
        self._cloud_run = cloud_run
        self._told = told
        self._configuration = Configuration((), {}, {})
        self._entrances: dict[Twin, Entrance] = {}
        self._backends: dict[str, EdgeBackend] = {}
        self.refused: dict[str, str] = {}

    @property
    def listening(self) -> Mapping[Twin, Entrance]:
        """The entrances by where they listen."""
        return self._entrances

    def decide(self, rule: Rule, request: Request) -> Decision:
        """What happens to a request that came in by `rule`."""
        url_map = self._configuration.url_maps.get(rule.url_map)
        if url_map is None:
            return requests.NOT_FOUND
        return requests.decide(rule, url_map, self._backends, request)

    async def update(self, configuration: Configuration, members: Members) -> None:
        """Agree with `configuration` and with the endpoints of the moment."""
        self._configuration = configuration
        self._update_backends(configuration, members)
        await self._update_entrances(configuration)

    def healths(self) -> Mapping[str, Mapping[NetworkEndpoint, bool]]:
        """The link of each backend service with zonal groups → its endpoints and whether each is healthy."""
        return {
            found.service.link: found.healths()
            for found in self._backends.values()
            if found.service is not None and found.serverless is None
        }

    async def close(self) -> None:
        """Stop everything."""
        for entrance in self._entrances.values():
            await entrance.close()
        for backend in self._backends.values():
            backend.close()
        self._entrances.clear()
        self._backends.clear()

    def _update_backends(self, configuration: Configuration, members: Members) -> None:
        for name in [name for name in self._backends if name not in configuration.services]:
            self._backends.pop(name).close()
        for name, service in configuration.services.items():
            if name not in self._backends:
                self._backends[name] = EdgeBackend(name, self._told)
            self._backends[name].update(service, members, self._cloud_run)

    async def _update_entrances(self, configuration: Configuration) -> None:
        wanted = {twin(rule.address, rule.port): rule for rule in configuration.rules}
        for where in list(self._entrances):
            rule, found = wanted.get(where), self._entrances[where]
            if rule is None or _speaks(rule) != _speaks(found.rule):
                await self._entrances.pop(where).close()
            else:
                found.rule = rule
        refused = {}
        for where, rule in wanted.items():
            if where in self._entrances:
                continue
            entrance = Entrance(rule, self)
            try:
                await entrance.open()
            except OSError as error:
                refused[rule.name] = str(error)
                if rule.name not in self.refused:
                    _LOG.error("%s cannot listen at %s:%d: %s", rule.name, *where, error)
            else:
                self._entrances[where] = entrance
        self.refused = refused


def _speaks(rule: Rule) -> tuple[bool, str]:
    """What a listener cannot change while it listens."""
    return rule.certificates is None, rule.least_tls

"""The load balancers of the cloud, read from the resources of the emulator into what the edge needs to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Body = Mapping[str, Any]

# What the API fills in where nothing is said.
DEFAULT_TIMEOUT = 30
_MANAGED = "EXTERNAL_MANAGED"


class Resource(NamedTuple):
    """One resource of the emulator, as the admin API lists it."""

    service: str
    name: str
    collection: str
    body: Body


def relative(link: str) -> str:
    """`projects/p/global/urlMaps/m` for a self link or a full resource name; empty for nothing."""
    _, mark, rest = link.partition("projects/")
    return mark + rest


@dataclass(frozen=True)
class Rule:
    """A forwarding rule: the address and port clients connect to.

    `certificates` are the names that TLS is spoken for (None: plain HTTP), the first is shown to clients that name
    none; `strict`: a name that is not among them is refused. `least_tls` is `1.2` or `1.3`.
    """

    name: str
    address: str
    port: int
    url_map: str
    managed: bool
    certificates: tuple[str, ...] | None = None
    strict: bool = False
    least_tls: str = "1.2"


@dataclass(frozen=True)
class Group:
    """A network endpoint group behind a backend service."""

    name: str
    kind: str
    body: Body


@dataclass(frozen=True)
class Service:
    """A backend service: its groups that take traffic and its health check (None: endpoints count as healthy)."""

    name: str
    link: str
    groups: tuple[Group, ...]
    health_check: Body | None
    seconds: float
    draining_seconds: float
    request_headers: tuple[str, ...]
    response_headers: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """All load balancers, by relative names."""

    rules: tuple[Rule, ...]
    url_maps: Mapping[str, Body]
    services: Mapping[str, Service]


class Reading:
    """Turns a set of resources into a configuration."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Index `resources`, of whatever services they are."""
        self._by_name: dict[tuple[str, str], Resource] = {}
        self._by_collection: dict[str, list[Resource]] = {}
        for resource in resources:
            self._by_name[resource.service, resource.name] = resource
            self._by_collection.setdefault(f"{resource.service}:{resource.collection}", []).append(resource)

    def configuration(self) -> Configuration:
        """The load balancers."""
        rules = [rule for found in self.of("compute:globalForwardingRules") if (rule := self._rule(found))]
        maps = {found.name: found.body for found in self.of("compute:urlMaps")}
        services = {found.name: self._service(found) for found in self.of("compute:backendServices")}
        return Configuration(tuple(rules), maps, services)

    def of(self, kind: str) -> list[Resource]:
        """Resources of a `service:collection`."""
        return self._by_collection.get(kind, [])

    def _find(self, service: str, link: str) -> Body:
        found = self._by_name.get((service, relative(link)))
        return found.body if found else {}

    def _rule(self, found: Resource) -> Rule | None:
        body = found.body
        proxy = self._find("compute", body.get("target", ""))
        port = str(body.get("portRange", "")).partition("-")[0]
        if not proxy or not port.isdigit() or not body.get("IPAddress"):
            return None
        secure = "targetHttpsProxies" in body["target"]
        certificates = self._certificates(proxy) if secure else None
        policy = self._find("compute", proxy.get("sslPolicy", ""))
        return Rule(
            name=found.name,
            address=str(body["IPAddress"]),
            port=int(port),
            url_map=relative(proxy.get("urlMap", "")),
            managed=body.get("loadBalancingScheme") == _MANAGED,
            certificates=certificates,
            strict=bool(proxy.get("certificateMap")),
            least_tls="1.3" if policy.get("minTlsVersion") == "TLS_1_3" else "1.2",
        )

    # Certificates

    def _certificates(self, proxy: Body) -> tuple[str, ...]:
        """The names the proxy has usable certificates for. A certificate map wins over certificates of Compute."""
        names: list[str] = []
        above = relative(proxy.get("certificateMap", ""))
        if above:
            for entry in self.of("certificatemanager:projects.locations.certificateMaps.certificateMapEntries"):
                if entry.name.startswith(f"{above}/"):
                    names += self._entry_names(entry.body)
            return tuple(dict.fromkeys(names))
        for link in proxy.get("sslCertificates") or []:
            body = self._find("compute", link)
            names += (body.get("managed") or {}).get("domains") or body.get("subjectAlternativeNames") or []
        return tuple(dict.fromkeys(names))

    def _entry_names(self, entry: Body) -> list[str]:
        """What a map entry answers for: its host name where a usable certificate of it covers that."""
        covered: list[str] = []
        for link in entry.get("certificates") or []:
            covered += self._covered(self._find("certificatemanager", link))
        if entry.get("matcher") == "PRIMARY":
            return covered
        host = str(entry.get("hostname", ""))
        return [host] if any(covers(name, host) for name in covered) else []

    def _covered(self, certificate: Body) -> list[str]:
        """The names of a certificate; a managed one counts once its DNS authorizations are answered."""
        managed = certificate.get("managed")
        if not managed:
            return list(certificate.get("sanDnsnames") or [])
        domains = list(managed.get("domains") or [])
        allowed = {
            found.get("domain")
            for name in managed.get("dnsAuthorizations") or []
            if (found := self._find("certificatemanager", name)) and self._answered(found)
        }
        return domains if all(domain.removeprefix("*.") in allowed for domain in domains) else []

    def _answered(self, authorization: Body) -> bool:
        wanted = authorization.get("dnsResourceRecord") or {}
        return any(
            record.body.get("name") == wanted.get("name") and wanted.get("data") in (record.body.get("rrdatas") or [])
            for record in self.of("dns:resourceRecordSets")
        )

    # Backends

    def _service(self, found: Resource) -> Service:
        body = found.body
        groups = []
        for backend in body.get("backends") or []:
            name = relative(backend.get("group", ""))
            group = self._by_name.get(("compute", name))
            if group is not None and float(backend.get("capacityScaler", 1.0)) > 0:
                groups.append(Group(name, str(group.body.get("networkEndpointType", "")), group.body))
        checks = body.get("healthChecks") or []
        return Service(
            name=found.name,
            link=str(body.get("selfLink", "")),
            groups=tuple(groups),
            health_check=self._find("compute", checks[0]) if checks else None,
            seconds=float(body.get("timeoutSec") or DEFAULT_TIMEOUT),
            draining_seconds=float((body.get("connectionDraining") or {}).get("drainingTimeoutSec", 0)),
            request_headers=tuple(body.get("customRequestHeaders") or ()),
            response_headers=tuple(body.get("customResponseHeaders") or ()),
        )


def covers(pattern: str, host: str) -> bool:
    """Whether a certificate for `pattern` is one for `host`: `*` stands for one label (RFC 6125)."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:] or host == pattern
    return pattern == host

"""Looks names up in Cloud DNS record sets and among the services of clusters; pure functions of resources."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# A chain of aliases longer than this is a loop.
LONGEST_CHAIN = 8
CLUSTER_DOMAIN = "cluster.local"

Body = Mapping[str, Any]


class Records:
    """Record sets by name and type."""

    def __init__(self, bodies: Iterable[Body]) -> None:
        """Index resourceRecordSets, of public and private zones alike."""
        self._found: dict[str, dict[str, Sequence[str]]] = {}
        for body in bodies:
            name = str(body.get("name", "")).rstrip(".").lower()
            self._found.setdefault(name, {})[str(body.get("type", ""))] = _data(body)

    def of(self, name: str, kind: str) -> Sequence[str]:
        """The data of one record set: of the name itself, else of the closest `*.` above it."""
        own = self._found.get(name)
        above = name
        while own is None and "." in above:
            above = above.partition(".")[2]
            if above in self._found and f"*.{above}" not in self._found:
                return ()
            own = self._found.get(f"*.{above}")
        return (own or {}).get(kind, ())

    def addresses(self, name: str) -> Sequence[str]:
        """The IPv4 addresses of a name, its aliases followed; empty when it has none."""
        asked = name.rstrip(".").lower()
        for _ in range(LONGEST_CHAIN):
            found = self.of(asked, "A")
            if found:
                return found
            alias = self.of(asked, "CNAME")
            if not alias:
                return ()
            asked = alias[0].rstrip(".").lower()
        return ()

    def address(self, name: str) -> str | None:
        """One of the addresses, any; None when there is none."""
        found = self.addresses(name)
        return random.choice(found) if found else None  # noqa: S311 - no secret depends on it


def _data(body: Body) -> Sequence[str]:
    """A record set's data; with a routing policy, those of all its items."""
    if body.get("rrdatas"):
        return tuple(body["rrdatas"])
    policy = body.get("routingPolicy") or {}
    items = [item for kind in ("wrr", "geo") for item in (policy.get(kind) or {}).get("items") or []]
    return tuple(data for item in items for data in item.get("rrdatas") or [])


def service_names(services: Iterable[Body], slices: Mapping[tuple[str, str], Sequence[Body]]) -> dict[str, list[str]]:
    """`SERVICE.NAMESPACE` (and `HOST.SERVICE.NAMESPACE` for pods of headless ones) → addresses of the cloud."""
    found: dict[str, list[str]] = {}
    for service in services:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        address = service["spec"].get("clusterIP") or ""
        if address and address != "None":
            found[f"{name}.{namespace}"] = [address]
        elif address == "None":
            for host, addresses in _pods(slices.get((namespace, name), ())):
                found.setdefault(f"{name}.{namespace}", []).extend(addresses)
                if host:
                    found[f"{host}.{name}.{namespace}"] = list(addresses)
    return found


def _pods(slices: Sequence[Body]) -> Iterable[tuple[str, Sequence[str]]]:
    """(host name or empty, addresses) of the ready endpoints."""
    for one in slices:
        for endpoint in one.get("endpoints") or []:
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                yield str(endpoint.get("hostname") or ""), endpoint.get("addresses") or []


def short_name(host: str) -> str:
    """`a.crm` for each of `a.crm`, `a.crm.svc` and `a.crm.svc.cluster.local`."""
    return host.removesuffix(f".{CLUSTER_DOMAIN}").removesuffix(".svc")

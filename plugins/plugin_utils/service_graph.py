"""What follows from which service needs which: the order of rollouts, and who may reach whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The namespace of the cluster's own name server, and what stands for the world in a reachability matrix.
INTERNET, EDGE, GOOGLE, MONGODB = "internet", "edge", "google", "mongodb"


class CyclicNeeds(ValueError):
    """Services that need each other have no order; `members` are those on or behind a circle, sorted."""

    def __init__(self, members: list[str]) -> None:
        super().__init__(f"these need each other in a circle: {', '.join(members)}")
        self.members = members


def waves(catalog: Mapping[str, Mapping[str, Any]], chosen: list[str] | None = None) -> list[list[str]]:
    """Names in waves: what a service needs is in an earlier wave than itself.

    `chosen` leaves out the others but keeps their order. A need that the catalogue does not have is passed over.
    Raises CyclicNeeds.
    """
    left = {name: {need for need in catalog[name].get("needs", ()) if need in catalog} for name in catalog}
    ordered: list[list[str]] = []
    while left:
        ready = sorted(name for name, needs in left.items() if not needs & left.keys())
        if not ready:
            raise CyclicNeeds(sorted(left))
        ordered.append(ready)
        for name in ready:
            del left[name]
    wanted = set(catalog if chosen is None else chosen)
    return [kept for wave in ordered if (kept := [name for name in wave if name in wanted])]


def callers(catalog: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """The services that need `name`, sorted."""
    return sorted(other for other, service in catalog.items() if name in service.get("needs", ()))


def reachability(catalog: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Who may open a connection to whom, as the network policies that are rendered from the same data allow it.

    `{sources: […], targets: […], allowed: {source: [target, …]}}`; sources are the internet, the edge and the services,
    targets the services, Google's APIs and MongoDB.
    """
    names = sorted(catalog)
    allowed: dict[str, list[str]] = {
        INTERNET: [EDGE, *(name for name in names if catalog[name].get("exposure") == "external")],
        EDGE: [name for name in names if catalog[name].get("paths")],
    }
    for name in names:
        service = catalog[name]
        egress = service.get("egress", ())
        outside = [target for target in (GOOGLE, MONGODB) if target in egress]
        allowed[name] = [*sorted(need for need in service.get("needs", ()) if need in catalog), *outside]
    return {"sources": [INTERNET, EDGE, *names], "targets": [EDGE, *names, GOOGLE, MONGODB], "allowed": allowed}

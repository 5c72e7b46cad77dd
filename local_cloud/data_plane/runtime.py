"""The data plane as the daemon sees it: one child process, and who is where for clients of the forward proxy."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from local_cloud.children import Child
from local_cloud.data_plane.clusters.facts import CLUSTER_KEY
from local_cloud.data_plane.names.records import Records, short_name
from local_cloud.data_plane.places import LOG, NAME, PUBLISHED, SERVICES
from local_cloud.twins import Twin, twin

if TYPE_CHECKING:
    from local_cloud.emulator.store import Stored
    from local_cloud.runtimes import Surroundings

_CLUSTERS = "projects.locations.clusters"
# What has an address of its own in Compute: collection → field.
_ADDRESSED = {
    "addresses": "address",
    "globalAddresses": "address",
    "forwardingRules": "IPAddress",
    "globalForwardingRules": "IPAddress",
}


class DataPlaneRuntime:
    """Keeps the process while there is something to serve, and knows names and addresses."""

    name = NAME
    services = SERVICES
    runs: frozenset[str] = frozenset()

    def __init__(self, surroundings: Surroundings) -> None:
        """Nothing runs yet."""
        self._surroundings = surroundings
        self._records = Records([])
        self._addresses: frozenset[str] = frozenset()
        self._networks: tuple[IPv4Network, ...] = ()
        self._control_planes: frozenset[str] = frozenset()
        self._published: dict[str, Any] = {}
        self._read_at = 0

    async def start(self) -> None:
        """Wait for `changed`."""

    async def changed(self) -> None:
        """Run the process while there is a cluster or a load balancer; take names and ranges from the resources."""
        resources = self._surroundings.resources
        compute, clusters = resources.listed("compute"), resources.listed("container", _CLUSTERS)
        self._records = Records(found.body for found in resources.listed("dns", "resourceRecordSets"))
        self._addresses = frozenset(
            str(found.body.get(_ADDRESSED[found.collection])) for found in compute if found.collection in _ADDRESSED
        )
        subnetworks = [found.body for found in compute if found.collection == "subnetworks"]
        self._networks = tuple(_networks([*subnetworks, *(found.body for found in clusters)]))
        self._control_planes = frozenset(
            str(address)
            for found in clusters
            for address in (found.body.get("privateClusterConfig") or {}).values()
            if isinstance(address, str)
        )
        needed = bool(clusters) or any(_wants_process(found) for found in compute)
        running = self._surroundings.children.find(NAME) is not None
        if needed and not running:
            self._surroundings.children.supervise(self._child())
        elif running and not needed:
            await self.stop()

    async def stop(self) -> None:
        """End the process."""
        await self._surroundings.children.dismiss(NAME)

    async def clear(self) -> None:
        """End the process and forget what it told."""
        await self.stop()
        (self._surroundings.state.root / PUBLISHED).unlink(missing_ok=True)

    def upstream(self, host: str, port: int) -> Twin | None:
        """Where an address of the cloud, a service of a cluster or a name in Cloud DNS listens."""
        try:
            address: str | None = str(IPv4Address(host))
        except AddressValueError:
            return self._named(host, port)
        return twin(host, port) if self._known(IPv4Address(address)) else None

    def listed(self) -> list[dict[str, Any]]:
        """The process, and what it says it serves."""
        child = self._surroundings.children.find(NAME)
        if child is None:
            return []
        said = {name: value for name, value in self._told().items() if name != "names"}
        return [{"name": NAME, "state": "running" if child.pid else "down", "pid": child.pid, **said}]

    def _named(self, host: str, port: int) -> Twin | None:
        found = self._told().get("names", {}).get(short_name(host)) if "." in host else None
        address = found[0] if found else self._records.address(host)
        if address is None or not self._known(IPv4Address(address)):
            return None
        return twin(address, port)

    def _known(self, address: IPv4Address) -> bool:
        """Whether it is an address of the cloud; those of control planes are another runtime's."""
        if str(address) in self._control_planes:
            return False
        return str(address) in self._addresses or any(address in network for network in self._networks)

    def _told(self) -> dict[str, Any]:
        """What the process published last."""
        path = self._surroundings.state.root / PUBLISHED
        with suppress(FileNotFoundError):
            changed_at = path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._published, self._read_at = json.loads(path.read_text()), changed_at
            return self._published
        return {}

    def _child(self) -> Child:
        state = self._surroundings.state
        command = [sys.executable, "-m", "local_cloud.data_plane", "--state", str(state.root)]
        return Child(NAME, command, state.root / LOG, os.environ)


def _wants_process(found: Stored) -> bool:
    """Whether somebody has to serve a resource of Compute, or to take it away after its cluster."""
    return found.collection == "globalForwardingRules" or CLUSTER_KEY in str(found.body.get("description", ""))


def _networks(bodies: Iterable[dict[str, Any]]) -> Iterable[IPv4Network]:
    """The ranges of subnetworks and clusters."""
    for body in bodies:
        policy = body.get("ipAllocationPolicy") or {}
        texts = [
            body.get("ipCidrRange"),
            *(entry.get("ipCidrRange") for entry in body.get("secondaryIpRanges") or []),
            body.get("clusterIpv4Cidr"),
            body.get("servicesIpv4Cidr"),
            policy.get("clusterIpv4CidrBlock"),
            policy.get("servicesIpv4CidrBlock"),
        ]
        for text in texts:
            with suppress(ValueError):
                if text:
                    yield IPv4Network(text)


RUNTIME = DataPlaneRuntime

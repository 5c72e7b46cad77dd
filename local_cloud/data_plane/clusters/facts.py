"""What a cluster's resource says that its load balancers need: project, region, zones, network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

_ZONE = re.compile(r"-[a-z]$")
# What a load balancer's resources say of whose they are, in their descriptions, as GKE's do.
SERVICE_KEY = "kubernetes.io/service-name"
CLUSTER_KEY = "kubernetes.io/cluster"


@dataclass(frozen=True)
class ClusterFacts:
    """`name` is `projects/P/locations/L/clusters/C`; `network` and `subnetwork` are relative names; `services` is
    the range of service addresses, empty while it is not known."""

    name: str
    network: str
    subnetwork: str
    zones: tuple[str, ...]
    services: str

    @classmethod
    def of(cls, name: str, body: Mapping[str, Any]) -> ClusterFacts:
        """Read a cluster's resource."""
        project, location = name.split("/")[1], name.split("/")[3]
        region = _ZONE.sub("", location)
        settings = body.get("networkConfig") or {}
        network = str(settings.get("network") or body.get("network") or "default")
        subnetwork = str(settings.get("subnetwork") or body.get("subnetwork") or "default")
        return cls(
            name,
            network if "/" in network else f"projects/{project}/global/networks/{network}",
            subnetwork if "/" in subnetwork else f"projects/{project}/regions/{region}/subnetworks/{subnetwork}",
            tuple(body.get("locations") or (location,)),
            str(body.get("servicesIpv4Cidr") or ""),
        )

    @property
    def project(self) -> str:
        """The project's id."""
        return self.name.split("/")[1]

    @property
    def names_address(self) -> str:
        """The address of the name server: the tenth of the services' range, as on GKE; empty without a range."""
        return str(IPv4Network(self.services)[10]) if self.services else ""

    @property
    def region(self) -> str:
        """The region it is in."""
        return _ZONE.sub("", self.name.split("/")[3])

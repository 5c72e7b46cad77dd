"""What a control plane is made from: the facts of a cluster that its processes need."""

from __future__ import annotations

from dataclasses import dataclass

# The part of a cluster's name that its tokens' issuer starts with, as on Google's own clusters.
ISSUER_HOST = "https://container.googleapis.com/v1"


@dataclass(frozen=True)
class ClusterDescription:
    """One cluster as its control plane sees it.

    `name` is the resource name. `public_address` and `private_address` are what the API shows as endpoints,
    `dns_endpoint` the name beside them. `pods` and `services` are CIDR ranges, `node_mask` the prefix length of one
    node's part of `pods`. `metrics_address` is where the node agent serves the metrics API.
    """

    name: str
    public_address: str
    private_address: str
    metrics_address: str
    dns_endpoint: str
    pods: str
    services: str
    node_mask: int = 24

    @property
    def project(self) -> str:
        """The project's id."""
        return self.name.split("/")[1]

    @property
    def issuer(self) -> str:
        """`iss` of service account tokens."""
        return f"{ISSUER_HOST}/{self.name}"

    @property
    def workload_pool(self) -> str:
        """The workload identity pool of the project's clusters."""
        return f"{self.project}.svc.id.goog"

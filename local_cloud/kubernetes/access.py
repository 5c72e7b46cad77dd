"""How a process of the local cloud reaches a cluster's API: address, authority, and a client certificate of its own.

    access = ClusterAccess.of(state_root, "projects/p/locations/europe-west1/clusters/crm")
    access.api_url                      "https://127.16.0.2:41035"
    access.ca_file                      what the API server's certificate is verified with
    access.certificate(Identity.AGENT)  client certificate and key files of that identity
    access.kubeconfig(Identity.ADMIN)   the same as a kubeconfig file for kubectl and client libraries

Everything of a cluster is in `<state>/kubernetes/<project>_<location>_<cluster>/`:

    cluster.json     `cluster` (resource name) and the addresses and ports below; written before anything is started
    ca.crt, ca.key   the cluster's authority: servers, client certificates, kubelets
    IDENTITY.crt/.key/.kubeconfig   one set for each `Identity`
    kubelet.crt/.key server certificate for the kubelets' API (the API server does not look at its names)
    metrics.crt/.key server certificate for `metrics-server.kube-system.svc`
    service-account.key/.pub        what signs and verifies service account tokens
    etcd/, logs/     data of etcd; one log per process

The API server shows kubelets and the metrics API a client certificate of this authority with the common name
`kube-apiserver-kubelet-client`, and aggregated APIs one of `front-proxy-ca.crt` with the name `front-proxy-client`.
Kubelets are asked at NODE_ADDRESS:10250, the metrics API at `metrics_address`; both through the local cloud's egress,
which connects to the twin of the address (local_cloud/twins.py).
Key files have mode 0600. Readiness is `GET /readyz`; the files are there before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = "kubernetes"


class Identity(StrEnum):
    """Who asks the API by certificate; every identity has just the rights of its work (control_plane/rights.py)."""

    ADMIN = "admin"
    AGENT = "agent"
    DATA_PLANE = "data-plane"
    CONTROLLER_MANAGER = "controller-manager"
    SCHEDULER = "scheduler"


class Certificate(NamedTuple):
    """Paths of a PEM certificate and of its private key."""

    certificate: Path
    key: Path


class Address(NamedTuple):
    """An address of the cloud (10.…, 172.…) and a port; what serves there listens on its twin."""

    address: str
    port: int


class NoSuchClusterError(LookupError):
    """The cluster has no directory: it was never started here, or is deleted."""


@dataclass(frozen=True)
class ClusterAccess:
    """The files of one cluster; made by the control plane, read by everybody else."""

    directory: Path

    @classmethod
    def of(cls, state: Path, cluster: str) -> ClusterAccess:
        """The access to `cluster` (`projects/P/locations/L/clusters/NAME`) of the local cloud in `state`."""
        return cls(state / DIRECTORY / directory_name(cluster))

    @classmethod
    def all(cls, state: Path) -> Iterator[ClusterAccess]:
        """Every cluster that has been started and is not deleted."""
        for path in sorted((state / DIRECTORY).glob("*/cluster.json")):
            yield cls(path.parent)

    @property
    def cluster(self) -> str:
        """The cluster's resource name; NoSuchClusterError when it has no directory."""
        return str(self._facts()["cluster"])

    @property
    def api_address(self) -> Address:
        """The control plane's address inside the VPC, as `kubernetes.default` has it for an endpoint."""
        return Address(*self._facts()["api"])

    @property
    def api_url(self) -> str:
        """Where a process on this machine asks the API."""
        return str(self._facts()["api_url"])

    @property
    def etcd_port(self) -> int:
        """Where etcd listens on 127.0.0.1; it asks for a client certificate, `pair("etcd")`."""
        return int(self._facts()["etcd_port"])

    @property
    def metrics_address(self) -> Address:
        """Where the node agent serves `metrics.k8s.io`; it listens on the twin."""
        return Address(*self._facts()["metrics"])

    @property
    def ca_file(self) -> Path:
        """The cluster's authority (PEM)."""
        return self.directory / "ca.crt"

    @property
    def front_proxy_ca_file(self) -> Path:
        """The authority of the client certificate that aggregated APIs are shown (PEM)."""
        return self.directory / "front-proxy-ca.crt"

    def certificate(self, identity: Identity) -> Certificate:
        """The client certificate of `identity`."""
        return self.pair(identity)

    @property
    def kubelet_certificate(self) -> Certificate:
        """What the kubelets' API on port 10250 shows."""
        return self.pair("kubelet")

    @property
    def metrics_certificate(self) -> Certificate:
        """What the metrics API shows."""
        return self.pair("metrics")

    def kubeconfig(self, identity: Identity) -> Path:
        """The kubeconfig file of `identity`."""
        return self.directory / f"{identity}.kubeconfig"

    def pair(self, name: str) -> Certificate:
        """The files of a certificate by its name in this directory."""
        return Certificate(self.directory / f"{name}.crt", self.directory / f"{name}.key")

    def log(self, process: str) -> Path:
        """What a process of this cluster has to say."""
        return self.directory / "logs" / f"{process}.log"

    def _facts(self) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads((self.directory / "cluster.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NoSuchClusterError(f"no cluster in {self.directory}") from error
        return facts


def directory_name(cluster: str) -> str:
    """`projects/p/locations/l/clusters/c` → `p_l_c`; ValueError for another kind of name."""
    parts = cluster.split("/")
    if len(parts) != 6 or parts[::2] != ["projects", "locations", "clusters"]:
        raise ValueError(f"{cluster!r} is not projects/P/locations/L/clusters/NAME")
    return "_".join(parts[1::2])

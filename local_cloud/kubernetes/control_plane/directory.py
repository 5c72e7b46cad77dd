"""A cluster's directory: made before its processes start, complete whenever they run, gone after its deletion."""

from __future__ import annotations

import json
import shutil
import socket
from typing import TYPE_CHECKING

from local_cloud.kubernetes.access import ClusterAccess, NoSuchClusterError
from local_cloud.kubernetes.control_plane.certificates import LOOPBACK, write_certificates
from local_cloud.kubernetes.control_plane.configuration import write_configuration
from local_cloud.state import write_private
from local_cloud.twins import twin_address

if TYPE_CHECKING:
    from local_cloud.certificates import Authority
    from local_cloud.kubernetes.control_plane.configuration import Doors
    from local_cloud.kubernetes.control_plane.description import ClusterDescription


def prepare(access: ClusterAccess, cluster: ClusterDescription, authority: Authority, doors: Doors) -> None:
    """Write everything that the processes of `cluster` read; what was made before and still holds is kept."""
    (access.directory / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_facts(access, cluster)
    write_certificates(access, cluster)
    pair = access.pair("dns-endpoint")
    if not (pair.certificate.exists() and pair.key.exists()):
        certificate, key = authority.leaf(cluster.dns_endpoint)
        write_private(pair.key, key)
        write_private(pair.certificate, certificate)
    write_configuration(access, doors)


def remove(access: ClusterAccess) -> None:
    """Forget the cluster."""
    # First what says that it exists, so that nobody comes while the rest goes.
    (access.directory / "cluster.json").unlink(missing_ok=True)
    shutil.rmtree(access.directory, ignore_errors=True)


def free_port(address: str, wanted: int = 0) -> int:
    """`wanted` when nobody listens there on `address`, else a port that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, wanted))
        except OSError:
            probe.bind((address, 0))
        port: int = probe.getsockname()[1]
    return port


def _write_facts(access: ClusterAccess, cluster: ClusterDescription) -> None:
    """Ports are those of last time where they are still free: kubeconfigs that were handed out stay good."""
    try:
        api, metrics, etcd = access.api_address.port, access.metrics_address.port, access.etcd_port
    except NoSuchClusterError:
        api = metrics = etcd = 0
    host = twin_address(cluster.private_address)
    api = free_port(host, api)
    facts = {
        "cluster": cluster.name,
        "api": [cluster.private_address, api],
        "api_url": f"https://{host}:{api}",
        "etcd_port": free_port(LOOPBACK, etcd),
        "metrics": [cluster.metrics_address, free_port(twin_address(cluster.metrics_address), metrics)],
    }
    write_private(access.directory / "cluster.json", json.dumps(facts, indent=1).encode())

"""The variables and files by which clients in a container reach the local cloud; what an image sets itself wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cloud.containers.specification import Mount
from local_cloud.hosts import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_cloud.state import StateDirectory

DIRECTORY = "/etc/presidential-digs"
# Reached directly: this machine, addresses of the cloud (rewritten to their twins) and names inside a cluster.
NO_PROXY = "localhost,127.0.0.1,127.0.0.0/8,::1,10.0.0.0/8,169.254.169.254,metadata.google.internal,.local,.internal"


@dataclass(frozen=True)
class CloudAccess:
    """`variables` for `ContainerSpecification.defaults`, and the `mounts` that they point to."""

    variables: Mapping[str, str]
    mounts: tuple[Mount, ...]


def cloud_access(state: StateDirectory) -> CloudAccess:
    """How containers reach the local cloud in `state`; FileNotFoundError before its first start.

    The proxy is for HTTPS only: names inside a cluster are asked for by plain HTTP and know no proxy.
    """
    proxy = f"http://{LOOPBACK}:{state.port_file.read_text().strip()}"
    bundle, authority = f"{DIRECTORY}/ca-bundle.pem", f"{DIRECTORY}/ca.pem"
    variables = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), bundle)
    variables |= {"HTTPLIB2_CA_CERTS": bundle, "NODE_EXTRA_CA_CERTS": authority}
    variables |= {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": bundle, "NODE_USE_ENV_PROXY": "1"}
    for name, value in (("HTTPS_PROXY", proxy), ("NO_PROXY", NO_PROXY)):
        variables |= {name: value, name.lower(): value}
    # The state directory's own files are its owner's; certificates are for whomever a container runs as.
    mounts = (_readable(state, state.ca_bundle, bundle), _readable(state, state.ca_certificate, authority))
    return CloudAccess(variables, mounts)


def _readable(state: StateDirectory, source: Path, target: str) -> Mount:
    """A copy of a public file that everybody may read, shown at `target`."""
    directory = state.root / "containers" / "trust"
    directory.mkdir(parents=True, exist_ok=True)
    copy = directory / source.name
    content = source.read_bytes()
    if not copy.exists() or copy.read_bytes() != content:
        copy.write_bytes(content)
        copy.chmod(0o644)
    return Mount(copy, target, read_only=True)

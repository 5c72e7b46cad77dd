"""`kubeconfig`: what lets kubectl and Kubernetes' client libraries reach a cluster with the caller's Google token."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud.admin_client import AdminClient
from local_cloud.emulator.paths import get_path
from local_cloud.emulator.profiles.clusters.names import CLUSTERS
from local_cloud.hosts import LOOPBACK
from local_cloud.identity.accounts import OWNER
from local_cloud.kubernetes.control_plane.configuration import kubeconfig_of

if TYPE_CHECKING:
    import argparse

    from local_cloud.state import StateDirectory

_PACKAGE_PARENT = Path(__file__).resolve().parent.parent


def add(commands: Any) -> None:
    """Add the verb."""
    command = commands.add_parser(
        "kubeconfig", help="print a kubeconfig for a cluster; kubectl asks here for its token"
    )
    command.add_argument("cluster", nargs="?", help="name, or projects/P/locations/L/clusters/NAME; needless for one")
    command.add_argument("--as", dest="member", default=OWNER.member, help="whose token it uses (default %(default)s)")
    command.add_argument("--endpoint", choices=["ip", "dns"], default="ip", help="address (default) or name")
    command.set_defaults(command=_kubeconfig)


def _kubeconfig(state: StateDirectory, given: argparse.Namespace) -> int:
    client = AdminClient(state.admin_socket)
    found = [one for one in client.get("/resources?service=container")["resources"] if one["collection"] == CLUSTERS]
    cluster = _chosen(found, given.cluster)
    proxy = f"http://{LOOPBACK}:{client.get('/status')['port']}"
    content = kubeconfig_of(
        _server(cluster, given.endpoint, state) | {"proxy-url": proxy}, _user(state, given), _title(cluster)
    )
    print(json.dumps(content, indent=2))
    return 0


def _chosen(found: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    """The cluster of that name; ValueError names what there is."""
    named = [one for one in found if wanted in (None, one["name"], one["body"]["name"])]
    if len(named) == 1:
        return named[0]
    there = ", ".join(one["name"] for one in found) or "none"
    what = f"{wanted!r} names {len(named)} clusters" if wanted else "name one cluster"
    raise ValueError(f"kubeconfig: {what}; there are: {there}")


def _server(cluster: dict[str, Any], endpoint: str, state: StateDirectory) -> dict[str, Any]:
    body = cluster["body"]
    authority = get_path(body, "masterAuth.clusterCaCertificate")
    if not authority:
        raise ValueError(f"kubeconfig: {cluster['name']} is {body.get('status')}: {body.get('statusMessage', '')}")
    if endpoint == "dns":
        name = get_path(body, "controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint")
        return {"server": f"https://{name}", "certificate-authority": str(state.ca_certificate)}
    return {"server": f"https://{body['endpoint']}", "certificate-authority-data": authority}


def _user(state: StateDirectory, given: argparse.Namespace) -> dict[str, Any]:
    """kubectl runs the plugin for a token, and again when that has expired."""
    arguments = ["-m", "local_cloud", "--state", str(state.root), "token", given.member, "--exec-credential"]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": arguments,
            "env": [{"name": "PYTHONPATH", "value": str(_PACKAGE_PARENT)}],
            "interactiveMode": "Never",
        }
    }


def _title(cluster: dict[str, Any]) -> str:
    """What gcloud calls the context."""
    parts = cluster["name"].split("/")
    return f"gke_{parts[1]}_{parts[3]}_{parts[5]}"


def exec_credential(token: str, expires: str) -> str:
    """A token as credential plugins print it (client.authentication.k8s.io/v1); `expires` is in ISO 8601."""
    status = {"token": token, "expirationTimestamp": expires.replace("+00:00", "Z")}
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})

"""The files that configure the processes of a control plane: kubeconfigs, who authenticates, who authorises."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.control_plane.callers import GROUP
from local_cloud.kubernetes.control_plane.certificates import LOOPBACK
from local_cloud.state import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.kubernetes.access import Certificate, ClusterAccess

# How long the API server remembers an answer of the webhooks: long enough for a burst of calls of one client, short
# enough that a new binding of a role works at once for a person.
_REMEMBERED = "5s"
# Paths that anybody may ask (https://kubernetes.io/docs/reference/using-api/health-checks/).
_HEALTH = ("/healthz", "/livez", "/readyz")


@dataclass(frozen=True)
class Doors:
    """Where the daemon answers API servers: the webhooks' port and the authority of its certificate, and the socket of
    the egress."""

    webhook_port: int
    webhook_authority: Path
    egress_socket: Path


def write_configuration(access: ClusterAccess, doors: Doors) -> None:
    """Write every file anew: ports and sockets may have changed since the last start."""
    for identity in Identity:
        content = kubeconfig(access.api_url, access.ca_file, access.certificate(identity), str(identity))
        _write(access.kubeconfig(identity), content)
    secret = webhook_secret(access)
    for path in ("token", "access"):
        url = f"https://{LOOPBACK}:{doors.webhook_port}/{access.directory.name}/{path}"
        server = {"server": url, "certificate-authority": str(doors.webhook_authority)}
        _write(access.directory / f"{path}-webhook.kubeconfig", kubeconfig_of(server, {"token": secret}, "webhook"))
    _write(access.directory / "authentication.json", _authentication())
    _write(access.directory / "authorization.json", _authorization(access.directory / "access-webhook.kubeconfig"))
    _write(access.directory / "egress.json", _egress(doors.egress_socket))


def webhook_secret(access: ClusterAccess) -> str:
    """What the cluster shows the webhooks, made on first use."""
    path = access.directory / "webhook.secret"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32).encode())
    return path.read_text(encoding="utf-8")


def kubeconfig(server: str, ca_file: Path, certificate: Certificate, user: str) -> dict[str, Any]:
    """A kubeconfig for one server and a user with a client certificate, which are given by path."""
    files = {"client-certificate": str(certificate.certificate), "client-key": str(certificate.key)}
    return kubeconfig_of({"server": server, "certificate-authority": str(ca_file)}, files, user)


def kubeconfig_of(cluster: dict[str, Any], user: dict[str, Any], name: str) -> dict[str, Any]:
    """A kubeconfig with one cluster, one user and one context, all called `name`."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def authority_data(access: ClusterAccess) -> str:
    """The cluster's authority as kubeconfigs and Google's API carry it: PEM in base64."""
    return base64.b64encode(access.ca_file.read_bytes()).decode()


def _authentication() -> dict[str, Any]:
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in _HEALTH]},
    }


def _authorization(webhook: Path) -> dict[str, Any]:
    """As on GKE: what RBAC does not grant, an IAM role may."""
    settings = {
        "authorizedTTL": _REMEMBERED,
        "unauthorizedTTL": _REMEMBERED,
        "timeout": "5s",
        "subjectAccessReviewVersion": "v1",
        "matchConditionSubjectAccessReviewVersion": "v1",
        "failurePolicy": "NoOpinion",
        "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": str(webhook)},
        # Only who came with a Google token has roles in IAM: nothing of the cluster's own is asked about.
        "matchConditions": [{"expression": f"'{GROUP}' in request.groups"}],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Node", "name": "node"},
            {"type": "RBAC", "name": "rbac"},
            {"type": "Webhook", "name": "iam", "webhook": settings},
        ],
    }


def _egress(socket: Path) -> dict[str, Any]:
    """Kubelets, webhooks and aggregated APIs have addresses of the cloud: the daemon joins them with their twins."""
    connection = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(socket)}}}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    write_private(path, json.dumps(content, indent=1).encode())

"""PRIVATE to the collection: where the API of a cluster is, whom it trusts and who asks, from a module's parameters."""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._client import Client, segment
from ._failure import Failure, invalid
from ._kubeconfig import User, read_kubeconfig
from ._network import Network, trusting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTAINER = "container.googleapis.com"


@dataclass(frozen=True)
class ClusterNetwork(Network):
    """The way to one cluster: beside `ca_certificates` it may have an authority (PEM text) and a client certificate.

    `without_verification` is what a kubeconfig may ask for; no option of ours does.
    """

    authority: str = ""
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    without_verification: bool = False

    def context(self) -> ssl.SSLContext:
        if not (self.authority or self.certificate or self.without_verification):
            return trusting(self.ca_certificates)
        return _own_context(
            self.authority, self.ca_certificates, self.certificate, self.private_key, self.without_verification
        )


@lru_cache
def _own_context(
    authority: str, ca_certificates: str, certificate: str, private_key: str, without_verification: bool
) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(
            cafile=None if authority else ca_certificates or None, cadata=authority or None
        )
    except ssl.SSLError as problem:
        raise Failure("INVALID_OPTION", f"The cluster's certificate authority cannot be read: {problem}.") from problem
    if without_verification:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _load(context, certificate, private_key)
    return context


def _load(context: ssl.SSLContext, certificate: str, private_key: str) -> None:
    """Load a key pair; OpenSSL takes it only from a file, which is ours alone and gone at once."""
    with tempfile.NamedTemporaryFile(prefix="key-pair-", suffix=".pem") as pair:
        os.fchmod(pair.fileno(), 0o600)
        pair.write(f"{certificate}\n{private_key}\n".encode())
        pair.flush()
        try:
            context.load_cert_chain(pair.name)
        except ssl.SSLError as problem:
            raise Failure(
                "INVALID_OPTION", f"The client certificate or its key cannot be read: {problem}."
            ) from problem


@dataclass(frozen=True)
class Access:
    """One cluster as one identity. `address` is `https://HOST[:PORT]`, `name` what a message calls the cluster.

    `token` gives the bearer token, empty when a client certificate says who asks.
    """

    name: str
    address: str
    network: ClusterNetwork
    token: Callable[[], str] = field(repr=False)


def access_from(params: Mapping[str, Any]) -> Access:
    """The access that a module's parameters describe; asks Google for the address when they give a name."""
    validate_access(params)
    if params.get("kubeconfig"):
        return _by_kubeconfig(params)
    client = Client.from_params(params)
    if params.get("host"):
        return _by_address(params, client)
    return _by_name(params, client)


def still_to_come(params: Mapping[str, Any], failure: Failure) -> str:
    """Why, in check mode, a failure to reach a cluster means that an earlier task only predicted it; else empty."""
    by_name = params.get("cluster") and not params.get("kubeconfig") and not params.get("host")
    if by_name and (failure.status in (403, 404) or failure.reason == "CLUSTER_NOT_READY"):
        return f"Cluster {params['cluster']} does not exist yet, or this identity cannot see it."
    return ""


def validate_access(params: Mapping[str, Any]) -> None:
    """Refuse what cannot lead to a cluster, before the first call."""
    if params.get("kubeconfig") or params.get("host"):
        host = str(params.get("host") or "https://")
        if not host.startswith("https://"):
            raise invalid("host", host, "an address such as https://10.0.0.2")
        return
    lacking = [option for option in ("project", "location", "cluster") if not params.get(option)]
    if lacking:
        raise Failure(
            "INVALID_OPTION",
            f"Which cluster is meant does not follow from the options: {', '.join(lacking)} missing.",
            hint="Give project, location and cluster, or kubeconfig, or host.",
        )


def _network(params: Mapping[str, Any], **own: Any) -> ClusterNetwork:
    settings = {"proxy": params.get("proxy") or "", "ca_certificates": params.get("ca_certificates") or "", **own}
    network = ClusterNetwork(**settings)
    network.validate()
    return network


def _by_address(params: Mapping[str, Any], client: Client) -> Access:
    host = str(params["host"]).rstrip("/")
    network = _network(params, authority=params.get("cluster_ca_certificate") or "")
    return Access(host, host, network, lambda: client.token().value)


def _by_name(params: Mapping[str, Any], client: Client) -> Access:
    parts = [segment(params[option]) for option in ("project", "location", "cluster")]
    path = "/v1/projects/{}/locations/{}/clusters/{}".format(*parts)
    found = client.get(CONTAINER, path)
    name = f"cluster {params['cluster']} of {params['project']}"
    if found.get("status") in ("PROVISIONING", "STOPPING", "ERROR") or not found.get("endpoint"):
        raise Failure(
            "CLUSTER_NOT_READY",
            f"{name} is {found.get('status', 'without an endpoint')}.",
            hint=str(found.get("statusMessage") or "Apply the root cluster first, or wait until it is RUNNING."),
            request=f"GET https://{CONTAINER}{path}",
        )
    dns = ((found.get("controlPlaneEndpointsConfig") or {}).get("dnsEndpointConfig") or {}).get("endpoint")
    if params.get("endpoint") == "dns":
        if not dns:
            raise Failure("INVALID_OPTION", f"{name} has no DNS endpoint.", hint="Leave endpoint out, or set it to ip.")
        return Access(name, f"https://{dns}", _network(params), lambda: client.token().value)
    authority = _decoded(
        "masterAuth.clusterCaCertificate", str((found.get("masterAuth") or {}).get("clusterCaCertificate", ""))
    )
    return Access(
        name, f"https://{found['endpoint']}", _network(params, authority=authority), lambda: client.token().value
    )


def _by_kubeconfig(params: Mapping[str, Any]) -> Access:
    chosen = read_kubeconfig(Path(params["kubeconfig"]), params.get("context") or "")
    user: User = chosen.user
    own = {
        "authority": chosen.authority,
        "certificate": user.certificate,
        "private_key": user.private_key,
        "without_verification": chosen.without_verification,
    }
    if chosen.proxy:
        own["proxy"] = chosen.proxy
    return Access(f"context {chosen.name}", chosen.address, _network(params, **own), user.token)


def _decoded(field_name: str, text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise Failure("UNEXPECTED_ANSWER", f"{field_name} of the cluster is not base64.") from problem

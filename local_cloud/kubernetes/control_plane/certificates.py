"""The certificates of a cluster: one authority, one for aggregated APIs, and a leaf for each who serves or asks."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, NamedTuple

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_cloud.kubernetes.access import Identity
from local_cloud.state import write_private
from local_cloud.twins import twin_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_cloud.kubernetes.access import ClusterAccess
    from local_cloud.kubernetes.control_plane.description import ClusterDescription

LOOPBACK = "127.0.0.1"
# What the API server is called inside the cluster (https://kubernetes.io/docs/setup/best-practices/certificates/).
_API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
# Without any name trustme writes an empty list of them, which Go refuses.
_NO_SERVER = "client.invalid"
KUBELET_CLIENT = "kube-apiserver-kubelet-client"
FRONT_PROXY_CLIENT = "front-proxy-client"


class Subject(NamedTuple):
    """User name (CN) and group (O) that the API server reads from a client certificate."""

    user: str
    group: str


# The subjects that Kubernetes' own bootstrap policy has roles for, and ours (rights.py).
SUBJECTS: dict[Identity, Subject] = {
    Identity.ADMIN: Subject("local-cloud:admin", "system:masters"),
    Identity.AGENT: Subject("local-cloud:node-agent", "local-cloud"),
    Identity.DATA_PLANE: Subject("local-cloud:data-plane", "local-cloud"),
    Identity.CONTROLLER_MANAGER: Subject("system:kube-controller-manager", "local-cloud"),
    Identity.SCHEDULER: Subject("system:kube-scheduler", "local-cloud"),
}


def write_certificates(access: ClusterAccess, cluster: ClusterDescription) -> None:
    """Make what is missing in the cluster's directory; the authorities are kept, so that kubeconfigs stay good."""
    authority = _authority(access, "ca", f"{cluster.name} authority")
    front_proxy = _authority(access, "front-proxy-ca", f"{cluster.name} aggregation")
    for identity, subject in SUBJECTS.items():
        _leaf(access, authority, identity, subject)
    _leaf(access, authority, "apiserver", Subject("kube-apiserver", "local-cloud"), api_names(cluster))
    _leaf(access, authority, "apiserver-kubelet-client", Subject(KUBELET_CLIENT, "local-cloud"))
    _leaf(access, authority, "etcd", Subject("etcd", "local-cloud"), [LOOPBACK])
    _leaf(access, authority, "kubelet", Subject("kubelet", "local-cloud"), ["kubelet"])
    metrics = "metrics-server.kube-system.svc"
    _leaf(access, authority, "metrics", Subject("metrics-server", "local-cloud"), [metrics])
    _leaf(access, front_proxy, FRONT_PROXY_CLIENT, Subject(FRONT_PROXY_CLIENT, "local-cloud"))
    _service_account_key(access)


def api_names(cluster: ClusterDescription) -> list[str]:
    """Every name and address that a client may know the API server by."""
    first = str(ip_network(cluster.services)[1])
    addresses = (cluster.public_address, cluster.private_address, first)
    return [*_API_NAMES, *addresses, *map(twin_address, addresses), LOOPBACK]


def _authority(access: ClusterAccess, name: str, title: str) -> trustme.CA:
    pair = access.pair(name)
    if not (pair.certificate.exists() and pair.key.exists()):
        made = trustme.CA(organization_name="Presidential Digs local cloud", organization_unit_name=title[-64:])
        write_private(pair.key, made.private_key_pem.bytes())
        write_private(pair.certificate, made.cert_pem.bytes())
    return trustme.CA.from_pem(pair.certificate.read_bytes(), pair.key.read_bytes())


def _leaf(access: ClusterAccess, authority: trustme.CA, name: str, subject: Subject, names: Sequence[str] = ()) -> None:
    """A certificate for clients and servers alike; one that is there and has all `names` stays."""
    pair = access.pair(name)
    if pair.certificate.exists() and pair.key.exists() and set(names) <= _names_of(pair.certificate.read_bytes()):
        return
    leaf = authority.issue_cert(*(names or (_NO_SERVER,)), common_name=subject.user, organization_name=subject.group)
    write_private(pair.key, leaf.private_key_pem.bytes())
    write_private(pair.certificate, b"".join(part.bytes() for part in leaf.cert_chain_pems))


def _names_of(certificate: bytes) -> set[str]:
    """Names and addresses in a certificate (PEM)."""
    found = x509.load_pem_x509_certificate(certificate).extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def _service_account_key(access: ClusterAccess) -> None:
    """The RSA key that signs service account tokens; Google's STS takes RS256."""
    private, public = access.directory / "service-account.key", access.directory / "service-account.pub"
    if private.exists() and public.exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    clear = serialization.NoEncryption()
    write_private(private, key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, clear))
    write_private(public, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))

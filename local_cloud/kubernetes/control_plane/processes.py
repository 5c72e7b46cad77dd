"""The command lines of etcd, API server, controller manager and scheduler, tuned to be small."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from local_cloud.children import Child
from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.control_plane.certificates import FRONT_PROXY_CLIENT, LOOPBACK
from local_cloud.twins import twin_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from local_cloud.kubernetes.access import ClusterAccess
    from local_cloud.kubernetes.control_plane.description import ClusterDescription

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")

# Go's soft limit of the heap in MiB and its garbage collector's target (percent of growth): a laptop's control plane
# holds little, and half of what the default lets pile up is garbage.
_MEMORY = {"etcd": 48, "kube-apiserver": 190, "kube-controller-manager": 64, "kube-scheduler": 48}
_GARBAGE_PERCENT = 40

# Controllers for what a local cluster has not got: clouds, disks, certificates on request, other API servers' versions.
_CONTROLLERS_OFF = (
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "cloud-node-lifecycle-controller",
    "device-taint-eviction-controller",
    "ephemeral-volume-controller",
    "kube-apiserver-serving-clustertrustbundle-publisher-controller",
    "legacy-serviceaccount-token-cleaner-controller",
    "node-route-controller",
    "persistentvolume-attach-detach-controller",
    "persistentvolume-expander-controller",
    "podcertificaterequest-cleaner-controller",
    "resourceclaim-controller",
    "service-lb-controller",
    "storage-version-migrator-controller",
    "storageversion-garbage-collector-controller",
    "validatingadmissionpolicy-status-controller",
    "volumeattributesclass-protection-controller",
)
_SYNCS = (
    "deployment",
    "endpoint",
    "gc",
    "namespace",
    "replicaset",
    "resource-quota",
    "service-endpoint",
    "serviceaccount-token",
    "statefulset",
    "job",
    "horizontal-pod-autoscaler",
)


def children(access: ClusterAccess, cluster: ClusterDescription, programs: Mapping[str, Path]) -> list[Child]:
    """The processes of a control plane, in the order they are started; etcd first, the others wait for it."""
    commands = {
        "etcd": etcd(access),
        "kube-apiserver": api_server(access, cluster),
        "kube-controller-manager": controller_manager(access, cluster),
        "kube-scheduler": scheduler(access),
    }
    return [
        Child(
            name=child_name(access, program),
            command=[str(programs[program]), *arguments],
            log=access.log(program),
            environment=_environment(program),
        )
        for program, arguments in commands.items()
    ]


def child_name(access: ClusterAccess, program: str) -> str:
    """What the daemon calls a process of a cluster."""
    return f"{access.directory.name}/{program}"


def etcd(access: ClusterAccess) -> Sequence[str]:
    """One member over TLS: containers share the loopback interface, and must not read what it holds."""
    port = access.etcd_port
    pair = access.pair("etcd")
    return _flags(
        {
            "name": "local",
            "data-dir": access.directory / "etcd",
            "listen-client-urls": f"https://{LOOPBACK}:{port}",
            "advertise-client-urls": f"https://{LOOPBACK}:{port}",
            # Nobody joins: whatever port is free.
            "listen-peer-urls": f"http://{LOOPBACK}:0",
            "initial-advertise-peer-urls": f"http://{LOOPBACK}:2380",
            "initial-cluster": f"local=http://{LOOPBACK}:2380",
            "cert-file": pair.certificate,
            "key-file": pair.key,
            "trusted-ca-file": access.ca_file,
            "client-cert-auth": "true",
            # What a killed process wrote is with the kernel and is not lost; only a power cut would lose it.
            "unsafe-no-fsync": "true",
            "snapshot-count": "5000",
            "quota-backend-bytes": str(512 * 1024**2),
            "max-wals": "1",
            "max-snapshots": "1",
            "log-level": "warn",
        }
    )


def api_server(access: ClusterAccess, cluster: ClusterDescription) -> Sequence[str]:
    """It listens on the twin of its private address, where `kubernetes.default` leads too."""
    address = access.api_address
    return _flags(
        {
            "bind-address": twin_address(address.address),
            "secure-port": address.port,
            "advertise-address": address.address,
            "service-cluster-ip-range": cluster.services,
            "egress-selector-config-file": access.directory / "egress.json",
            "enable-aggregator-routing": "true",
            "profiling": "false",
            "contention-profiling": "false",
            "shutdown-delay-duration": "0s",
            "v": "1",
            **_shown_certificates(access, cluster),
            **_callers(access, cluster),
            **_called(access),
        }
    )


def _shown_certificates(access: ClusterAccess, cluster: ClusterDescription) -> dict[str, object]:
    """What the API server shows: its own leaf, and to those who ask for the DNS endpoint the local cloud's."""
    own, sni = access.pair("apiserver"), access.pair("dns-endpoint")
    return {
        "tls-cert-file": own.certificate,
        "tls-private-key-file": own.key,
        "tls-sni-cert-key": f"{sni.certificate},{sni.key}:{cluster.dns_endpoint}",
    }


def _callers(access: ClusterAccess, cluster: ClusterDescription) -> dict[str, object]:
    """Who may call, and how the API server knows them: certificates, Google tokens, service account tokens."""
    directory = access.directory
    return {
        "client-ca-file": access.ca_file,
        "authentication-config": directory / "authentication.json",
        "authentication-token-webhook-config-file": directory / "token-webhook.kubeconfig",
        "authentication-token-webhook-version": "v1",
        "authentication-token-webhook-cache-ttl": "10s",
        "authorization-config": directory / "authorization.json",
        "service-account-issuer": cluster.issuer,
        "service-account-key-file": directory / "service-account.pub",
        "service-account-signing-key-file": directory / "service-account.key",
        "api-audiences": f"{cluster.issuer},https://kubernetes.default.svc",
    }


def _called(access: ClusterAccess) -> dict[str, object]:
    """Whom the API server calls, and as whom: etcd, kubelets, aggregated APIs."""
    etcd_pair, kubelet = access.pair("etcd"), access.pair("apiserver-kubelet-client")
    front = access.pair(FRONT_PROXY_CLIENT)
    return {
        "etcd-servers": f"https://{LOOPBACK}:{access.etcd_port}",
        "etcd-cafile": access.ca_file,
        "etcd-certfile": etcd_pair.certificate,
        "etcd-keyfile": etcd_pair.key,
        "etcd-compaction-interval": "2m",
        "kubelet-client-certificate": kubelet.certificate,
        "kubelet-client-key": kubelet.key,
        "kubelet-preferred-address-types": "InternalIP",
        "proxy-client-cert-file": front.certificate,
        "proxy-client-key-file": front.key,
        "requestheader-client-ca-file": access.front_proxy_ca_file,
        "requestheader-allowed-names": FRONT_PROXY_CLIENT,
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    }


def controller_manager(access: ClusterAccess, cluster: ClusterDescription) -> Sequence[str]:
    """A node that stops reporting is noticed after seconds, not most of a minute, and pods scale as fast."""
    flags = {
        "kubeconfig": access.kubeconfig(Identity.CONTROLLER_MANAGER),
        "controllers": ",".join(["*", *(f"-{name}" for name in _CONTROLLERS_OFF)]),
        "use-service-account-credentials": "true",
        "service-account-private-key-file": access.directory / "service-account.key",
        "root-ca-file": access.ca_file,
        "allocate-node-cidrs": "true",
        "cluster-cidr": cluster.pods,
        "node-cidr-mask-size": str(cluster.node_mask),
        "service-cluster-ip-range": cluster.services,
        "node-monitor-period": "2s",
        "node-monitor-grace-period": "16s",
        "horizontal-pod-autoscaler-sync-period": "5s",
        "horizontal-pod-autoscaler-initial-readiness-delay": "10s",
        "horizontal-pod-autoscaler-cpu-initialization-period": "30s",
        "leader-elect": "false",
        "secure-port": "0",
        "profiling": "false",
        "kube-api-qps": "100",
        "kube-api-burst": "200",
        "v": "1",
    }
    return _flags(flags | {f"concurrent-{name}-syncs": "2" for name in _SYNCS})


def scheduler(access: ClusterAccess) -> Sequence[str]:
    """One of its kind."""
    return _flags(
        {
            "kubeconfig": access.kubeconfig(Identity.SCHEDULER),
            "leader-elect": "false",
            "secure-port": "0",
            "profiling": "false",
            "kube-api-qps": "100",
            "kube-api-burst": "200",
            "v": "1",
        }
    )


def _flags(values: Mapping[str, Any]) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items()]


def _environment(program: str) -> dict[str, str]:
    """What a program needs of this process's: no proxy, for all that a control plane asks is here, and no token."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return inherited | {"GOMEMLIMIT": f"{_MEMORY[program]}MiB", "GOGC": str(_GARBAGE_PERCENT), "GOMAXPROCS": "2"}

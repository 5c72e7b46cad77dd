"""What every cluster holds from the start: the rights of the local cloud's own processes, and the metrics API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.control_plane.certificates import SUBJECTS
from local_cloud.kubernetes.control_plane.configuration import authority_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from local_cloud.kubernetes.access import ClusterAccess
    from local_cloud.kubernetes.api_client import ApiClient

_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete")
_RBAC = "rbac.authorization.k8s.io"
METRICS_NAME = "metrics-server"

# Identity → rules: (API group, resources, verbs).
Rule = tuple[str, tuple[str, ...], tuple[str, ...]]
_RULES: Mapping[Identity, Sequence[Rule]] = {
    Identity.AGENT: (
        ("", ("nodes", "nodes/status", "pods", "pods/status"), (*_READ, *_WRITE)),
        ("", ("services", "configmaps", "secrets", "namespaces", "serviceaccounts"), _READ),
        ("", ("serviceaccounts/token", "pods/eviction"), ("create",)),
        ("", ("events",), ("create", "update", "patch")),
        ("events.k8s.io", ("events",), ("create", "update", "patch")),
        ("coordination.k8s.io", ("leases",), (*_READ, *_WRITE)),
        ("discovery.k8s.io", ("endpointslices",), _READ),
        ("authentication.k8s.io", ("tokenreviews",), ("create",)),
        ("authorization.k8s.io", ("subjectaccessreviews",), ("create",)),
    ),
    Identity.DATA_PLANE: (
        ("", ("services", "endpoints", "pods", "nodes", "namespaces", "secrets", "configmaps"), _READ),
        # The Service of the name server is the data plane's own.
        ("", ("services",), ("create",)),
        ("", ("services", "services/status", "pods/status"), ("update", "patch")),
        ("", ("events",), ("create", "update", "patch")),
        ("events.k8s.io", ("events",), ("create", "update", "patch")),
        ("discovery.k8s.io", ("endpointslices",), _READ),
        ("networking.k8s.io", ("ingresses", "ingressclasses", "networkpolicies"), _READ),
        ("networking.k8s.io", ("ingresses/status",), ("update", "patch")),
    ),
}


async def put_in_place(api: ApiClient, access: ClusterAccess, *, metrics: bool) -> None:
    """Apply everything; `metrics` when something serves the metrics API: one that nobody serves blocks discovery."""
    objects = list(_rights())
    if metrics:
        objects += _metrics(access)
    for path, content in objects:
        await api.apply(path, content)


def _rights() -> Iterator[tuple[str, dict[str, Any]]]:
    for identity, rules in _RULES.items():
        user = SUBJECTS[identity].user
        role = {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": user},
            "rules": [
                {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
                for group, resources, verbs in rules
            ],
        }
        binding = {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": user},
            "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": user}],
        }
        yield f"/apis/{_RBAC}/v1/clusterroles/{user}", role
        yield f"/apis/{_RBAC}/v1/clusterrolebindings/{user}", binding


def _metrics(access: ClusterAccess) -> Iterator[tuple[str, dict[str, Any]]]:
    """A Service whose endpoint is the node agent, the APIService that leads to it, and who may read there."""
    yield from _metrics_service(access)
    yield (
        "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io",
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "caBundle": authority_data(access),
                "service": {"namespace": "kube-system", "name": METRICS_NAME, "port": 443},
            },
        },
    )
    yield (
        f"/apis/{_RBAC}/v1/clusterroles/system:aggregated-metrics-reader",
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {
                "name": "system:aggregated-metrics-reader",
                "labels": {f"{_RBAC}/aggregate-to-{role}": "true" for role in ("view", "edit", "admin")},
            },
            "rules": [{"apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"], "verbs": list(_READ)}],
        },
    )


def _metrics_service(access: ClusterAccess) -> Iterator[tuple[str, dict[str, Any]]]:
    address = access.metrics_address
    service = {"namespace": "kube-system", "name": METRICS_NAME, "labels": {"k8s-app": METRICS_NAME}}
    slice_labels = {"kubernetes.io/service-name": METRICS_NAME, "endpointslice.kubernetes.io/managed-by": "local-cloud"}
    yield (
        f"/api/v1/namespaces/kube-system/services/{METRICS_NAME}",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": service,
            "spec": {"ports": [{"name": "https", "port": 443, "targetPort": address.port, "protocol": "TCP"}]},
        },
    )
    yield (
        f"/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/{METRICS_NAME}",
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"namespace": "kube-system", "name": METRICS_NAME, "labels": slice_labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address.address], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "port": address.port, "protocol": "TCP"}],
        },
    )

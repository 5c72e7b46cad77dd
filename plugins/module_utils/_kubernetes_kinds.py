"""PRIVATE to the collection: which path of a cluster's API a kind has, and in what order kinds are applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._client import segment


@dataclass(frozen=True)
class Kind:
    """A kind of object. `plural` is its name in paths."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    def collection(self, namespace: str) -> str:
        """Path of all objects of the kind, in a namespace where it has them (all namespaces when empty)."""
        prefix = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        scope = f"/namespaces/{segment(namespace)}" if self.namespaced and namespace else ""
        return f"{prefix}{scope}/{self.plural}"

    def path(self, namespace: str, name: str) -> str:
        """Path of one object."""
        return f"{self.collection(namespace)}/{segment(name)}"


NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
POD = Kind("v1", "Pod", "pods")
EVENT = Kind("v1", "Event", "events")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
REPLICA_SET = Kind("apps/v1", "ReplicaSet", "replicasets")
SERVICE = Kind("v1", "Service", "services")
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
SECRET = Kind("v1", "Secret", "secrets")
AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")

_RBAC = "rbac.authorization.k8s.io/v1"

# In the order in which they are applied: what others refer to comes first. A kind that is not here is looked up in the
# cluster and applied between configuration and what runs.
WAVES: tuple[tuple[Kind, ...], ...] = (
    (
        NAMESPACE,
        Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False),
        Kind("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", namespaced=False),
        Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False),
    ),
    (
        Kind("v1", "ServiceAccount", "serviceaccounts"),
        CONFIG_MAP,
        SECRET,
        NETWORK_POLICY,
        Kind("v1", "ResourceQuota", "resourcequotas"),
        Kind("v1", "LimitRange", "limitranges"),
        Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
        Kind(_RBAC, "ClusterRole", "clusterroles", namespaced=False),
        Kind(_RBAC, "Role", "roles"),
        Kind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
        Kind(_RBAC, "RoleBinding", "rolebindings"),
    ),
    (SERVICE, Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")),
    (
        DEPLOYMENT,
        Kind("apps/v1", "StatefulSet", "statefulsets"),
        Kind("apps/v1", "DaemonSet", "daemonsets"),
        Kind("batch/v1", "Job", "jobs"),
        Kind("batch/v1", "CronJob", "cronjobs"),
        POD,
    ),
    (AUTOSCALER, Kind("networking.k8s.io/v1", "Ingress", "ingresses")),
)
KINDS: Mapping[tuple[str, str], Kind] = {(kind.api_version, kind.name): kind for wave in WAVES for kind in wave}
_UNKNOWN_WAVE = 2


def wave_of(manifest: Mapping[str, Any]) -> int:
    """The number of the wave in which an object is applied."""
    named = (manifest.get("apiVersion"), manifest.get("kind"))
    return next(
        (number for number, wave in enumerate(WAVES) if any((kind.api_version, kind.name) == named for kind in wave)),
        _UNKNOWN_WAVE,
    )


def label_selector(labels: Mapping[str, str]) -> str:
    """The `labelSelector` of a list call for objects that have all these labels."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))

"""The manifests of one small service, with what a test wants to be otherwise."""

from __future__ import annotations

from typing import Any

NAME = "auth-service"
OWNER = {"app.kubernetes.io/managed-by": "presidential-digs", "app.kubernetes.io/part-of": "crm"}
SELECTOR = {"app.kubernetes.io/name": NAME}
LABELS = {**OWNER, **SELECTOR}
SECRET = {NAME: {"JWT_SECRET": "a-secret-that-nobody-may-see"}}


def image(release: str) -> str:
    """A reference by digest; it names nothing, since a scripted node pulls nothing."""
    return f"registry.example/crm/auth-service@sha256:{release * 64}"[:110]


def service_set(release: str = "1", behaviour: str = "ready", *, replicas: int = 2, **pod: Any) -> list[dict[str, Any]]:
    """All objects that a service has, of a release; `pod` are further fields of the pod."""
    container = {
        "name": NAME,
        "image": image(release),
        "env": [{"name": "API_TOKEN", "value": f"token-in-clear-{release}"}],
        "envFrom": [{"configMapRef": {"name": f"{NAME}-{release}"}}],
    }
    template = {
        "metadata": {"labels": LABELS, "annotations": {"behaviour": behaviour}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **pod},
    }
    deployment = {
        "selector": {"matchLabels": SELECTOR},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": template,
    }
    autoscaler = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "minReplicas": replicas,
        "maxReplicas": replicas + 2,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }
        ],
    }
    return [
        _object("autoscaling/v2", "HorizontalPodAutoscaler", NAME, spec=autoscaler),
        _object("apps/v1", "Deployment", NAME, spec=deployment),
        _object("v1", "Service", NAME, spec={"selector": SELECTOR, "ports": [{"port": 3001}]}),
        _object("v1", "ConfigMap", f"{NAME}-{release}", data={"RELEASE": release}),
        _object("v1", "Secret", NAME),
        _object("v1", "ServiceAccount", NAME),
        _object(
            "policy/v1", "PodDisruptionBudget", NAME, spec={"maxUnavailable": 1, "selector": {"matchLabels": SELECTOR}}
        ),
        _object("networking.k8s.io/v1", "NetworkPolicy", NAME, spec={"podSelector": {"matchLabels": SELECTOR}}),
    ]


def _object(api_version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": LABELS}, **content}

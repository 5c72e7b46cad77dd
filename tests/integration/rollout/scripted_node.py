"""A node that runs nothing: it says of each pod what a test wants it to say, to a real API server.

What a pod's containers do is told by the pod's annotation `behaviour` (BEHAVIOURS); without one they run and are ready.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from plugins.module_utils._failure import Failure
from plugins.module_utils._kubernetes_kinds import EVENT, POD, Kind
from plugins.module_utils._kubernetes_watch import DELETED, Watch, Watched

if TYPE_CHECKING:
    from plugins.module_utils._kubernetes_client import KubernetesClient

NODE = Kind("v1", "Node", "nodes", namespaced=False)
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
NAME = "scripted-node"
# Seconds between two signs of life; a node that gives none for 50 is taken for dead.
BEAT = 5.0
MOMENT = "2026-11-23T01:00:00Z"

Container = dict[str, Any]


def _running() -> Container:
    return {"ready": True, "started": True, "restartCount": 0, "state": {"running": {"startedAt": MOMENT}}}


def _waiting(reason: str, message: str = "", **more: Any) -> Container:
    return {"ready": False, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": message}}, **more}


def _ended(reason: str, code: int) -> Container:
    return {"terminated": {"reason": reason, "exitCode": code, "startedAt": MOMENT, "finishedAt": MOMENT}}


def _crashing() -> Container:
    return _waiting("CrashLoopBackOff", "back-off 10s restarting", restartCount=1, lastState=_ended("Error", 1))


def _out_of_memory() -> Container:
    return _waiting("CrashLoopBackOff", "back-off 10s restarting", restartCount=1, lastState=_ended("OOMKilled", 137))


def _not_ready() -> Container:
    return {**_running(), "ready": False}


BEHAVIOURS: dict[str, Callable[[], Container]] = {
    "ready": _running,
    "crash": _crashing,
    "out of memory": _out_of_memory,
    "not ready": _not_ready,
    "no image": lambda: _waiting("ErrImagePull", "failed to resolve reference: manifest unknown: not found"),
    "registry is slow": lambda: _waiting("ErrImagePull", "dial tcp: i/o timeout"),
    "no secret": lambda: _waiting("CreateContainerConfigError", 'secret "auth-service-77" not found'),
}


class ScriptedNode:
    """The node as a context; it ends with its thread."""

    def __init__(self, client: KubernetesClient) -> None:
        self._client = client
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> ScriptedNode:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NAME}}
        self._client.apply(NODE.path("", NAME), node)
        self._beat()
        room = {"cpu": "64", "memory": "256Gi", "pods": "500"}
        ready = [{"type": "Ready", "status": "True", "lastHeartbeatTime": MOMENT, "lastTransitionTime": MOMENT}]
        status = {"status": {"capacity": room, "allocatable": room, "conditions": ready}}
        self._client.merge(f"{NODE.path('', NAME)}/status", status)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        with Watch(self._client, [Watched("pods", POD.collection(""))]) as watch:
            beaten = time.monotonic()
            while not self._ended.is_set():
                if time.monotonic() - beaten > BEAT:
                    beaten = time.monotonic()
                    self._beat()
                change = watch.next(0.2)
                if change is None or change.type == DELETED:
                    continue
                for pod in change.objects:
                    try:
                        self._answer(pod)
                    except Failure as failure:
                        # The pod went away, or was changed, since it was seen: its next change tells.
                        if failure.status not in (404, 409):
                            raise

    def _beat(self) -> None:
        """Renew the lease by which the controller manager knows that a node lives."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": NAME, "leaseDurationSeconds": 40, "renewTime": now}
        lease = {"apiVersion": LEASE.api_version, "kind": "Lease", "metadata": {"name": NAME}, "spec": spec}
        self._client.apply(LEASE.path("kube-node-lease", NAME), lease)

    def _answer(self, pod: dict[str, Any]) -> None:
        metadata = pod["metadata"]
        path = POD.path(metadata["namespace"], metadata["name"])
        if "deletionTimestamp" in metadata:
            self._client.raw("DELETE", f"{path}?gracePeriodSeconds=0", {}, None)
        elif not pod["spec"].get("nodeName"):
            if "unschedulable" not in metadata.get("annotations", {}):
                self._bind(pod, path)
        elif "containerStatuses" not in pod["status"]:
            self._run(pod, path)

    def _bind(self, pod: dict[str, Any], path: str) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": NAME}
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod["metadata"]["name"]},
            "target": target,
        }
        self._client._document("POST", f"{path}/binding", None, binding)

    def _run(self, pod: dict[str, Any], path: str) -> None:
        behaviour = (pod["metadata"].get("annotations") or {}).get("behaviour", "ready")
        containers = [
            {**BEHAVIOURS[behaviour](), "name": one["name"], "image": one["image"], "imageID": ""}
            for one in pod["spec"]["containers"]
        ]
        ready = "True" if all(one["ready"] for one in containers) else "False"
        conditions = [
            {"type": kind, "status": ready, "lastTransitionTime": MOMENT} for kind in ("Ready", "ContainersReady")
        ]
        status = {"phase": "Running", "conditions": conditions, "containerStatuses": containers}
        self._client.merge(f"{path}/status", {"status": status})
        if behaviour == "not ready":
            self._complain(pod)

    def _complain(self, pod: dict[str, Any]) -> None:
        """What a kubelet says when probes have failed often."""
        metadata = pod["metadata"]
        about = {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.unhealthy", "namespace": metadata["namespace"]},
            "involvedObject": {"apiVersion": "v1", **about},
            "reason": "Unhealthy",
            "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
            "type": "Warning",
            "count": 20,
            "firstTimestamp": MOMENT,
            "lastTimestamp": MOMENT,
        }
        self._client._document("POST", EVENT.collection(metadata["namespace"]), None, event)

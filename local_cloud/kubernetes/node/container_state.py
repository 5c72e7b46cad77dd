"""The state of one container of a pod as its status shows it, and what follows from the state of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_cloud.containers.container import Ended
    from local_cloud.kubernetes.node.client import Object

RUNTIME = "presidential-digs"


def moment(time: datetime) -> str:
    """As Kubernetes writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class ContainerState:
    """What is known of one container; `state` and `last` are a ContainerState of Kubernetes' API."""

    name: str
    image: str
    image_id: str = ""
    identifier: str = ""
    state: dict[str, Any] = field(default_factory=lambda: waiting("ContainerCreating"))
    last: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    started: bool = False

    @classmethod
    def known(cls, container: Object, status: Object | None, *, initializing: bool) -> ContainerState:
        """From what an earlier agent wrote: what ran then does not run any more."""
        found = cls(container["name"], container["image"])
        if initializing:
            found.state = waiting("PodInitializing")
        if status is None:
            return found
        found.restarts = status.get("restartCount", 0)
        found.last = status.get("lastState") or {}
        found.image_id, found.identifier = status.get("imageID", ""), status.get("containerID", "")
        state = status.get("state") or {}
        if "terminated" in state:
            found.state = state
        elif "running" in state:
            found.last = {
                "terminated": {
                    "exitCode": 137,
                    "reason": "ContainerStatusUnknown",
                    "message": "The node agent ended, and the container with it",
                    "startedAt": state["running"].get("startedAt"),
                    "finishedAt": None,
                    "containerID": found.identifier,
                }
            }
            found.restarts += 1
        return found

    @property
    def terminated(self) -> Mapping[str, Any] | None:
        """How it ended, when that is its state."""
        found: Mapping[str, Any] | None = self.state.get("terminated")
        return found

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return "running" in self.state

    @property
    def ever_ran(self) -> bool:
        """Whether it runs or has ended at least once."""
        return self.running or self.terminated is not None or "terminated" in self.last

    def as_status(self) -> dict[str, Any]:
        """A ContainerStatus of Kubernetes' API."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": self.image_id,
            "containerID": self.identifier,
            "state": self.state,
            "lastState": self.last,
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
        }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """The state of a container that is not started."""
    return {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}


def running(since: datetime) -> dict[str, Any]:
    """The state of a container that runs."""
    return {"running": {"startedAt": moment(since)}}


def terminated(ended: Ended, identifier: str, message: str) -> dict[str, Any]:
    """The state of a container that has ended."""
    found: dict[str, Any] = {
        "exitCode": ended.code,
        "reason": ended.reason,
        "startedAt": moment(ended.started),
        "finishedAt": moment(ended.finished),
        "containerID": identifier,
    }
    if message:
        found["message"] = message
    return {"terminated": found}


def phase(pod: Object, initial: Sequence[ContainerState], main: Sequence[ContainerState]) -> str:
    """Pending, Running, Succeeded or Failed (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/)."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy != "Always":
        failed = [state for state in initial if state.terminated and state.terminated["exitCode"]]
        if failed and policy == "Never":
            return "Failed"
        ends = [state.terminated for state in main]
        if ends and all(end is not None for end in ends):
            codes = [end["exitCode"] for end in ends if end is not None]
            if policy == "Never" or not any(codes):
                return "Failed" if any(codes) else "Succeeded"
    return "Running" if main and all(state.ever_ran for state in main) else "Pending"


def initialized(pod: Object, initial: Sequence[ContainerState]) -> bool:
    """Whether every init container has done its work (a sidecar: has started)."""
    described = {container["name"]: container for container in pod["spec"].get("initContainers") or ()}
    for state in initial:
        if described[state.name].get("restartPolicy") == "Always":
            if not state.started:
                return False
        elif state.terminated is None or state.terminated["exitCode"] != 0:
            return False
    return True

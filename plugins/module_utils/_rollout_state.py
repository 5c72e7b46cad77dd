"""PRIVATE to the collection: how far a rollout is, and why it goes no further, from what a watch has seen so far."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._kubernetes_watch import DELETED, LISTED, Change

REVISION = "deployment.kubernetes.io/revision"

# Containers that wait for one of these wait for somebody to mend something.
HOPELESS = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
# A pull that failed this way fails the next time too; after any other failure the node's own back-off decides.
FINAL_PULL = re.compile(
    r"not found|unauthori[sz]ed|denied|forbidden|manifest unknown|no match for platform", re.IGNORECASE
)
# A container that ended in error this often will go on so.
ENOUGH_RESTARTS = 2

PROBES_THAT_COUNT = ("Readiness probe", "Liveness probe")


@dataclass(frozen=True)
class Cause:
    """Why a rollout fails: Kubernetes' own word, on which pod and container, and what was said about it."""

    reason: str
    deployment: str
    message: str
    pod: str = ""
    container: str = ""
    crashed: bool = False
    """Whether the log that matters is that of the container before."""


@dataclass(frozen=True)
class Limits:
    """When patience ends. `failed_probes` is a count for one container, `unschedulable_timeout` in seconds."""

    failed_probes: int = 15
    unschedulable_timeout: float = 60.0


@dataclass
class RolloutState:
    """The objects of a namespace as last seen, by uid."""

    limits: Limits
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    unschedulable_since: dict[str, float] = field(default_factory=dict)

    def see(self, change: Change) -> None:
        """Take in a change."""
        if change.type == LISTED:
            self.objects[change.name] = {one["metadata"]["uid"]: one for one in change.objects}
            return
        known = self.objects.setdefault(change.name, {})
        for one in change.objects:
            uid = one["metadata"]["uid"]
            if change.type == DELETED:
                known.pop(uid, None)
            else:
                known[uid] = one

    def deployment(self, name: str) -> dict[str, Any] | None:
        """The Deployment of that name, None when it was not seen."""
        return next((one for one in self._all("deployments") if one["metadata"]["name"] == name), None)

    def is_complete(self, name: str) -> bool:
        """Whether every replica is of the newest template and available, and every other pod is gone."""
        found = self.deployment(name)
        return found is not None and is_complete(found) and next(iter(self._old_pods(found)), None) is None

    def progress(self, name: str) -> tuple[int, int, str]:
        """Available replicas of the newest template, replicas wanted, and what is still missing."""
        found = self.deployment(name)
        if found is None:
            return 0, 1, "to be there"
        wanted, status = wanted_replicas(found), found.get("status") or {}
        if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
            return 0, wanted, "to be taken up by the controller"
        updated = min(status.get("updatedReplicas", 0), status.get("availableReplicas", 0))
        old = len(list(self._old_pods(found)))
        return updated, wanted, f"{old} old replicas to go" if updated >= wanted and old else "replicas to be available"

    def cause(self, name: str, now: float) -> Cause | None:
        """Why the rollout of a Deployment fails; None as long as it may succeed. `now` in seconds of any clock."""
        found = self.deployment(name)
        if found is None or (found.get("status") or {}).get("observedGeneration", 0) < found["metadata"]["generation"]:
            return None
        for pod in self._new_pods(found):
            cause = self._pod_cause(name, pod, now)
            if cause:
                return cause
        newest = {
            one["metadata"]["name"] for one in self._replica_sets(found) if revision_of(one) == revision_of(found)
        }
        return _deployment_cause(name, found, newest)

    def waits_for_a_node(self) -> bool:
        """Whether only time can tell what to do next."""
        return bool(self.unschedulable_since)

    def events_of(self, pod: str) -> list[str]:
        """What was said about a pod or about what makes it, oldest first."""
        told = [one for one in self._all("events") if (one.get("involvedObject") or {}).get("name", "").startswith(pod)]
        told.sort(key=_when)
        return [f"{one.get('reason', '')}: {' '.join(str(one.get('message', '')).split())}" for one in told]

    def _all(self, name: str) -> Iterator[dict[str, Any]]:
        yield from self.objects.get(name, {}).values()

    def _replica_sets(self, deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [one for one in self._all("replicasets") if _owner(one) == deployment["metadata"]["uid"]]

    def _newest(self, deployment: Mapping[str, Any]) -> set[str]:
        revision = revision_of(deployment)
        return {one["metadata"]["uid"] for one in self._replica_sets(deployment) if revision_of(one) == revision}

    def _new_pods(self, deployment: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        newest = self._newest(deployment)
        yield from (pod for pod in self._all("pods") if _owner(pod) in newest and not _is_leaving(pod))

    def _old_pods(self, deployment: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        newest = self._newest(deployment)
        old = {one["metadata"]["uid"] for one in self._replica_sets(deployment)} - newest
        yield from (pod for pod in self._all("pods") if _owner(pod) in old)

    def _pod_cause(self, name: str, pod: Mapping[str, Any], now: float) -> Cause | None:
        metadata, status = pod["metadata"], pod.get("status") or {}
        for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            found = _container_cause(container)
            if found:
                reason, message, crashed = found
                return Cause(reason, name, message, metadata["name"], container["name"], crashed)
        failed = self._failed_probes(metadata["uid"])
        if failed and not _is_ready(pod):
            containers = [one["name"] for one in (pod.get("spec") or {}).get("containers") or ()]
            return Cause("FailedProbes", name, failed, metadata["name"], next(iter(containers), ""))
        return self._without_node(name, pod, now)

    def _failed_probes(self, uid: str) -> str:
        told = [
            one
            for one in self._all("events")
            if one.get("reason") == "Unhealthy"
            and (one.get("involvedObject") or {}).get("uid") == uid
            and str(one.get("message", "")).startswith(PROBES_THAT_COUNT)
        ]
        count = sum(_times(one) for one in told)
        if count < self.limits.failed_probes:
            return ""
        return f"{count} probes failed, the last one so: {max(told, key=_when).get('message', '')}"

    def _without_node(self, name: str, pod: Mapping[str, Any], now: float) -> Cause | None:
        uid = pod["metadata"]["uid"]
        for condition in (pod.get("status") or {}).get("conditions") or ():
            if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
                since = self.unschedulable_since.setdefault(uid, now)
                if now - since >= self.limits.unschedulable_timeout:
                    return Cause("Unschedulable", name, str(condition.get("message", "")), pod["metadata"]["name"])
                return None
        self.unschedulable_since.pop(uid, None)
        return None


def is_complete(deployment: Mapping[str, Any]) -> bool:
    """Whether the controller says that every replica is of the newest template and available, and no other exists."""
    status, wanted = deployment.get("status") or {}, wanted_replicas(deployment)
    return status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0) and all(
        status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "availableReplicas")
    )


def wanted_replicas(deployment: Mapping[str, Any]) -> int:
    """How many replicas are wanted now."""
    replicas = (deployment.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def revision_of(one: Mapping[str, Any]) -> int:
    """The revision of a Deployment or ReplicaSet, 0 as long as the controller has not given one."""
    return int((one["metadata"].get("annotations") or {}).get(REVISION, 0))


def _deployment_cause(name: str, deployment: Mapping[str, Any], newest: set[str]) -> Cause | None:
    for condition in (deployment.get("status") or {}).get("conditions") or ():
        stuck = condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded"
        refused = condition.get("type") == "ReplicaFailure" and condition.get("status") == "True"
        # The condition outlives the revision that it is about, until another one has made progress.
        about = re.search(r'ReplicaSet "([^"]+)"', str(condition.get("message", "")))
        if stuck and about and about[1] not in newest:
            continue
        if stuck or refused:
            return Cause(str(condition.get("reason", "")), name, str(condition.get("message", "")))
    return None


def _container_cause(container: Mapping[str, Any]) -> tuple[str, str, bool] | None:
    """Reason, message, and whether the log before the last start tells more."""
    state = container.get("state") or {}
    waiting = state.get("waiting") or {}
    before = (container.get("lastState") or {}).get("terminated") or {}
    ended = state.get("terminated") or before
    if ended.get("reason") == "OOMKilled":
        return "OOMKilled", "the container used more memory than its limit", bool(before)
    reason = str(waiting.get("reason", ""))
    if reason in HOPELESS or (reason == "ErrImagePull" and FINAL_PULL.search(str(waiting.get("message", "")))):
        return reason, _exit(ended) or str(waiting.get("message", "")), bool(before)
    if container.get("restartCount", 0) >= ENOUGH_RESTARTS and ended.get("exitCode"):
        return "CrashLoopBackOff", _exit(ended), bool(before)
    return None


def _exit(ended: Mapping[str, Any]) -> str:
    if not ended:
        return ""
    told = str(ended.get("message") or "").strip()
    return f"exit code {ended.get('exitCode')}" + (f", {told}" if told else "")


def _owner(one: Mapping[str, Any]) -> str:
    return next((str(ref["uid"]) for ref in one["metadata"].get("ownerReferences") or () if ref.get("controller")), "")


def _is_leaving(pod: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _times(event: Mapping[str, Any]) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)


def _when(event: Mapping[str, Any]) -> str:
    moments = (
        (event.get("series") or {}).get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event["metadata"].get("creationTimestamp"),
    )
    return str(next(filter(None, moments), ""))

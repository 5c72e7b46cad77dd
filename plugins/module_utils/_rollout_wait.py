"""PRIVATE to the collection: follow Deployments until every replica is new and available, or say at once why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ._failure import Failure
from ._kubernetes_client import KubernetesClient
from ._kubernetes_kinds import DEPLOYMENT, EVENT, POD, REPLICA_SET, label_selector
from ._kubernetes_watch import Watch, Watched
from ._masking import masked
from ._network import Dropped, Unreachable
from ._progress import report
from ._rollout_state import Cause, Limits, RolloutState

EVENTS_SHOWN = 10

# Seconds between two reports of progress, and the longest time until a pod without a node is judged again.
SAID_EVERY = 2.0

HINTS: Mapping[str, str] = {
    "CrashLoopBackOff": "Read the log lines below; the image runs with them: kubectl logs POD --previous.",
    "OOMKilled": "Raise resources.limits.memory, or find what uses it.",
    "ErrImagePull": "Does the digest exist in the registry, and may the nodes' service account read it?",
    "ImagePullBackOff": "Does the digest exist in the registry, and may the nodes' service account read it?",
    "InvalidImageName": "Mend the image reference.",
    "CreateContainerConfigError": "The Secret, ConfigMap or key that it refers to does not exist in the namespace.",
    "FailedProbes": "Does the service listen on its port, and does the probe ask for a path that it answers?",
    "Unschedulable": "Lower the requests, or let the node pool grow: no node has room for the pod.",
    "FailedCreate": "The namespace does not admit the pod: a quota, or its Pod Security level.",
    "ProgressDeadlineExceeded": "Read the events; nothing became available for progressDeadlineSeconds.",
}


@dataclass(frozen=True)
class Following:
    """What is followed: Deployments of one namespace, how long (seconds), and what counts as failed."""

    namespace: str
    names: tuple[str, ...]
    timeout: float
    limits: Limits
    log_lines: int = 20


@dataclass
class RolloutFailed(Exception):
    """A rollout that will not complete: the cause, and what the cluster said about it."""

    cause: Cause
    events: list[str]
    logs: list[str]

    def failure(self, seconds: float) -> Failure:
        """What a module fails with, without what it did about it."""
        cause = self.cause
        place = f" (pod {cause.pod}, container {cause.container})" if cause.container else ""
        message = f"{cause.deployment} failed after {seconds:.1f} s: {cause.reason}: {cause.message}{place}."
        if self.logs:
            message += f" Last line of its log: {masked(self.logs[-1])}."
        return Failure(cause.reason, message, hint=HINTS.get(cause.reason, ""), facts=self.facts())

    def facts(self) -> dict[str, Any]:
        """`{cause, events, logs}` as result keys, without secrets."""
        told = vars(self.cause)
        return {"cause": masked(dict(told)), "events": masked(self.events), "logs": masked(self.logs)}


def follow(client: KubernetesClient, following: Following, labels: Mapping[str, str]) -> RolloutState:
    """The state once every Deployment is complete; raises RolloutFailed as soon as one will not be.

    One watch sees it all. `labels` are on every pod that matters; without any, all pods of the namespace are watched.
    """
    state = RolloutState(following.limits)
    clock = client.clock
    started = told = clock.now()
    with Watch(client, _lists(following, labels)) as watch:
        while True:
            waited = clock.now() - started
            left = following.timeout - waited
            change = watch.next(min(left, SAID_EVERY))
            if change is not None:
                state.see(change)
            now = clock.now()
            if len(state.objects) == len(WATCHED_KINDS):
                _judge(client, state, following, now)
                if all(state.is_complete(name) for name in following.names):
                    return state
            if now - told >= SAID_EVERY:
                told = now
                _tell(state, following, now - started)
            if left <= 0:
                raise _out_of_time(client, state, following)


WATCHED_KINDS = {"deployments": DEPLOYMENT, "replicasets": REPLICA_SET, "pods": POD, "events": EVENT}


def _lists(following: Following, labels: Mapping[str, str]) -> Sequence[Watched]:
    selected = {"labelSelector": label_selector(labels)} if labels else {}
    # Events carry no labels; those that say that all is well are many and tell nothing here.
    queries = {"events": {"fieldSelector": "type=Warning"}}
    return [
        Watched(name, kind.collection(following.namespace), queries.get(name, selected))
        for name, kind in WATCHED_KINDS.items()
    ]


def _judge(client: KubernetesClient, state: RolloutState, following: Following, now: float) -> None:
    for name in following.names:
        if state.is_complete(name):
            continue
        cause = state.cause(name, now)
        if cause:
            raise explained(client, state, cause, following)


def _tell(state: RolloutState, following: Following, waited: float) -> None:
    for name in following.names:
        if not state.is_complete(name):
            done, wanted, missing = state.progress(name)
            report(f"rollout of {name} ({waited:.0f} s)", missing, done, wanted)


def _out_of_time(client: KubernetesClient, state: RolloutState, following: Following) -> RolloutFailed:
    left = [name for name in following.names if not state.is_complete(name)]
    done, wanted, missing = state.progress(left[0])
    message = f"{done} of {wanted} after {following.timeout:g} s; waiting for {missing}"
    return explained(client, state, Cause("WAIT_TIMEOUT", left[0], message), following)


def explained(client: KubernetesClient, state: RolloutState, cause: Cause, following: Following) -> RolloutFailed:
    """The failure with the last events and log lines of the pod that it is about."""
    subject = cause.pod or cause.deployment
    logs: list[str] = []
    if cause.container:
        logs = _log(client, following, cause, previous=cause.crashed)
        if cause.crashed and not logs:
            logs = _log(client, following, cause, previous=False)
    return RolloutFailed(cause, state.events_of(subject)[-EVENTS_SHOWN:], logs)


def _log(client: KubernetesClient, following: Following, cause: Cause, *, previous: bool) -> list[str]:
    """The last lines of a container, none when there is no log: it never started, or its node does not answer."""
    path = f"{POD.path(following.namespace, cause.pod)}/log"
    query = {"container": cause.container, "tailLines": following.log_lines, "previous": str(previous).lower()}
    try:
        # One attempt: a failure is told at once, with the log where there is one.
        answer = client.raw("GET", f"{path}?{urlencode(query)}", {}, None)
    except (Dropped, Unreachable, Failure):
        return []
    return answer.body.decode("utf-8", "replace").splitlines() if answer.status == 200 else []

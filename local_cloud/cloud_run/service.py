"""What a service's status is to be, given its resource and how far its revisions are; pure functions."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_cloud.cloud_run.revision import Phase

Body = Mapping[str, Any]

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
SUCCEEDED, RECONCILING, FAILED = "CONDITION_SUCCEEDED", "CONDITION_RECONCILING", "CONDITION_FAILED"
# Words of a revision's failure that are a `revisionReason` of a condition; the others are a `reason`.
_REVISION_REASONS = frozenset({"HEALTH_CHECK_CONTAINER_ERROR"})


@dataclass(frozen=True)
class State:
    """How far a revision is, and why it failed."""

    phase: Phase
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Routes:
    """Where requests of a service go: revisions by weight, and by tag."""

    weighted: tuple[tuple[str, int], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def choose(self, tag: str = "") -> str | None:
        """A revision (resource name); None when there is none, or no such tag."""
        if tag:
            return self.tags.get(tag)
        if len(self.weighted) == 1:
            return self.weighted[0][0]
        weights = [weight for _, weight in self.weighted]
        if not sum(weights):
            return None
        return random.choices([name for name, _ in self.weighted], weights)[0]  # noqa: S311 - no secret depends on it

    @property
    def revisions(self) -> frozenset[str]:
        """Every revision that is needed."""
        return frozenset([*(name for name, _ in self.weighted), *self.tags.values()])


def routes(service: Body, latest_ready: str) -> Routes:
    """The routes that `traffic` asks for, with `latest_ready` where it says the latest."""
    weights: dict[str, int] = {}
    tags = {}
    for target in service.get("traffic") or []:
        name = target_name(service, target, latest_ready)
        if not name:
            continue
        if int(target.get("percent") or 0):
            weights[name] = weights.get(name, 0) + int(target["percent"])
        if target.get("tag"):
            tags[str(target["tag"])] = name
    return Routes(tuple(weights.items()), tags)


def target_name(service: Body, target: Body, latest_ready: str) -> str:
    """The revision of a traffic target, as a resource name."""
    revision = str(target.get("revision") or "")
    if revision and target.get("type") != LATEST:
        return revision if "/" in revision else f"{service['name']}/revisions/{revision}"
    return latest_ready


def latest_ready(service: Body, states: Mapping[str, State]) -> str:
    """The newest revision that became ready."""
    created = str(service.get("latestCreatedRevision") or "")
    state = states.get(created)
    if state is not None and state.phase is Phase.READY:
        return created
    return str(service.get("latestReadyRevision") or "")


def status(service: Body, states: Mapping[str, State], existing: Sequence[str]) -> dict[str, Any] | None:
    """The fields of a service's status; None while it is still on its way. `existing` are its revisions' names."""
    created = str(service.get("latestCreatedRevision") or "")
    ready = latest_ready(service, states)
    wanted = routes(service, ready)
    failures = []
    if states.get(created, State(Phase.STARTING)).phase is Phase.FAILED:
        failures.append(("ConfigurationsReady", _not_ready(created, states[created])))
    for name in sorted(wanted.revisions):
        state = states.get(name, State(Phase.STARTING))
        if name not in existing:
            failures.append(("RoutesReady", (f"Revision '{_short(name)}' not found.", "REVISION_FAILED")))
        elif state.phase is Phase.FAILED and name != created:
            failures.append(("RoutesReady", _not_ready(name, state)))
        elif state.phase is Phase.STARTING:
            return None
    if states.get(created, State(Phase.STARTING)).phase is Phase.STARTING:
        return None
    now = stamp()
    kinds = dict(failures)
    conditions = [_condition(kind, now, kinds.get(kind)) for kind in ("RoutesReady", "ConfigurationsReady")]
    return {
        "reconciling": None,
        "observedGeneration": str(service.get("generation", "1")),
        "latestReadyRevision": ready or None,
        "terminalCondition": _condition("Ready", now, failures[0][1] if failures else None),
        "conditions": conditions,
        "trafficStatuses": [_shown(service, target, ready) for target in service.get("traffic") or []],
    }


def revision_status(state: State) -> dict[str, Any]:
    """The fields of a revision's status."""
    now = stamp()
    if state.phase is Phase.STARTING:
        return {}
    failure = (state.message, state.reason) if state.phase is Phase.FAILED else None
    missing = state.reason in ("CONTAINER_MISSING", "CONTAINER_PERMISSION_DENIED")
    return {
        "reconciling": None,
        "observedGeneration": "1",
        "conditions": [
            _condition("Ready", now, failure),
            _condition("ContainerReady", now, failure if missing else None),
            _condition("ContainerHealthy", now, None if missing else failure),
            _condition("ResourcesAvailable", now, None),
        ],
    }


def known_state(revision: Body) -> State | None:
    """What a revision's resource says became of it; None while nothing is known."""
    for condition in revision.get("conditions") or []:
        if condition.get("type") == "Ready" and condition.get("state") == SUCCEEDED:
            return State(Phase.READY)
        if condition.get("type") == "Ready" and condition.get("state") == FAILED:
            reason = condition.get("revisionReason") or condition.get("reason") or ""
            return State(Phase.FAILED, str(reason), str(condition.get("message", "")))
    return None


def _not_ready(name: str, state: State) -> tuple[str, str]:
    return f"Revision '{_short(name)}' is not ready and cannot serve traffic. {state.message}", "REVISION_FAILED"


def _condition(kind: str, now: str, failure: tuple[str, str] | None) -> dict[str, Any]:
    if failure is None:
        return {"type": kind, "state": SUCCEEDED, "lastTransitionTime": now}
    message, reason = failure
    word = "revisionReason" if reason in _REVISION_REASONS else "reason"
    return {"type": kind, "state": FAILED, "message": message, "lastTransitionTime": now, word: reason}


def _shown(service: Body, target: Body, ready: str) -> dict[str, Any]:
    shown = dict(target)
    shown["revision"] = _short(target_name(service, target, ready))
    if target.get("tag"):
        shown["uri"] = str(service.get("uri", "")).replace("https://", f"https://{target['tag']}---", 1)
    return shown


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def stamp() -> str:
    """Now, as Google writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

"""PRIVATE to the collection: bring a set of manifests into a cluster, all of it or none: what fails is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._applied_fields import applied
from ._failure import Failure
from ._kubernetes_access import still_to_come
from ._kubernetes_client import FIELD_MANAGER, KubernetesClient
from ._kubernetes_kinds import AUTOSCALER, DEPLOYMENT
from ._manifests import Member, difference, essence, members, secret_values, validate
from ._progress import report
from ._rollout_state import Limits, is_complete, revision_of, wanted_replicas
from ._rollout_wait import Following, RolloutFailed, follow

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# Sets the number of replicas when a Deployment that an autoscaler governs is made; the autoscaler takes it from there.
REPLICAS_MANAGER = "presidential-digs-replicas"


@dataclass
class Looked:
    """One object of the set before anything is done. `live` is None when there is none; `after` is what it will be."""

    member: Member
    live: dict[str, Any] | None
    after: dict[str, Any]
    assumed: bool = False
    """Whether `after` is only the manifest, since the namespace is still to come."""

    verb: str = ""
    """`create`, `update` or `none`."""

    def __post_init__(self) -> None:
        self.verb = "create"
        if self.live is not None:
            self.verb = "none" if essence(self.live) == essence(self.after) else "update"


@dataclass
class Rollout:
    """One set on its way into a cluster."""

    client: KubernetesClient
    params: Mapping[str, Any]
    set: list[Member]
    looked: list[Looked] = field(default_factory=list)

    @property
    def changes(self) -> list[Looked]:
        return [one for one in self.looked if one.verb != "none"]

    @property
    def deployments(self) -> list[Looked]:
        return [one for one in self.looked if one.member.kind == DEPLOYMENT]

    def look(self) -> None:
        """Ask the server what each object is and what applying it would make of it."""
        self.looked = self.client.side_by_side(self._look, self.set)

    def _look(self, member: Member) -> Looked:
        live = self.client.find(member.path)
        if live is not None and applied(live, FIELD_MANAGER) == member.manifest:
            # All that we declare is there and nothing else is ours: applying it again could change nothing.
            return Looked(member, live, live)
        try:
            return Looked(member, live, self.client.apply(member.path, member.manifest, dry_run=True))
        except Failure as failure:
            coming = any(one.kind.name == "Namespace" and one.name == member.namespace for one in self.set)
            if live is None and failure.status == 404 and coming:
                return Looked(member, None, member.manifest, assumed=True)
            raise

    def apply(self) -> None:
        """Make the changes, wave by wave, the objects of a wave side by side."""
        for wave in sorted({one.member.wave for one in self.changes}):
            self.client.side_by_side(self._apply, [one for one in self.changes if one.member.wave == wave])
            waiting = [one for one in self.looked if one.assumed and one.member.wave > wave]
            if waiting:
                # The namespace is there now: the server refuses what it will refuse before anything is made in it.
                found = iter(self.client.side_by_side(self._look, [one.member for one in waiting]))
                self.looked = [next(found) if one in waiting else one for one in self.looked]

    def _apply(self, one: Looked) -> None:
        one.after = self.client.apply(one.member.path, one.member.manifest)
        if one.live is None and one.member.kind == DEPLOYMENT:
            least = self._least_replicas(one.member)
            if least > wanted_replicas(one.after):
                one.after = self.client.merge(one.member.path, {"spec": {"replicas": least}}, REPLICAS_MANAGER)

    def _least_replicas(self, deployment: Member) -> int:
        """How many replicas the set's autoscaler wants of a Deployment that states no number itself."""
        if "replicas" in deployment.manifest.get("spec", {}):
            return 0
        for one in self.set:
            spec = one.manifest.get("spec") or {}
            if one.kind == AUTOSCALER and (spec.get("scaleTargetRef") or {}).get("name") == deployment.name:
                return int(spec.get("minReplicas") or 1)
        return 0

    def unfinished(self) -> list[Looked]:
        """Deployments that are changed, or that an earlier run left on their way."""
        return [one for one in self.deployments if one.verb != "none" or not is_complete(one.after)]

    def following(self, names: Sequence[str]) -> tuple[Following, dict[str, str]]:
        """What to follow, and the labels that all its pods share."""
        params = self.params
        limits = Limits(params["failed_probes"], params["unschedulable_timeout"])
        timeout = float(params["wait_timeout"])
        following = Following(params["namespace"], tuple(names), timeout, limits, params["log_lines"])
        labels = [one.member.manifest["spec"]["template"]["metadata"].get("labels") or {} for one in self.deployments]
        shared = {key: value for key, value in labels[0].items() if all(one.get(key) == value for one in labels)}
        # A label that only this set's template has would leave out the pods of the revision before.
        own = self.deployments[0].member.manifest["spec"]["selector"].get("matchLabels") or {}
        return following, {key: value for key, value in shared.items() if key in own}

    def restore(self) -> dict[str, Any]:
        """Put back every object that was changed, take away what was made, and see the Deployments serve again."""
        before = [one for one in self.changes if one.live is not None]
        for wave in sorted({one.member.wave for one in before}):
            group = [one for one in before if one.member.wave == wave]
            self.client.side_by_side(
                lambda one: self.client.apply(one.member.path, applied(one.live or {}, FIELD_MANAGER)), group
            )
        made = [one for one in self.changes if one.live is None and one.member.kind.name != "Namespace"]
        self.client.side_by_side(lambda one: self.client.delete(one.member.path), made)
        names = [one.member.name for one in self.deployments if one.live is not None]
        try:
            follow(self.client, *self.following(names))
        except RolloutFailed as failed:
            return {"serving": False, "evidence": str(failed.failure(0.0).message), "deployments": {}}
        found = {name: described(self.client.get(DEPLOYMENT.path(self.params["namespace"], name))) for name in names}
        told = [f"{name}: {one['available']} of {one['replicas']} available" for name, one in found.items()]
        return {"serving": True, "evidence": ", ".join(told), "deployments": found}


def roll_out(module: AnsibleModule) -> dict[str, Any]:
    """The function of the module `rollout`."""
    params = module.params
    validate(params["manifests"])
    secrets = params["secrets"] or {}
    module.no_log_values.update(value for value in secret_values(params["manifests"], secrets) if value)
    try:
        client = KubernetesClient.from_params(params)
    except Failure as failure:
        assumed = still_to_come(params, failure) if module.check_mode else ""
        if not assumed:
            raise
        return _all_new(params["manifests"]) | {"assumed": assumed}
    rollout = Rollout(client, params, members(client, params["manifests"], params["namespace"], secrets))
    rollout.look()
    result: dict[str, Any] = {"changed": bool(rollout.changes), "diff": _diff(rollout), "objects": _objects(rollout)}
    if module.check_mode:
        return result | {"deployments": {one.member.name: described(one.after) for one in rollout.deployments}}
    started = client.clock.now()
    rollout.apply()
    unfinished = [one.member.name for one in rollout.unfinished()]
    events: list[str] = []
    if unfinished and params["wait"]:
        report(f"rollout of {', '.join(unfinished)}", "replicas of the new revision")
        events = _see_through(rollout, unfinished, started)
    seconds = round(client.clock.now() - started, 1)
    return result | {"deployments": _now(rollout, bool(rollout.changes)), "seconds": seconds, "events": events}


def _all_new(manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The prediction for a cluster that is still to come."""
    shown = {f"{one['kind']}/{one['metadata']['name']}": difference({}, one)[1] for one in manifests}
    objects = [{"object": label, "action": "create"} for label in shown]
    return {"changed": True, "diff": {"before": {}, "after": shown}, "objects": objects, "deployments": {}}


def _see_through(rollout: Rollout, names: Sequence[str], started: float) -> list[str]:
    """Follow until all is well; when it will not be, restore the set and fail with both. The last warnings."""
    try:
        state = follow(rollout.client, *rollout.following(names))
    except RolloutFailed as failed:
        failure = failed.failure(rollout.client.clock.now() - started)
        failure.facts["objects"] = _objects(rollout)
        had_before = any(one.live is not None for one in rollout.deployments)
        if not (rollout.params["undo"] and had_before and rollout.changes):
            failure.message += " Nothing was taken back." + ("" if had_before else " There was no revision before.")
            raise failure from failed
        report(f"rollout of {', '.join(names)}", "the revision before to serve again")
        undone = rollout.restore()
        failure.facts["undone"] = undone
        said = "serves again" if undone["serving"] else "does NOT serve"
        failure.message += f" The set was restored and {said} ({undone['evidence']})."
        raise failure from failed
    return [event for name in names for event in state.events_of(name)]


def described(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """What a result says of a Deployment: revision, image and its digest, replicas wanted, updated and available."""
    status = deployment.get("status") or {}
    containers = deployment["spec"]["template"]["spec"]["containers"]
    image = str(containers[0].get("image", ""))
    return {
        "revision": revision_of(deployment),
        "image": image,
        "digest": image.partition("@")[2],
        "replicas": wanted_replicas(deployment),
        "updated": status.get("updatedReplicas", 0),
        "available": status.get("availableReplicas", 0),
        "complete": is_complete(deployment),
    }


def _now(rollout: Rollout, is_changed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in rollout.deployments:
        live = rollout.client.get(one.member.path) if is_changed or not is_complete(one.after) else one.after
        previous = revision_of(one.live) if one.live else 0
        found[one.member.name] = described(live) | {"previous_revision": previous}
    return found


def _objects(rollout: Rollout) -> list[dict[str, str]]:
    return [{"object": one.member.label, "action": one.verb} for one in rollout.looked]


def _diff(rollout: Rollout) -> dict[str, Any]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for one in rollout.changes:
        wanted = one.member.manifest if one.assumed else applied(one.after, FIELD_MANAGER)
        known = applied(one.live, FIELD_MANAGER) if one.live else {}
        shown = difference(known, wanted)
        if shown[0] == shown[1]:
            # Not what we declare differs but what somebody else did to it.
            shown = difference(essence(one.live or {}), essence(one.after))
        before[one.member.label], after[one.member.label] = shown
    return {"before": before, "after": after}

"""PRIVATE to the collection: take a Deployment back to a revision that its ReplicaSets remember, and say what is."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ._applied_fields import applied
from ._failure import Failure, invalid
from ._kubernetes_client import FIELD_MANAGER, KubernetesClient
from ._kubernetes_kinds import DEPLOYMENT, REPLICA_SET, SERVICE, label_selector
from ._manifests import difference, essence
from ._rollout import described
from ._rollout_state import Limits, is_complete, revision_of
from ._rollout_wait import Following, RolloutFailed, follow

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# The controller's own label on the template of a ReplicaSet.
HASH = "pod-template-hash"


def undo(module: AnsibleModule) -> dict[str, Any]:
    """The function of the module `rollout_undo`."""
    params = module.params
    client = KubernetesClient.from_params(params)
    path = DEPLOYMENT.path(params["namespace"], params["name"])
    live = client.get(path)
    target = _target(client, live, params["to_revision"])
    wanted = applied(live, FIELD_MANAGER)
    wanted["spec"] = {**wanted.get("spec", {}), "template": _template(target)}
    # What a template needs to be valid by itself although somebody else may have applied it.
    wanted["spec"].setdefault("selector", live["spec"]["selector"])
    predicted = client.apply(path, wanted, dry_run=True)
    before, after = difference(essence(live)["spec"], essence(predicted)["spec"])
    changed = essence(live) != essence(predicted)
    result: dict[str, Any] = {"changed": changed, "diff": {"before": before, "after": after}}
    restored = {"from_revision": revision_of(live), "to_revision": revision_of(target)}
    if module.check_mode:
        return result | {"rollout": described(predicted) | restored}
    if changed:
        client.apply(path, wanted)
    if changed or not is_complete(live):
        _see_through(client, params, live)
    return result | {"rollout": described(client.get(path)) | restored}


def _target(client: KubernetesClient, live: Mapping[str, Any], revision: int | None) -> dict[str, Any]:
    """The ReplicaSet of a revision, without one of the newest before the present."""
    known = {revision_of(one): one for one in replica_sets(client, live)}
    present = revision_of(live)
    earlier = sorted(number for number in known if number < present)
    if revision is None:
        if not earlier:
            name = live["metadata"]["name"]
            hint = "Give to_revision, or roll out the image that is wanted."
            raise Failure(
                "NO_EARLIER_REVISION", f"{name} is at revision {present} and remembers no earlier one.", hint=hint
            )
        return known[earlier[-1]]
    if revision not in known:
        raise invalid("to_revision", revision, f"one that is remembered: {', '.join(map(str, sorted(known)))}")
    return known[revision]


def replica_sets(client: KubernetesClient, deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ReplicaSets of a Deployment, oldest revision first."""
    metadata = deployment["metadata"]
    selected = {"labelSelector": label_selector(deployment["spec"]["selector"].get("matchLabels") or {})}
    found = client.items(REPLICA_SET.collection(metadata["namespace"]), selected)
    own = [
        one for one in found if any(ref["uid"] == metadata["uid"] for ref in one["metadata"].get("ownerReferences", ()))
    ]
    return sorted(own, key=revision_of)


def _template(replica_set: Mapping[str, Any]) -> dict[str, Any]:
    template: dict[str, Any] = deepcopy(replica_set["spec"]["template"])
    template["metadata"] = {key: value for key, value in template["metadata"].items() if key != "creationTimestamp"}
    template["metadata"]["labels"] = {k: v for k, v in template["metadata"].get("labels", {}).items() if k != HASH}
    return template


def _see_through(client: KubernetesClient, params: Mapping[str, Any], live: Mapping[str, Any]) -> None:
    limits = Limits(params["failed_probes"], params["unschedulable_timeout"])
    following = Following(
        params["namespace"], (params["name"],), float(params["wait_timeout"]), limits, params["log_lines"]
    )
    started = client.clock.now()
    try:
        follow(client, following, live["spec"]["selector"].get("matchLabels") or {})
    except RolloutFailed as failed:
        raise failed.failure(client.clock.now() - started) from failed


def status(module: AnsibleModule) -> dict[str, Any]:
    """The function of the module `rollout_status`."""
    params = module.params
    client = KubernetesClient.from_params(params)
    selected = {"labelSelector": label_selector(params["labels"])} if params["labels"] else {}
    listed = client.side_by_side(
        lambda kind: client.items(kind.collection(params["namespace"]), selected), (DEPLOYMENT, SERVICE)
    )
    wanted = params["names"]
    deployments, services = (
        {one["metadata"]["name"]: one for one in found if not wanted or one["metadata"]["name"] in wanted}
        for found in listed
    )
    histories = client.side_by_side(lambda one: _history(client, one), deployments.values())
    return {
        "changed": False,
        "deployments": {
            name: described(one) | {"history": history}
            for (name, one), history in zip(deployments.items(), histories, strict=True)
        },
        "services": {name: address_of(one) for name, one in services.items()},
    }


def _history(client: KubernetesClient, deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "revision": revision_of(one),
            "image": one["spec"]["template"]["spec"]["containers"][0].get("image", ""),
            "replicas": (one.get("status") or {}).get("replicas", 0),
        }
        for one in replica_sets(client, deployment)
    ]


def address_of(service: Mapping[str, Any]) -> dict[str, Any]:
    """`{type, cluster_ip, address, port}`; `address` is the load balancer's, empty as long as there is none."""
    spec = service.get("spec") or {}
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    return {
        "type": spec.get("type", "ClusterIP"),
        "cluster_ip": spec.get("clusterIP", ""),
        "address": ingress[0].get("ip") or ingress[0].get("hostname") or "",
        "port": (spec.get("ports") or [{}])[0].get("port", 0),
    }

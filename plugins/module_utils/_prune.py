"""PRIVATE to the collection: delete what an owner made in a namespace and no longer wants, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._failure import Failure, invalid
from ._kubernetes_access import still_to_come
from ._kubernetes_client import KubernetesClient
from ._kubernetes_kinds import KINDS, NAMESPACE, REPLICA_SET, Kind, label_selector
from ._kubernetes_watch import DELETED, LISTED, Watch, Watched
from ._progress import report

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

OWNER_LABEL = "app.kubernetes.io/managed-by"

PRUNABLE = (
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Service",
    "NetworkPolicy",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
)
"""In the order in which they are deleted: what runs goes before what it uses."""

# Seconds between two reports of progress.
SAID_EVERY = 2.0


def prune(module: AnsibleModule) -> dict[str, Any]:
    """The function of the module `prune`."""
    params = module.params
    validate(params)
    try:
        client = KubernetesClient.from_params(params)
    except Failure as failure:
        assumed = still_to_come(params, failure) if module.check_mode else ""
        if not assumed:
            raise
        nothing: dict[str, Any] = {"diff": {"before": {}, "after": {}}, "pruned": [], "kept": [], "spared": []}
        return {"changed": False, "assumed": assumed} | nothing
    wanted = [name for name in (*PRUNABLE, NAMESPACE.name) if name in params["kinds"]]
    kinds = [kind for name in wanted for kind in KINDS.values() if kind.name == name]
    found = _owned(client, kinds, params)
    history = set(_in_history(client, params["namespace"]))
    keep = set(params["keep"])
    surplus = {label: one for label, one in found.items() if label not in keep}
    spared = sorted(label for label in surplus if label in history)
    doomed = {label: one for label, one in surplus.items() if label not in history}
    for label, one in doomed.items():
        kind = next(kind for kind in kinds if kind.name == label.partition("/")[0])
        metadata = one["metadata"]
        path = kind.path(metadata.get("namespace", ""), metadata["name"])
        client.delete(path, dry_run=module.check_mode, uid=metadata["uid"])
    if NAMESPACE in kinds and f"{NAMESPACE.name}/{params['namespace']}" not in keep and not module.check_mode:
        _await_end(client, params["namespace"], params["wait_timeout"])
    return {
        "changed": bool(doomed),
        "diff": {"before": dict.fromkeys(doomed, "present"), "after": {}},
        "pruned": list(doomed),
        "kept": sorted(label for label in found if label in keep),
        "spared": spared,
    }


def validate(params: Mapping[str, Any]) -> None:
    """Refuse to look for anything that no owner is named for."""
    if not params["labels"].get(OWNER_LABEL):
        raise Failure(
            "INVALID_OPTION",
            f"labels: {OWNER_LABEL} is missing; without an owner's label nothing is deleted.",
            hint="Give the labels that the rollout put on everything it made.",
        )
    for entry in params["keep"]:
        if entry.count("/") != 1:
            raise invalid("keep", entry, "KIND/NAME such as Deployment/auth-service")


def _owned(client: KubernetesClient, kinds: list[Kind], params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the owner made, by `Kind/name`, in the order of deletion; what a controller made of it goes with it."""
    selected = {"labelSelector": label_selector(params["labels"])}
    by_name = {"fieldSelector": f"metadata.name={params['namespace']}"}

    def listing(kind: Kind) -> list[dict[str, Any]]:
        return client.items(kind.collection(params["namespace"]), selected | (by_name if kind is NAMESPACE else {}))

    listed = client.side_by_side(listing, kinds)
    return {
        f"{kind.name}/{one['metadata']['name']}": one
        for kind, found in zip(kinds, listed, strict=True)
        for one in found
        if not one["metadata"].get("ownerReferences") and "deletionTimestamp" not in one["metadata"]
    }


def _await_end(client: KubernetesClient, namespace: str, timeout: float) -> None:
    """Wait until a namespace that is being deleted is gone, and with it what its finalizers stand for outside.

    Raises Failure `WAIT_TIMEOUT` with what the cluster says is left.
    """
    started = client.clock.now()
    query = {"fieldSelector": f"metadata.name={namespace}"}
    told = "what is in it to go"
    with Watch(client, [Watched("namespaces", NAMESPACE.collection(""), query)]) as watch:
        while True:
            waited = client.clock.now() - started
            if waited >= timeout:
                raise Failure("WAIT_TIMEOUT", f"Namespace {namespace} is not gone after {timeout:g} s: {told}.")
            change = watch.next(min(timeout - waited, SAID_EVERY))
            if change is None:
                report(f"namespace {namespace}", told, round(waited, 1), timeout)
                continue
            leaving = [one for one in change.objects if "deletionTimestamp" in one["metadata"]]
            if change.type == DELETED or (change.type == LISTED and not leaving):
                return
            told = next(filter(None, map(_left_in, leaving)), told)


def _left_in(namespace: Mapping[str, Any]) -> str:
    """What the cluster says a namespace that ends still holds, empty when it says nothing."""
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    return "; ".join(one["message"] for one in conditions if one["status"] == "True")


def _in_history(client: KubernetesClient, namespace: str) -> Iterator[str]:
    """`Kind/name` of what a remembered revision of a Deployment refers to: taking it back needs these."""
    for replica_set in client.items(REPLICA_SET.collection(namespace)):
        spec = replica_set["spec"]["template"]["spec"]
        for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
            for source in container.get("envFrom") or ():
                yield from _named(source.get("configMapRef"), source.get("secretRef"))
            for variable in container.get("env") or ():
                source = variable.get("valueFrom") or {}
                yield from _named(source.get("configMapKeyRef"), source.get("secretKeyRef"))
        for volume in spec.get("volumes") or ():
            yield from _named(volume.get("configMap"), {"name": (volume.get("secret") or {}).get("secretName")})


def _named(config_map: Mapping[str, Any] | None, secret: Mapping[str, Any] | None) -> Iterator[str]:
    if config_map and config_map.get("name"):
        yield f"ConfigMap/{config_map['name']}"
    if secret and secret.get("name"):
        yield f"Secret/{secret['name']}"

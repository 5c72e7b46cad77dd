"""The IAM permissions of Kubernetes' own objects: `container.pods.get` and its like.

https://cloud.google.com/kubernetes-engine/docs/reference/iam-permissions has the list; the names follow from the kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def _words(text: str) -> list[str]:
    return text.split()


# Kinds by the noun of their permissions; the plural that the API serves is the same in lower case.
_KINDS = _words(
    "apiServices bindings certificateSigningRequests clusterRoleBindings clusterRoles configMaps"
    " controllerRevisions cronJobs csiDrivers csiNodes customResourceDefinitions daemonSets deployments endpointSlices"
    " endpoints events horizontalPodAutoscalers ingresses jobs leases limitRanges"
    " mutatingWebhookConfigurations namespaces networkPolicies nodes persistentVolumeClaims persistentVolumes"
    " podDisruptionBudgets podTemplates pods priorityClasses replicaSets replicationControllers resourceQuotas"
    " roleBindings roles runtimeClasses secrets serviceAccounts"
    " services statefulSets storageClasses validatingWebhookConfigurations"
    " volumeAttachments"
)
# Questions to the API, which are made and never kept.
_REVIEWS = (
    "localSubjectAccessReviews",
    "selfSubjectAccessReviews",
    "selfSubjectRulesReviews",
    "subjectAccessReviews",
    "tokenReviews",
)
# What is no kind of Kubernetes itself.
CUSTOM = "thirdPartyObjects"
_NOUNS: Mapping[str, str] = {kind.lower(): kind for kind in (*_KINDS, *_REVIEWS, "componentStatuses")}
_VERBS = ("create", "delete", "get", "list", "update")
# Groups of Kubernetes itself have no dot, or end so.
_OWN_GROUPS = ".k8s.io"

# Verb of a request → verb of the permission.
_AS: Mapping[str, str] = {
    **{verb: verb for verb in _VERBS},
    "watch": "list",
    "patch": "update",
    "deletecollection": "delete",
    "bind": "bind",
    "escalate": "escalate",
}
# Subresource → verb of the permission, whatever the verb of the request.
_SUBRESOURCES: Mapping[str, str] = {
    "attach": "attach",
    "binding": "create",
    "eviction": "evict",
    "ephemeralcontainers": "update",
    "exec": "exec",
    "finalize": "finalize",
    "log": "getLogs",
    "portforward": "portForward",
    "proxy": "proxy",
    "resize": "update",
    "token": "createToken",
}
# Subresources that are read with one permission and written with another: its word, and the nouns that have it. Those
# of other kinds are read and written with the object's own.
_PARTS: Mapping[str, tuple[str, frozenset[str]]] = {
    "scale": ("Scale", frozenset({"deployments", "replicaSets", "replicationControllers", "statefulSets"})),
    "status": (
        "Status",
        frozenset(
            _words(
                "apiServices certificateSigningRequests cronJobs customResourceDefinitions daemonSets deployments"
                " horizontalPodAutoscalers ingresses jobs namespaces nodes persistentVolumeClaims persistentVolumes"
                " podDisruptionBudgets pods replicaSets replicationControllers resourceQuotas services statefulSets"
                " volumeAttachments"
            )
        ),
    ),
}
_OF_PODS = ("attach", "evict", "exec", "getLogs", "portForward", "proxy")
_OF_OTHERS: Mapping[str, Sequence[str]] = {
    "pods": _OF_PODS,
    "nodes": ("proxy",),
    "services": ("proxy",),
    "namespaces": ("finalize",),
    "serviceAccounts": ("createToken",),
    "roles": ("bind", "escalate"),
    "clusterRoles": ("bind", "escalate"),
    "certificateSigningRequests": ("approve",),
    "componentStatuses": ("get", "list"),
}


def permission(verb: str, group: str, resource: str, subresource: str) -> str | None:
    """The permission that a request to the API server needs; None when no role of IAM can allow it."""
    own = "." not in group or group.endswith(_OWN_GROUPS)
    noun = _NOUNS.get(resource) if own else CUSTOM
    noun = noun or CUSTOM
    wanted = _AS.get(verb)
    if subresource in _PARTS and wanted is not None:
        word, nouns = _PARTS[subresource]
        wanted = ("get" if wanted in ("get", "list") else "update") + (word if noun in nouns else "")
    elif subresource:
        wanted = _SUBRESOURCES.get(subresource, wanted)
    return f"container.{noun}.{wanted}" if wanted else None


def permissions() -> list[str]:
    """Every permission there is for objects."""
    found = [f"container.{noun}.{verb}" for noun in (*_KINDS, CUSTOM) for verb in _VERBS]
    for word, nouns in _PARTS.values():
        found += [f"container.{noun}.{way}{word}" for noun in sorted(nouns) for way in ("get", "update")]
    found += [f"container.{noun}.create" for noun in _REVIEWS]
    return found + [f"container.{noun}.{verb}" for noun, verbs in _OF_OTHERS.items() for verb in verbs]

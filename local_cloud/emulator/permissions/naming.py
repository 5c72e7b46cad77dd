"""The permissions a method needs: the API's own naming rule, and each profile's table of exceptions."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloud.emulator.discovery import Method
    from local_cloud.emulator.profile import Profile

_CONTAINERS = frozenset({"projects", "locations", "organizations", "folders", "billingAccounts"})
# Method name → verbs of its permissions, where they differ (https://cloud.google.com/iam/docs/permissions-reference).
_VERBS = {
    "insert": ("create",),
    "patch": ("get", "update"),
    "aggregatedList": ("list",),
    "search": ("get",),
    "getNamespaced": ("get",),
}
# Anyone may ask what they may do, and look at the operations they started.
_FREE = frozenset({"testIamPermissions"})


def required(profile: Profile, method: Method) -> tuple[str, ...]:
    """Every permission `method` needs (all of them); empty for a method that needs none."""
    name = f"{method.collection}.{method.verb}"
    own = profile.permissions.get(f"{method.document.version}:{name}", profile.permissions.get(name))
    if own is not None:
        return tuple(own)
    if method.verb in _FREE or method.collection.lower().endswith("operations"):
        return ()
    noun = profile.permission_nouns.get(method.collection) or _noun(method.collection)
    prefix = profile.permission_prefix or profile.api
    return tuple(f"{prefix}.{noun}.{verb}" for verb in _VERBS.get(method.verb, (method.verb,)))


def _noun(collection: str) -> str:
    parts = collection.split(".")
    plain = [part for part in parts if part not in _CONTAINERS]
    return (plain or parts)[-1]


def served(profile: Profile, methods: Iterator[Method], standard: Container[str]) -> frozenset[str]:
    """Every permission that some implemented method of a profile needs; `standard` are the verbs that any type has."""
    wanted: set[str] = set(profile.extra_permissions)
    for method in methods:
        typed = profile.type_of(method.collection) is not None and method.verb in standard
        if typed or f"{method.collection}.{method.verb}" in profile.methods:
            wanted.update(required(profile, method))
    return frozenset(wanted)

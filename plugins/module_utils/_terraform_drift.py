"""PRIVATE to the collection: tell what somebody changed outside of Terraform from what a refresh merely reads back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Resource = Mapping[str, Any]

# What stands before `projects/` in a link to a resource of Google's, e.g. https://compute.googleapis.com/compute/v1/.
_LINK = re.compile(r"^(?:https:)?//[a-z.]+\.googleapis\.com/(?:(?:[a-z]+/)?v[0-9]\w*/)?(?=projects/)")


def settled_drift(resources: Iterable[Resource]) -> Iterator[dict[str, Any]]:
    """Yield the entries of `resource_drift` that differ, without the differences that mean nothing.

    A provider keeps null for what was not set and reads back an empty value, so the first refresh after an apply finds
    `labels` changed from null to {}. It keeps a link inside a set as the configuration spelled it,
    `projects/p/global/networks/n`, and reads back the whole URL. Neither is drift.
    """
    for resource in resources:
        change = resource["change"]
        after = _settled(change.get("before"), change.get("after"))
        if after != change.get("before"):
            yield {**resource, "change": {**change, "after": after}}


def settable_drift(resources: Iterable[Resource], schemas: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the entries of `resource_drift` that differ in what a configuration can set, or that are gone.

    What only Google sets, such as a fingerprint or the users of an address, follows from other changes, often of the
    same apply, and no apply can put it back. `schemas` is what `terraform providers schema -json` prints.
    """
    for resource in resources:
        change = resource["change"]
        provider = schemas.get("provider_schemas", {}).get(resource.get("provider_name"), {})
        block = provider.get("resource_schemas", {}).get(resource["type"], {}).get("block")
        if block is None or change.get("after") is None:
            yield dict(resource)
            continue
        before, after = (_settable(change.get(side), block) for side in ("before", "after"))
        if before != after:
            yield {**resource, "change": {**change, "before": before, "after": after}}


def _settled(before: Any, after: Any) -> Any:
    """Return `after` with what was null before and is empty now (or the other way round) and links put back."""
    if before is None or after is None:
        return before if not before and not after else after
    if isinstance(before, str) and isinstance(after, str):
        return before if _LINK.sub("", before) == _LINK.sub("", after) else after
    if isinstance(before, dict) and isinstance(after, dict):
        settled = {key: _settled(before.get(key), item) for key, item in after.items()}
        return {key: item for key, item in settled.items() if key in before or item is not None}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [_settled(*pair) for pair in zip(before, after, strict=True)]
    return after


def _settable(value: Any, block: Mapping[str, Any]) -> Any:
    """Return an object, or a list of them, without the attributes of its block that only the provider sets."""
    if isinstance(value, list):
        return [_settable(item, block) for item in value]
    if not isinstance(value, dict):
        return value
    attributes = block.get("attributes", {})
    inner = {name: kind.get("block", {}) for name, kind in block.get("block_types", {}).items()}
    return {
        name: _settable(item, inner[name]) if name in inner else item
        for name, item in value.items()
        if not _only_the_provider_sets(attributes.get(name, {}))
    }


def _only_the_provider_sets(attribute: Mapping[str, Any]) -> bool:
    return bool(attribute.get("computed")) and not attribute.get("optional") and not attribute.get("required")

"""PRIVATE to the collection: what of a live object somebody applied, from the managed fields that the server keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def applied(live: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """The object as `manager` last applied it: applying it again restores those fields and takes away later ones.

    Without an entry of the manager only what names the object.
    """
    metadata = live.get("metadata") or {}
    named = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    result: dict[str, Any] = {"apiVersion": live.get("apiVersion"), "kind": live.get("kind"), "metadata": named}
    for entry in metadata.get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            owned = _owned(live, entry.get("fieldsV1") or {})
            result |= {key: value for key, value in owned.items() if key != "metadata"}
            result["metadata"] = {**owned.get("metadata", {}), **named}
    return result


def _owned(value: Any, fields: Mapping[str, Any]) -> Any:
    """`value` cut down to `fields` (the FieldsV1 form: f:NAME, k:KEYS of a list item, v:ITEM of a set)."""
    inner = {key: sub for key, sub in fields.items() if key != "."}
    if not inner:
        return deepcopy(value)
    if isinstance(value, Mapping):
        return {key[2:]: _owned(value[key[2:]], sub) for key, sub in inner.items() if key[2:] in value}
    if isinstance(value, list):
        return [cut for item in value if (cut := _owned_item(item, inner)) is not None]
    return deepcopy(value)


def _owned_item(item: Any, fields: Mapping[str, Any]) -> Any:
    """A list's item cut down, None when none of `fields` is about it."""
    for key, sub in fields.items():
        meant = json.loads(key[2:])
        if key.startswith("v:") and item == meant:
            return deepcopy(item)
        if key.startswith("k:") and isinstance(item, Mapping) and all(item.get(name) == meant[name] for name in meant):
            return {**meant, **_owned(item, sub)} if set(sub) - {"."} else dict(meant)
    return None

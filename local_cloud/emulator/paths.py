"""Dotted field paths into JSON: `routingConfig.routingMode`, and `peerings[].network` for every element of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Body = dict[str, Any]


def get_path(body: Any, path: str, default: Any = None) -> Any:
    """The value at `path`, or `default`."""
    for part in path.split("."):
        if not isinstance(body, Mapping) or part not in body:
            return default
        body = body[part]
    return body


def set_path(body: Body, path: str, value: Any) -> None:
    """Set the value at `path`, making objects on the way."""
    *parents, last = path.split(".")
    for part in parents:
        child = body.get(part)
        if not isinstance(child, dict):
            child = body[part] = {}
        body = child
    body[last] = value


def remove_path(body: Body, path: str) -> None:
    """Take the value at `path` away; nothing happens where there is none."""
    *parents, last = path.split(".")
    for part in parents:
        child = body.get(part)
        if not isinstance(child, dict):
            return
        body = child
    body.pop(last, None)


def slots(body: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value at `path`, which may walk lists (`a[].b`, `a[]`)."""
    head, _, rest = path.partition(".")
    listed = head.endswith("[]")
    key = head.removesuffix("[]")
    if not isinstance(body, dict) or key not in body:
        return
    if not listed:
        yield from slots(body[key], rest) if rest else [(body, key)]
        return
    for index, item in enumerate(body[key] or []):
        yield from slots(item, rest) if rest else [(body[key], index)]


def merged(before: Any, change: Any) -> Any:
    """`before` with `change` laid over it: objects merge, a null removes, everything else replaces (JSON merge patch,
    RFC 7396)."""
    if not isinstance(change, Mapping):
        return change
    result = dict(before) if isinstance(before, Mapping) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def without_nulls(value: Any) -> Any:
    """`value` without null fields, at every depth."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value

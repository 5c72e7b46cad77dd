"""PRIVATE to the collection: pure functions that lay what is declared over what is there, removals included."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

ABSENT: tuple[Any, ...] = (None, "", False, 0, [], {})
"""JSON forms of `not set`: an API that speaks protocol buffers leaves such fields out of its answers."""


def says_nothing(value: Any) -> bool:
    """Whether a field with this value reads the same as a field that is not there."""
    if isinstance(value, Mapping):
        return all(says_nothing(item) for item in value.values())
    return value in ABSENT


def overlay(before: Mapping[str, Any], desired: Mapping[str, Any], whole: Collection[str] = ()) -> dict[str, Any]:
    """`before` with every declared field as declared.

    A nested object is merged field by field, except where its dotted path is in `whole` (labels and other maps whose
    keys are the user's): there what is not declared is removed. Lists are always replaced. A field declared empty is
    removed.
    """
    return _overlay(before, desired, whole, "")


def _overlay(before: Mapping[str, Any], desired: Mapping[str, Any], whole: Collection[str], at: str) -> dict[str, Any]:
    after = deepcopy(dict(before))
    for key, declaration in desired.items():
        path = f"{at}{key}"
        present = before.get(key)
        wanted = declaration
        if isinstance(declaration, Mapping) and path not in whole:
            wanted = _overlay(present if isinstance(present, Mapping) else {}, declaration, whole, f"{path}.")
        if says_nothing(wanted):
            if not says_nothing(present):
                after.pop(key, None)
        else:
            after[key] = deepcopy(wanted)
    return after


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The top-level fields that differ, sorted; one that is left out equals one that says nothing."""
    return sorted(key for key in {*before, *after} if _differs(before.get(key), after.get(key)))


def _differs(one: Any, other: Any) -> bool:
    return one != other and not (says_nothing(one) and says_nothing(other))


def restricted(value: Any, like: Any) -> Any:
    """`value` cut down to the keys that `like` has, at every depth of nested objects; fields that say nothing go."""
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return {
            key: restricted(value[key], item)
            for key, item in like.items()
            if key in value and not says_nothing(value[key])
        }
    return value


def declared_part(
    value: Mapping[str, Any], desired: Mapping[str, Any], whole: Collection[str] = (), at: str = ""
) -> dict[str, Any]:
    """What of `value` the declaration speaks of: its fields, at every depth, and maps in `whole` entirely."""
    part: dict[str, Any] = {}
    for key, declaration in desired.items():
        there: Any = value.get(key)
        if says_nothing(there):
            continue
        nested = isinstance(there, Mapping) and isinstance(declaration, Mapping) and f"{at}{key}" not in whole
        part[key] = declared_part(there, declaration, whole, f"{at}{key}.") if nested else deepcopy(there)
    return part


def declared(**fields: Any) -> dict[str, Any]:
    """The fields that were given: an option left out is None and is not compared."""
    return {key: value for key, value in fields.items() if value is not None}

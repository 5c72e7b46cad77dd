"""From an API object to state, with the zero values an SDK-based provider leaves where the API says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.normalisations import FORMS
from local_cloud.terraform_provider.planning import Values, zero
from local_cloud.terraform_provider.values import UNKNOWN, is_empty, is_known

if TYPE_CHECKING:
    from local_cloud.terraform_provider.specification import Attribute


def state_from(attributes: Mapping[str, Attribute], answer: Mapping[str, Any], before: Values) -> Values:
    """The state of a resource whose API object is `answer`.

    `before` is the planned or prior state: attributes that never reach the API (`local`, `in_url`) or that it does not
    give back (`kept`, write-only) are taken from there, and the order of a list the API has reordered.
    """
    return {name: _value(attribute, answer, before.get(name)) for name, attribute in attributes.items()}


def _value(attribute: Attribute, answer: Mapping[str, Any], before: Any) -> Any:
    if attribute.write_only:
        return None
    if attribute.local or attribute.in_url or attribute.kept:
        return _kept(attribute, before)
    found = look_up(answer, attribute.api)
    if attribute.is_nested:
        return _objects(attribute, found, before)
    if found is None:
        return zero(attribute) if attribute.absent is None else attribute.absent
    return _ordered(attribute, _plain(attribute, found), before)


def _kept(attribute: Attribute, before: Any) -> Any:
    if before is None or before is UNKNOWN:
        if attribute.default is not None:
            return attribute.default
        return [] if attribute.is_block else attribute.absent
    return before


def _ordered(attribute: Attribute, found: Any, before: Any) -> Any:
    """The API's list in the order it was written, where the order means nothing."""
    if not attribute.unordered or not isinstance(before, list) or not isinstance(found, list):
        return found
    order = {value: index for index, value in reversed(list(enumerate(before)))}
    return sorted(found, key=lambda value: order.get(value, len(order)))


def look_up(answer: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at `path`, or None when any part of it is missing."""
    value: Any = answer
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _plain(attribute: Attribute, found: Any) -> Any:
    if attribute.kind in ("list", "set"):
        return [_scalar(attribute, attribute.element, each) for each in found]
    if attribute.kind == "map":
        return {str(key): _scalar(attribute, attribute.element, each) for key, each in found.items()}
    return _scalar(attribute, attribute.kind, found)


def _scalar(attribute: Attribute, kind: str, value: Any) -> Any:
    if attribute.form:
        value = FORMS[attribute.form][1](value)
    if kind == "number":
        return _number(value)
    if kind == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        value = float(value) if "." in value else int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _objects(attribute: Attribute, found: Any, before: Any) -> list[Values]:
    if (is_empty(found) and not (found == {} and not attribute.inner)) or _is_absent(attribute, found):
        return []
    elements = found if isinstance(found, list) else [found]
    known = before if isinstance(before, list) else []
    return [
        state_from(attribute.inner, element, known[index] if index < len(known) and known[index] else {})
        for index, element in enumerate(elements)
    ]


def _is_absent(attribute: Attribute, found: Any) -> bool:
    return bool(attribute.absent_when) and all(found.get(key) == value for key, value in attribute.absent_when.items())


def settle(attributes: Mapping[str, Attribute], planned: Values, state: Values) -> Values:
    """The state after apply: where the API's answer and the plan differ only in null against empty, the plan's word."""
    return {name: _settled(attribute, planned.get(name), state.get(name)) for name, attribute in attributes.items()}


def _settled(attribute: Attribute, planned: Any, value: Any) -> Any:
    if planned is UNKNOWN:
        return value
    written = attribute.is_set and not attribute.is_nested and not attribute.output_only
    if written and planned is not None and is_known(planned):
        return planned
    if attribute.kind in ("map", "list", "set") and is_empty(planned) and is_empty(value):
        return planned
    if attribute.is_nested and isinstance(planned, list) and isinstance(value, list) and len(planned) == len(value):
        return [
            settle(attribute.inner, old, new) if isinstance(old, dict) else new
            for old, new in zip(planned, value, strict=True)
        ]
    return planned if value is None and not attribute.write_only else value

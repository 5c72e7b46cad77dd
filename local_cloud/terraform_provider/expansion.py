"""From a planned state to the body of an API request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.normalisations import FORMS, STORED, last_segment, relative_path
from local_cloud.terraform_provider.paths import fill
from local_cloud.terraform_provider.planning import Values, zero
from local_cloud.terraform_provider.values import UNKNOWN, is_empty

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from local_cloud.terraform_provider.specification import Attribute

_LEFT_OUT = object()


@dataclass(frozen=True)
class Place:
    """Where the resource is, for references written as bare names."""

    project: str | None
    region: str | None
    zone: str | None


def request_body(
    attributes: Mapping[str, Attribute],
    state: Values,
    place: Place,
    *,
    only: Collection[str] | None = None,
    changed: Collection[str] = (),
    updating: bool = False,
) -> dict[str, Any]:
    """The API object for `state`: `only` these attributes when given; those `changed` are sent even when empty.

    Empty values are left out otherwise, unless the attribute says `send_empty` and the value is not null. An update
    also sends empty sets, and a block that is there but says nothing.
    """
    body: dict[str, Any] = {}
    for name, attribute in attributes.items():
        if not _is_sent(attribute) or attribute.in_url or (only is not None and name not in only):
            continue
        value = fill(attribute.template, state) if attribute.template else state.get(name)
        # A list that was never written is empty, not null; only an update sends it.
        value = None if value is UNKNOWN or (value == [] and not updating) else value
        wanted = attribute.send_empty and (value is not None or name in changed or _always_sent(attribute))
        present = updating and (attribute.is_set or (attribute.is_object and bool(value)))
        expanded = _expand(attribute, value, place, keep_empty=wanted or present)
        if expanded is not _LEFT_OUT:
            put(body, attribute.api, expanded)
    return body


def _is_sent(attribute: Attribute) -> bool:
    return not (attribute.local or attribute.unsent or attribute.output_only)


def _always_sent(attribute: Attribute) -> bool:
    """What the provider sends even when it was never set: `null` for a block, `[]` for a set."""
    return attribute.is_set or attribute.kind == "block"


def put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set `value` at `path`, merging objects that meet at the same place."""
    if not path:
        body.update(value)
        return
    *parents, last = path
    for parent in parents:
        body = body.setdefault(parent, {})
    if isinstance(value, dict) and isinstance(body.get(last), dict):
        body[last].update(value)
    else:
        body[last] = value


def _expand(attribute: Attribute, value: Any, place: Place, *, keep_empty: bool) -> Any:
    if value is UNKNOWN:
        value = None
    if attribute.is_nested:
        return _expand_nested(attribute, value, place, keep_empty=keep_empty)
    if is_empty(value):
        return zero(attribute) if keep_empty and attribute.form is None else _LEFT_OUT
    if isinstance(value, list):
        return [_expand_plain(attribute, each, place) for each in value]
    expanded = _expand_plain(attribute, value, place)
    return _LEFT_OUT if expanded is None else expanded


def _expand_plain(attribute: Attribute, value: Any, place: Place) -> Any:
    if attribute.stored:
        value = STORED[attribute.stored](value)
    if attribute.reference is not None:
        return reference(attribute.reference, str(value), place)
    return FORMS[attribute.form][0](value) if attribute.form else value


def _expand_nested(attribute: Attribute, value: Any, place: Place, *, keep_empty: bool) -> Any:
    elements = value or []
    if not elements:
        if attribute.when_absent:
            return dict(attribute.when_absent)
        return (None if attribute.is_object else []) if keep_empty else _LEFT_OUT
    objects = [{**attribute.when_present, **_expand_object(attribute.inner, each or {}, place)} for each in elements]
    if not attribute.is_object:
        return objects
    return objects[0] if objects[0] or keep_empty else _LEFT_OUT


def _expand_object(attributes: Mapping[str, Attribute], values: Values, place: Place) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, attribute in attributes.items():
        if not _is_sent(attribute):
            continue
        expanded = _expand(attribute, values.get(name), place, keep_empty=attribute.send_empty)
        if expanded is not _LEFT_OUT:
            put(body, attribute.api, expanded)
    return body


def reference(collection: str, value: str, place: Place) -> str:
    """A path from the project on for a name, a partial path or a URL.

    `collection` is where a bare name is looked for: `global/networks`, `regions/{region}/subnetworks`, `regions`.
    """
    if "/" in value:
        found = relative_path(value)
        if found.startswith("projects/") or place.project is None:
            return found
        return f"projects/{place.project}/{found}"
    where = collection.format(region=last_segment(place.region or ""), zone=last_segment(place.zone or ""))
    return f"projects/{place.project}/{where}/{value}"

"""From prior state and configuration to the planned state, as an SDK-based provider plans it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.normalisations import REPLACES, STORED, equivalent
from local_cloud.terraform_provider.values import UNKNOWN, is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_cloud.terraform_provider.specification import Attribute

Path = tuple[str | int, ...]
Values = dict[str, Any]
_ZERO: Mapping[str, Any] = {"string": "", "number": 0, "bool": False}


@dataclass
class Plan:
    """The planned state and the paths of the attributes whose change means a new resource."""

    state: Values
    replaces: list[Path] = field(default_factory=list)


def plan(attributes: Mapping[str, Attribute], prior: Values | None, config: Values) -> Plan:
    """Plan one resource; `prior` is None when it does not exist yet."""
    state = _plan_object(attributes, prior, config)
    replaces = list(replaced_paths(attributes, prior, state)) if prior is not None else []
    return Plan(state=state, replaces=replaces)


def _plan_object(attributes: Mapping[str, Attribute], prior: Values | None, config: Values) -> Values:
    return {
        name: _plan_value(attribute, None if prior is None else prior.get(name), config.get(name), prior is not None)
        for name, attribute in attributes.items()
    }


def _plan_value(attribute: Attribute, prior: Any, config: Any, exists: bool) -> Any:
    if attribute.write_only:
        return None
    if config is UNKNOWN:
        return UNKNOWN
    if _is_unset(attribute, config):
        return _plan_unset(attribute, prior, config, exists)
    if attribute.is_nested:
        return _plan_nested(attribute, prior, config)
    if attribute.kind in ("list", "set", "map"):
        return _plan_collection(attribute, prior, config)
    if attribute.stored:
        config = STORED[attribute.stored](config)
    if attribute.blank is not None and {prior, config} <= {attribute.blank, "", None}:
        return prior
    if prior is not None and prior is not UNKNOWN and equivalent(attribute.same, prior, config):
        return prior
    if prior is not None and is_empty(prior) and is_empty(config):
        return prior
    return config


def _is_unset(attribute: Attribute, config: Any) -> bool:
    """Null, an absent block, and the empty string of a computed argument: an SDK provider leaves these to the API."""
    if config is None or (attribute.is_block and config == []):
        return True
    return attribute.computed and config == "" and attribute.default is None


def _plan_unset(attribute: Attribute, prior: Any, config: Any, exists: bool) -> Any:
    if attribute.default is not None:
        return prior if attribute.default == attribute.blank and prior in ("", None) else attribute.default
    if attribute.computed:
        return prior if exists else UNKNOWN
    if exists and (is_empty(prior) or attribute.sticky or _is_blank(attribute, prior)):
        return prior
    return config


def _is_blank(attribute: Attribute, value: Any) -> bool:
    """True for the value that an API gives back for one that was never set."""
    blank = attribute.blank
    if isinstance(blank, dict):
        return isinstance(value, list) and len(value) == 1 and blank.items() <= value[0].items()
    return blank is not None and bool(value == blank)


def _plan_collection(attribute: Attribute, prior: Any, config: Any) -> Any:
    if is_empty(prior) and is_empty(config):
        return config if prior is None or attribute.computed else prior
    if attribute.stored:
        config = [each if each is UNKNOWN else STORED[attribute.stored](each) for each in config]
    if attribute.ignored_keys and isinstance(prior, dict) and isinstance(config, dict):
        config = {**{key: prior[key] for key in attribute.ignored_keys if key in prior}, **config}
    if isinstance(prior, list) and isinstance(config, list) and _same_list(attribute, prior, config):
        return prior
    return config


def _same_list(attribute: Attribute, prior: Sequence[Any], config: Sequence[Any]) -> bool:
    if len(prior) != len(config):
        return False
    if not (attribute.is_set or attribute.unordered):
        return all(
            new is not UNKNOWN and equivalent(attribute.same, old, new) for old, new in zip(prior, config, strict=True)
        )
    left = list(prior)
    for new in config:
        found = next((old for old in left if new is not UNKNOWN and equivalent(attribute.same, old, new)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _plan_nested(attribute: Attribute, prior: Any, config: Any) -> Any:
    before = prior if isinstance(prior, list) else []
    if attribute.is_set:
        planned = _plan_set(attribute, before, config)
    else:
        planned = [
            _plan_element(attribute, before[index] if index < len(before) else None, element)
            for index, element in enumerate(config)
        ]
    return prior if not planned and prior is None else planned


def _plan_element(attribute: Attribute, prior: Values | None, config: Any) -> Any:
    return UNKNOWN if config is UNKNOWN else _plan_object(attribute.inner, prior, config)


def _plan_set(attribute: Attribute, prior: Sequence[Any], config: Sequence[Any]) -> list[Any]:
    """An element of a set has no name: it is a prior one when planning it from that one changes nothing."""
    left = list(prior)
    planned = []
    for element in config:
        same = next((old for old in left if _plan_element(attribute, old, element) == old), None)
        if same is not None:
            left.remove(same)
        planned.append(same if same is not None else _plan_element(attribute, None, element))
    return planned


def replaced_paths(attributes: Mapping[str, Attribute], prior: Values, planned: Values, at: Path = ()) -> list[Path]:
    """The paths of immutable attributes that change from `prior` to `planned`."""
    found: list[Path] = []
    for name, attribute in attributes.items():
        before, after = prior.get(name), planned.get(name)
        if same_value(attribute, before, after):
            continue
        if _replaces_itself(attribute, before, after):
            found.append((*at, name))
        elif attribute.is_nested:
            found += _replaced_inside(attribute, before, after, (*at, name))
    return found


def _replaces_itself(attribute: Attribute, before: Any, after: Any) -> bool:
    """A block that must not change replaces by its count; what is inside says for itself."""
    if attribute.replaces_when and REPLACES[attribute.replaces_when](before, after):
        return True
    if not attribute.immutable:
        return False
    if not attribute.is_nested or after is UNKNOWN or attribute.is_set:
        return True
    return len(before or ()) != len(after or ())


def _replaced_inside(attribute: Attribute, before: Any, after: Any, at: Path) -> list[Path]:
    if after is UNKNOWN or before is UNKNOWN:
        return []
    old: list[Any] = list(before or ())
    new: list[Any] = list(after or ())
    if attribute.is_set:
        return [at] if any(inner.immutable for inner in attribute.inner.values()) else []
    found: list[Path] = []
    for index in range(max(len(old), len(new))):
        earlier = old[index] if index < len(old) else {}
        later = new[index] if index < len(new) else {}
        if isinstance(later, dict):
            found += replaced_paths(attribute.inner, earlier, later, (*at, index))
    return found


def same_value(attribute: Attribute, before: Any, after: Any) -> bool:
    """True when nothing changes; null and the zero value are the same, the order of a set means nothing."""
    if before is UNKNOWN or after is UNKNOWN:
        return before is after
    if is_empty(before) and is_empty(after):
        return True
    if is_empty(before) != is_empty(after) or not attribute.is_nested:
        return _same_plain(attribute, before, after)
    return _same_objects(attribute, before, after)


def _same_plain(attribute: Attribute, before: Any, after: Any) -> bool:
    if attribute.is_set and isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(each in after for each in before)
    return bool(before == after)


def _same_objects(attribute: Attribute, before: Sequence[Values], after: Sequence[Values]) -> bool:
    if len(before) != len(after):
        return False
    if attribute.is_set:
        return all(any(_same_object(attribute.inner, old, new) for new in after) for old in before)
    return all(_same_object(attribute.inner, old, new) for old, new in zip(before, after, strict=True))


def _same_object(attributes: Mapping[str, Attribute], before: Any, after: Any) -> bool:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return bool(before == after)
    return all(same_value(attribute, before.get(name), after.get(name)) for name, attribute in attributes.items())


def zero(attribute: Attribute) -> Any:
    """What an SDK provider keeps in state for a field the API does not answer: the zero value of its type."""
    if attribute.kind == "map":
        return {}
    return _ZERO.get(attribute.kind, [])

"""Refuse a configuration that cannot be right before anything is planned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ProviderError
from local_cloud.terraform_provider.normalisations import PATTERNS
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Path, Values
    from local_cloud.terraform_provider.specification import Attribute


def problems(attributes: Mapping[str, Attribute], config: Values) -> Iterator[ProviderError]:
    """Every problem of a resource's configuration, each with its attribute path."""
    if config.get("id") is not None:
        yield _unconfigurable(("id",))
    yield from _object_problems(attributes, config, (), config)


def _unconfigurable(path: Path) -> ProviderError:
    return ProviderError(
        "Value for unconfigurable attribute",
        detail=f'Can\'t configure a value for "{path[-1]}": its value will be decided automatically.',
        path=path,
    )


def _object_problems(
    attributes: Mapping[str, Attribute], values: Values, at: Path, root: Values
) -> Iterator[ProviderError]:
    for name, attribute in attributes.items():
        value = values.get(name)
        path = (*at, name)
        yield from _together(attribute, value, path, root)
        if value is None or value is UNKNOWN:
            continue
        if attribute.computed and not attribute.optional:
            yield _unconfigurable(path)
            continue
        if attribute.is_nested:
            for index, element in enumerate(value):
                if isinstance(element, dict):
                    step: Path = () if attribute.is_set else (index,)
                    yield from _object_problems(attribute.inner, element, (*path, *step), root)
        else:
            yield from _value_problems(attribute, value, path)


def _value_problems(attribute: Attribute, value: Any, path: Path) -> Iterator[ProviderError]:
    for each in value if isinstance(value, list) else [value]:
        if each is UNKNOWN or each is None:
            continue
        message = _wrong(attribute, each)
        if message:
            shown = "(sensitive value)" if attribute.sensitive else repr(each)
            yield ProviderError(f"invalid value for {attribute.name}: {shown}, allowed: {message}", path=path)


def _wrong(attribute: Attribute, value: Any) -> str | None:
    if attribute.allowed and value not in attribute.allowed and not (value == "" and not attribute.required):
        return ", ".join(map(str, attribute.allowed))
    if attribute.pattern:
        pattern = PATTERNS.get(attribute.pattern, attribute.pattern)
        if not re.search(pattern, str(value)):
            return f"what fits {pattern}"
    if attribute.between and not attribute.between[0] <= value <= attribute.between[1]:
        return f"{attribute.between[0]} to {attribute.between[1]}"
    return None


def _together(attribute: Attribute, value: Any, path: Path, root: Values) -> Iterator[ProviderError]:
    """The rules about which attributes may, must or must not stand together; what is unknown may come to either."""
    given = is_given(value)
    for other in attribute.conflicts if given else ():
        if is_given(look(root, other)):
            yield ProviderError(f'Conflicting configuration arguments: "{attribute.name}" and "{other}"', path=path)
    for other in attribute.required_with if given else ():
        if not is_given(look(root, other)):
            yield ProviderError(f'Missing required argument: "{attribute.name}" needs "{other}"', path=path)
    yield from _choice(attribute, path, root)


def _choice(attribute: Attribute, path: Path, root: Values) -> Iterator[ProviderError]:
    for group, at_most_one in ((attribute.exactly_one_of, True), (attribute.at_least_one_of, False)):
        if not group or group[0].rpartition(".")[2] != attribute.name:
            continue
        values = {name: look(root, name) for name in group}
        given = [name for name, value in values.items() if is_given(value) and value is not UNKNOWN]
        named = ", ".join(group)
        if not given and UNKNOWN not in values.values():
            yield ProviderError(f"Missing required argument: one of {named} must be specified", path=path)
        elif at_most_one and len(given) > 1:
            yield ProviderError(
                f"Invalid combination of arguments: only one of {named}, found {', '.join(given)}", path=path
            )


def look(root: Values, dotted: str) -> Any:
    """The value at a dotted path such as `condition.0.age`; indices may be left out for blocks that stand once."""
    value: Any = root
    for step in dotted.split("."):
        if isinstance(value, Sequence) and not isinstance(value, str):
            value = value[0] if value else None
            if step == "0":
                continue
        if not isinstance(value, Mapping):
            return value if value is UNKNOWN else None
        value = value.get(step)
    return value


def is_given(value: Any) -> bool:
    """True for anything the configuration says."""
    return value is not None and value != [] and value != {}

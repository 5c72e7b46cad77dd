"""Make any value fit a resource type's schema exactly: every attribute there, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Attribute, Specification


def conform(specification: Specification, state: Values | None) -> Any:
    """`state` with every attribute of the schema and no other; None stays None."""
    if state is None:
        return None
    conformed = _object(specification.attributes, state)
    conformed["id"] = state.get("id")
    if specification.timeouts:
        timeouts = state.get("timeouts")
        conformed["timeouts"] = timeouts and {verb: timeouts.get(verb) for verb in specification.timeouts}
    return conformed


def _object(attributes: Mapping[str, Attribute], values: Values) -> Values:
    return {name: _value(attribute, values.get(name)) for name, attribute in attributes.items()}


def _value(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return [] if attribute.is_block else None
    if value is UNKNOWN or not attribute.is_nested:
        return value
    return [each if each is UNKNOWN else _object(attribute.inner, each or {}) for each in value]

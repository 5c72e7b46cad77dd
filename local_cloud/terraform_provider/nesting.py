"""Nested attributes as blocks: `name = {...}` is a list of one inside this package, and an object for Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.specification import Attribute


def taken(attributes: Mapping[str, Attribute], values: Any) -> Any:
    """Terraform's values with every nested attribute as a list of objects."""
    if values is None or values is UNKNOWN:
        return values
    return {name: _taken(attributes[name], value) if name in attributes else value for name, value in values.items()}


def _taken(attribute: Attribute, value: Any) -> Any:
    if not attribute.is_nested or value is UNKNOWN:
        return value
    if value is None:
        return [] if attribute.nested and not attribute.output_only else None
    elements = [value] if attribute.nested and isinstance(value, dict) else value
    return [taken(attribute.inner, element) for element in elements]


def given(attributes: Mapping[str, Attribute], values: Any) -> Any:
    """The same values as Terraform expects them."""
    if values is None or values is UNKNOWN:
        return values
    return {name: _given(attributes[name], value) if name in attributes else value for name, value in values.items()}


def _given(attribute: Attribute, value: Any) -> Any:
    if not attribute.is_nested or value is UNKNOWN or value is None:
        return value
    elements = [given(attribute.inner, element) for element in value]
    if not attribute.nested:
        return elements
    if not elements:
        return None
    return elements[0] if attribute.kind == "block" else elements

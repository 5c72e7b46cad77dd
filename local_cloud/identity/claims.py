"""The attribute mapping and condition of a workload identity pool provider: CEL over the claims of a token."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import celpy
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE_VARIABLE = re.compile(r"\{[^{}]*\}")


class MappingError(ValueError):
    """An expression of the provider that does not hold for this token; the message names it."""


def mapped_attributes(mapping: Mapping[str, str], claims: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes (`google.subject`, `google.groups`, `attribute.x`) of `claims`; MappingError names what fails.

    `google.groups` is a list of strings, every other attribute a string. One that is not `google.subject` and reads a
    claim the token lacks is left out, as the service does.
    """
    attributes: dict[str, Any] = {}
    for name, expression in mapping.items():
        try:
            value = _evaluate(expression, {"assertion": json_to_cel(dict(claims))})
        except CELEvalError as error:
            if name == "google.subject":
                raise MappingError(f"The mapping {name}={expression} fails: {error.args[0]}") from error
            continue
        attributes[name] = _groups(name, value) if name == "google.groups" else _text(name, value)
    return attributes


def meets(condition: str, claims: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """Whether the provider's condition admits these claims; an empty one admits everybody."""
    if not condition:
        return True
    bindings = {"assertion": json_to_cel(dict(claims))}
    custom = {name.removeprefix("attribute."): value for name, value in attributes.items() if name[:7] != "google."}
    bindings["attribute"] = json_to_cel(custom)
    # The library keeps `google` for protobuf's types, so these are bound by their qualified names.
    for name, value in attributes.items():
        if name.startswith("google."):
            bindings[name] = json_to_cel(value)
    try:
        return bool(_evaluate(condition, bindings))
    except CELEvalError:
        # A claim that the condition reads and the token lacks: not admitted.
        return False


def check(expression: str) -> None:
    """MappingError when `expression` is not CEL."""
    _compiled(expression)


def _evaluate(expression: str, bindings: dict[str, Any]) -> Any:
    return _compiled(expression).evaluate(bindings)


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    environment = celpy.Environment()
    try:
        return environment.program(environment.compile(expression), functions=FUNCTIONS)
    except CELParseError as error:
        raise MappingError(f"{expression!r} is not CEL: {error.args[0]}") from error


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise MappingError(f"The mapped attribute {name} must be of type STRING, not {type(value).__name__}.")
    return str(value)


def _groups(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(group, str) for group in value):
        raise MappingError(f"The mapped attribute {name} must be of type LIST of STRING.")
    return [str(group) for group in value]


def _extract(text: Any, template: Any) -> celtypes.StringType:
    """What stands in `text` where `{x}` stands in `template`; empty when it does not fit.

    https://cloud.google.com/iam/docs/conditions-attribute-reference#extract
    """
    found = TEMPLATE_VARIABLE.search(template)
    if found is None:
        return celtypes.StringType("")
    before, after = template[: found.start()], template[found.end() :]
    start = text.find(before)
    if start < 0:
        return celtypes.StringType("")
    rest = text[start + len(before) :]
    end = rest.find(after) if after else len(rest)
    return celtypes.StringType(rest[:end] if end >= 0 else "")


def _split(text: Any, separator: Any) -> Any:
    return json_to_cel(str(text).split(str(separator)))


def _join(texts: Any, separator: Any = "") -> celtypes.StringType:
    return celtypes.StringType(str(separator).join(str(text) for text in texts))


def _replace(text: Any, old: Any, new: Any) -> celtypes.StringType:
    return celtypes.StringType(str(text).replace(str(old), str(new)))


def _lower(text: Any) -> celtypes.StringType:
    return celtypes.StringType(str(text).lower())


def _upper(text: Any) -> celtypes.StringType:
    return celtypes.StringType(str(text).upper())


# What the service adds to CEL's own functions
# (https://cloud.google.com/iam/docs/workload-identity-federation#mapping).
FUNCTIONS: dict[str, Any] = {
    "extract": _extract,
    "split": _split,
    "join": _join,
    "replace": _replace,
    "lowerAscii": _lower,
    "upperAscii": _upper,
}

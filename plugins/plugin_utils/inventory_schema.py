"""Hold the values of an environment against the topic schemas, which are JSON Schema with a few words more."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from .inventory_finding import MISSING, Finding, known

if TYPE_CHECKING:
    from pathlib import Path

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

PRIVATE_RANGES = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

# The environment that has no organisation behind it, and so may keep every placeholder.
LOCAL = "local"

# From a keyword's rule and a value to what is wrong with the value, empty when nothing is.
Keyword = Callable[[Any, Any], str]


@dataclass(frozen=True)
class Topic:
    """One schema file: its name is the name of the inventory file that the variables belong in."""

    name: str
    schema: Mapping[str, Any]


def read_topics(directory: Path) -> list[Topic]:
    """Read every `*.yml` of `directory`. Raises FileNotFoundError when there is none."""
    files = sorted(directory.glob("*.yml"))
    if not files:
        raise FileNotFoundError(f"no schema (*.yml) in {directory}")
    return [Topic(file.stem, yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]


def topic_of(topics: list[Topic]) -> dict[str, str]:
    """Variable name to the name of the topic that declares it."""
    return {name: topic.name for topic in topics for name in topic.schema["properties"]}


def violations(topics: list[Topic], values: Mapping[str, Any], unresolved: frozenset[str]) -> Iterator[Finding]:
    """What in `values` breaks a schema. `unresolved` are set but could not be rendered, so they are not missing."""
    checker = _validator(values.get("platform_environment"))
    for topic in topics:
        own = {name: values[name] for name in topic.schema["properties"] if name in values}
        schema = {**topic.schema, "required": [name for name in topic.schema["required"] if name not in unresolved]}
        for error in checker(schema).iter_errors(own):
            yield from _findings(error)


def _findings(error: ValidationError) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, dict) else {}
    allowed = str(schema.get("allowed", error.message))
    properties = schema.get("properties", {})
    if error.validator == "required":
        # One error for each missing key arrives; its name is only in the list of what is required.
        for missing in (name for name in schema["required"] if error.message.startswith(repr(name))):
            yield Finding((*path, missing), MISSING, str(properties.get(missing, {}).get("allowed", allowed)))
    elif error.validator == "additionalProperties":
        found: dict[str, Any] = dict(error.instance) if isinstance(error.instance, Mapping) else {}
        for name in sorted(found.keys() - properties.keys()):
            yield Finding((*path, name), found[name], known(properties, name))
    elif "propertyNames" in error.absolute_schema_path:
        yield Finding((*path, str(error.instance)), error.instance, allowed)
    elif error.validator == "must_contain":
        yield Finding(path, error.instance, f"{allowed}; {error.message}")
    elif error.validator == "placeholder":
        yield Finding(path, error.instance, f"{allowed}; this is the placeholder of a fresh checkout")
    else:
        yield Finding(path, error.instance, allowed)


def _validator(environment: Any) -> type[Validator]:
    """The class that checks a schema, our own keywords included; it is imported where it is needed, for it is large."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def checked(keyword: Keyword) -> Callable[[Any, Any, Any, Any], Iterator[ValidationError]]:
        def check(_validator: Any, rule: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
            problem = keyword(rule, value)
            if problem:
                yield ValidationError(problem)

        return check

    keywords: dict[str, Keyword] = {"cidr": _cidr, "must_contain": _must_contain}
    if environment != LOCAL:
        keywords["placeholder"] = _placeholder
    own = {name: checked(keyword) for name, keyword in keywords.items()}
    checker: type[Validator] = extend(Draft202012Validator, validators=own)  # type: ignore[no-untyped-call]
    return checker


def _placeholder(placeholders: Any, value: Any) -> str:
    return "placeholder" if value in placeholders else ""


def _must_contain(wanted: Any, value: Any) -> str:
    missing = [item for item in wanted if isinstance(value, list) and item not in value]
    return f"lacks {', '.join(missing)}" if missing else ""


def _cidr(rule: Any, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    shortest, longest = rule["prefix"]
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        return "no IPv4 range without host bits"
    private = any(network.subnet_of(outer) for outer in PRIVATE_RANGES)
    if "/" not in value or not shortest <= network.prefixlen <= longest or (rule["private"] and not private):
        return "another size, or not private"
    return ""

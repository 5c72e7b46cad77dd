"""What a discovery schema says about a JSON value: coercion of requests, output-only fields, required fields, proto3
zeros, response checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.emulator.discovery import Document
from local_cloud.emulator.errors import ApiError, bad_request_fields, invalid

Node = Mapping[str, Any]

_LONG_FORMATS = frozenset({"int64", "uint64"})
_OUTPUT_ONLY = re.compile(r"^\s*(\[Output Only\]|Output only\.|Output-only)", re.IGNORECASE)
_REQUIRED = re.compile(r"^\s*Required\b")
_SNAKE = re.compile(r"_([a-z0-9])")


def camel(name: str) -> str:
    """`update_mask` to `updateMask`."""
    return _SNAKE.sub(lambda match: match[1].upper(), name)


def is_output_only(node: Node) -> bool:
    """True for a field the server alone writes."""
    return bool(node.get("readOnly")) or bool(_OUTPUT_ONLY.match(str(node.get("description", ""))))


def resolve(document: Document, node: Node) -> Node:
    """The schema behind a `$ref`, else the node itself."""
    return document.schemas[node["$ref"]] if "$ref" in node else node


def properties(document: Document, schema: str) -> Mapping[str, Node]:
    """Field name to schema node of a named schema."""
    fields: Mapping[str, Node] = document.schemas[schema].get("properties", {}) if schema in document.schemas else {}
    return fields


@dataclass
class Coercion:
    """One pass over a request body: what fits is canonicalised, what does not is collected as violations. Fields that
    Compute's document lacks are kept, because its clients are often newer than the document."""

    document: Document
    style: str
    violations: list[tuple[str, str]] = field(default_factory=list)

    def value(self, node: Node, value: Any, path: str) -> Any:
        """`value` in canonical form; a null stays null (it removes a field in a patch)."""
        node = resolve(self.document, node)
        if value is None:
            return None
        kind = str(node.get("type", "any"))
        method: Callable[[Node, Any, str], Any] | None = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
        }.get(kind)
        return method(node, value, path) if method else value

    def _object(self, node: Node, value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            return self._refuse(path, value, "an object")
        fields = node.get("properties", {})
        extra = node.get("additionalProperties")
        result: dict[str, Any] = {}
        for key, item in value.items():
            name = key if key in fields else camel(key) if camel(key) in fields else key
            child = fields.get(name, extra)
            where = f"{path}.{name}" if path else name
            if child is None and self.style != "compute":
                self._unknown(key, path)
                continue
            result[name] = self.value(child, item, where) if child is not None else item
        return result

    def _unknown(self, key: str, path: str) -> None:
        """A field that the schema lacks: refused, except by Cloud Storage, which looks away."""
        if self.document.api != "storage":
            at = f" at '{path}'" if path else ""
            message = f'Invalid JSON payload received. Unknown name "{key}"{at}: Cannot find field.'
            self.violations.append((path, message))

    def _array(self, node: Node, value: Any, path: str) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str):
            return self._refuse(path, value, "a list")
        items = resolve(self.document, node.get("items", {}))
        if items.get("type") == "object":
            # Google's reader splices a list that stands in a list of messages. hashicorp/google counts on it: it sends
            # the rules of a firewall policy followed by one list of the predefined ones.
            value = [item for entry in value for item in (entry if isinstance(entry, list) else [entry])]
        for index, item in enumerate(value):
            if item is None or (item == "" and "enum" in items):
                self._refuse(f"{path}[{index}]", item, "a value: a list has no empty places")
        return [self.value(items, item, f"{path}[{index}]") for index, item in enumerate(value)]

    def _string(self, node: Node, value: Any, path: str) -> Any:
        if node.get("format") in _LONG_FORMATS:
            return self._long(value, path)
        if isinstance(value, int) and not isinstance(value, bool) and "enum" in node and value < len(node["enum"]):
            return node["enum"][value]
        if not isinstance(value, str):
            return self._refuse(path, value, "a string")
        if "enum" in node and value and value not in node["enum"]:
            return self._refuse(path, value, f"one of {', '.join(node['enum'])}")
        if (
            self.style == "compute"
            and "pattern" in node
            and value
            and not re.fullmatch(node["pattern"], value)
            and not is_output_only(node)
        ):
            self.violations.append(
                (
                    path,
                    (
                        f"Invalid value for field 'resource.{path}': '{value}'. Must be a match of regex"
                        f" '{node['pattern']}'"
                    ),
                )
            )
        return value

    def _long(self, value: Any, path: str) -> Any:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
            return self._refuse(path, value, "a whole number")
        return str(value)

    def _integer(self, node: Node, value: Any, path: str) -> Any:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.0+)?", str(value)):
            return self._refuse(path, value, "a whole number")
        return int(float(value))

    def _number(self, node: Node, value: Any, path: str) -> Any:
        try:
            return value if isinstance(value, (int, float)) and not isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            return self._refuse(path, value, "a number")

    def _boolean(self, node: Node, value: Any, path: str) -> Any:
        if isinstance(value, bool):
            return value
        return (
            {"true": True, "false": False}[value]
            if value in ("true", "false")
            else self._refuse(path, value, "true or false")
        )

    def _refuse(self, path: str, value: Any, wanted: str) -> Any:
        if self.style == "compute":
            self.violations.append(
                (path, f"Invalid value for field 'resource.{path}': '{value}'. It must be {wanted}.")
            )
        else:
            shown = f'"{value}"' if isinstance(value, str) else json.dumps(value)
            self.violations.append((path, f"Invalid value at '{path}' ({wanted}), {shown}"))
        return value

    def error(self) -> ApiError | None:
        """The refusal, or None when everything fits."""
        if not self.violations:
            return None
        if self.style == "aip":
            return bad_request_fields(self.violations)
        return invalid(self.violations[0][1], location=self.violations[0][0])


def coerce(document: Document, schema: str, body: Mapping[str, Any], style: str) -> dict[str, Any]:
    """`body` in canonical form; ApiError 400 with every violation when it does not fit `schema`."""
    coercion = Coercion(document, style)
    result: dict[str, Any] = coercion.value({"$ref": schema}, body, "") if schema in document.schemas else dict(body)
    error = coercion.error()
    if error:
        raise error
    return result


def without_output_only(
    document: Document, schema: str, body: Mapping[str, Any], keep: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """`body` less what only the server writes, at every depth; `keep` names top-level fields that clients do write."""
    fields = properties(document, schema)
    return {
        key: _inner_without(document, fields.get(key, {}), value)
        for key, value in body.items()
        if key in keep or key not in fields or not is_output_only(fields[key])
    }


def _inner_without(document: Document, node: Node, value: Any) -> Any:
    node = resolve(document, node)
    if isinstance(value, Mapping) and "properties" in node:
        fields = node["properties"]
        return {
            key: _inner_without(document, fields.get(key, {}), item)
            for key, item in value.items()
            if key not in fields or not is_output_only(fields[key])
        }
    if isinstance(value, list):
        return [_inner_without(document, node.get("items", {}), item) for item in value]
    return value


def missing_required(document: Document, schema: str, body: Mapping[str, Any], method_id: str) -> list[str]:
    """Top-level fields other than the name that `method_id` requires (`annotations.required`, or a description that
    opens with "Required") and `body` lacks."""
    return [
        name
        for name, node in properties(document, schema).items()
        if name != "name" and _is_required(node, method_id) and body.get(name) in (None, "")
    ]


def _is_required(node: Node, method_id: str) -> bool:
    annotated = node.get("annotations", {}).get("required")
    if annotated is not None:
        return method_id in annotated
    return bool(_REQUIRED.match(str(node.get("description", "")))) and not is_output_only(node)


def without_zeros(
    document: Document, node: Node, value: Any, keep: frozenset[str] = frozenset(), path: str = ""
) -> Any:
    """`value` as proto3 JSON prints it: false, 0, "", empty lists, nulls and a first `…UNSPECIFIED` enum are left
    out, except at the paths in `keep`."""
    node = resolve(document, node)
    if isinstance(value, Mapping):
        fields = node.get("properties")
        if fields is None:
            return dict(value)
        cleaned = {
            key: without_zeros(document, fields.get(key, {}), item, keep, f"{path}.{key}" if path else key)
            for key, item in value.items()
        }
        return {
            key: item
            for key, item in cleaned.items()
            if f"{path}.{key}".lstrip(".") in keep or not _is_zero(resolve(document, fields.get(key, {})), item)
        }
    if isinstance(value, list):
        return [without_zeros(document, node.get("items", {}), item, keep, path) for item in value]
    return value


def _is_zero(node: Node, value: Any) -> bool:
    if value is None or value is False or value in ("", []) or (value == {} and "additionalProperties" in node):
        return True
    if value == 0 and not isinstance(value, bool):
        return True
    if value == "0" and node.get("format") in _LONG_FORMATS:
        return True
    first = next(iter(node.get("enum", ())), None)
    return first is not None and value == first and str(value).endswith("UNSPECIFIED")


def enums_as_numbers(document: Document, node: Node, value: Any) -> Any:
    """`value` with every enum as its number, for clients that ask for `$alt=json;enum-encoding=int`."""
    node = resolve(document, node)
    if isinstance(value, Mapping):
        fields, extra = node.get("properties", {}), node.get("additionalProperties", {})
        return {key: enums_as_numbers(document, fields.get(key, extra), item) for key, item in value.items()}
    if isinstance(value, list):
        return [enums_as_numbers(document, node.get("items", {}), item) for item in value]
    values = list(node.get("enum", ()))
    return values.index(value) if value in values else value


def departures(document: Document, node: Node, value: Any, path: str = "$") -> Iterator[str]:
    """Where a response departs from its schema: wrong JSON type, unknown field, value outside its enum."""
    node = resolve(document, node)
    kind = node.get("type", "any")
    wanted: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
    }
    if kind in wanted and (
        not isinstance(value, wanted[kind]) or (kind in ("integer", "number") and isinstance(value, bool))
    ):
        yield f"{path}: {value!r} is not of type {kind}"
        return
    if "enum" in node and value not in node["enum"]:
        yield f"{path}: {value!r} is not one of {node['enum']}"
    if isinstance(value, dict):
        fields, extra = node.get("properties", {}), node.get("additionalProperties")
        for key, item in value.items():
            if key in fields:
                yield from departures(document, fields[key], item, f"{path}.{key}")
            elif extra is not None:
                yield from departures(document, extra, item, f"{path}.{key}")
            elif kind == "object" and not key.startswith("@"):
                yield f"{path}.{key}: the schema has no such field"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from departures(document, node.get("items", {}), item, f"{path}[{index}]")

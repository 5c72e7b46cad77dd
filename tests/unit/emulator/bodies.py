"""Request bodies drawn from a discovery schema: ones that fit it, and ones with a mistake somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from local_cloud.emulator.discovery import Document
from local_cloud.emulator.schema import is_output_only, resolve

_DEEPEST = 4
_BY_FORMAT: Mapping[str, st.SearchStrategy[str]] = {
    "google-datetime": st.just("2030-01-01T00:00:00Z"),
    "date-time": st.just("2030-01-01T00:00:00Z"),
    "google-duration": st.sampled_from(["3600s", "1.500s"]),
    "byte": st.sampled_from(["YWJj", "////"]),
    "google-fieldmask": st.just("description"),
    "int64": st.integers(1, 2**40).map(str),
    "uint64": st.integers(1, 2**40).map(str),
}
_WORDS = st.text("abcdefghijklmnopqrstuvwxyz-0123456789 äß'\"<>%/.", min_size=1, max_size=20)
_WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, -1.5, "", "word", [], [1], {}, {"a": {"b": []}}, [[]], "9" * 40, "\ud7ff\x00"]
)


@st.composite
def fitting(draw: st.DrawFn, document: Document, node: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of the schema `node` with some of its writable fields."""
    node = resolve(document, node)
    kind = node.get("type", "any")
    if kind == "object":
        return draw(_objects(document, node, depth))
    if kind == "array":
        return draw(st.lists(fitting(document, node.get("items", {}), depth + 1), max_size=2))
    if kind == "string":
        return draw(_strings(node))
    simple: Mapping[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(0, 60),
        "number": st.sampled_from([0.0, 0.5, 1.0]),
        "boolean": st.booleans(),
    }
    return draw(simple.get(kind, st.just("anything")))


@st.composite
def _objects(draw: st.DrawFn, document: Document, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
    fields = {
        key: child
        for key, child in node.get("properties", {}).items()
        if not is_output_only(child) and key not in ("kind", "etag", "fingerprint", "labelFingerprint")
    }
    if depth >= _DEEPEST:
        fields = {key: child for key, child in fields.items() if "$ref" not in child and child.get("type") != "array"}
    body: dict[str, Any] = {}
    if fields:
        for key in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)):
            body[key] = draw(fitting(document, fields[key], depth + 1))
    extra = node.get("additionalProperties")
    if extra:
        for key in draw(st.lists(st.sampled_from(["one", "two"]), max_size=2, unique=True)):
            body[key] = draw(fitting(document, extra, depth + 1))
    return body


def _strings(node: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if "enum" in node:
        return st.sampled_from(list(node["enum"]))
    if node.get("format") in _BY_FORMAT:
        return _BY_FORMAT[node["format"]]
    return st.from_regex(node["pattern"], fullmatch=True) if len(node.get("pattern", "x" * 99)) < 80 else _WORDS


@st.composite
def mistaken(draw: st.DrawFn, body: Any) -> Any:
    """`body` with one value, at any depth, replaced by something else, or a key that nobody knows."""
    if isinstance(body, dict) and body and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(body)))
        return {**body, key: draw(mistaken(body[key]))}
    if isinstance(body, list) and body and draw(st.booleans()):
        return [draw(mistaken(body[0])), *body[1:]]
    if isinstance(body, dict) and draw(st.booleans()):
        return {**body, "noSuchField": draw(_WRONG)}
    return draw(_WRONG)

"""List filters: one parser for AIP-160 (`state:ENABLED AND labels.env = "prod"`) and for the older `field eq regex`
form of Compute."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.schema import camel

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|(?P<operator><=|>=|!=|!~|=~|[=<>:()])|(?P<word>-?[^\s()=<>!:"\']+))'
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def compile_filter(expression: str) -> Predicate:
    """A predicate for `expression` (an empty one accepts all); ApiError 400 when it does not parse."""
    if not expression.strip():
        return lambda body: True
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = self._tokenize(expression)
        self._at = 0

    def parse(self) -> Predicate:
        predicate = self._disjunction()
        if self._peek():
            raise self._error()
        return predicate

    def _tokenize(self, text: str) -> list[_Token]:
        tokens, end = [], 0
        while text[end:].strip():
            match = _TOKEN.match(text, end)
            if not match:
                raise self._error()
            kind = str(match.lastgroup)
            raw = match[kind]
            tokens.append(_Token(kind, re.sub(r"\\([\"'\\])", r"\1", raw[1:-1]) if kind == "string" else raw))
            end = match.end()
        return tokens

    def _error(self) -> Exception:
        return invalid(f"Invalid list filter expression: {self._expression}", location="filter")

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise self._error()
        self._at += 1
        return token

    def _takes(self, *words: str) -> bool:
        token = self._peek()
        if token and token.kind != "string" and token.text.upper() in words:
            self._at += 1
            return True
        return False

    def _disjunction(self) -> Predicate:
        terms = [self._conjunction()]
        while self._takes("OR"):
            terms.append(self._conjunction())
        return terms[0] if len(terms) == 1 else lambda body: any(term(body) for term in terms)

    def _conjunction(self) -> Predicate:
        terms = [self._negation()]
        while self._takes("AND") or self._starts_term():
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else lambda body: all(term(body) for term in terms)

    def _starts_term(self) -> bool:
        token = self._peek()
        return token is not None and token.text != ")" and not (token.kind == "word" and token.text.upper() == "OR")

    def _negation(self) -> Predicate:
        if self._takes("NOT"):
            inner = self._negation()
            return lambda body: not inner(body)
        if self._takes("("):
            inner = self._disjunction()
            if not self._takes(")"):
                raise self._error()
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        field = self._next()
        if field.text.startswith("-") and field.kind == "word":
            self._at -= 1
            self._tokens[self._at] = _Token("word", field.text[1:])
            inner = self._comparison()
            return lambda body: not inner(body)
        operator = self._operator()
        if operator is None:
            wanted = field.text.lower()
            return lambda body: wanted in str(body).lower()
        value = self._next().text
        compare = _OPERATORS[operator]
        return lambda body: compare(_values(body, field.text), value)

    def _operator(self) -> str | None:
        token = self._peek()
        if token and token.kind != "string" and token.text.lower() in _OPERATORS:
            self._at += 1
            return token.text.lower()
        return None


def _values(body: Any, path: str) -> list[Any]:
    """Every value at a dotted path; lists are searched element by element, a missing field gives none."""
    found = [body]
    for part in path.split("."):
        found = [item for value in found for item in _step(value, part)]
    return found


def _step(value: Any, part: str) -> list[Any]:
    if isinstance(value, list):
        return [item for element in value for item in _step(element, part)]
    if not isinstance(value, Mapping):
        return []
    key = part if part in value else camel(part)
    if key not in value:
        return []
    return list(value[key]) if isinstance(value[key], list) else [value[key]]


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _equal(value: Any, wanted: str) -> bool:
    return fnmatch.fnmatchcase(_text(value), wanted.replace("[", "[[]")) if "*" in wanted else _text(value) == wanted


def _has(values: list[Any], wanted: str) -> bool:
    if wanted == "*":
        return bool(values)
    return any(
        _equal(value, wanted)
        or (isinstance(value, Mapping) and wanted in value)
        or wanted.lower() in _text(value).lower().split()
        for value in values
    )


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any], str], bool]:
    def check(values: list[Any], wanted: str) -> bool:
        return any(
            (
                compare(float(value), float(wanted))
                if _is_number(value) and _is_number(wanted)
                else compare(_text(value), wanted)
            )
            for value in values
        )

    return check


def _is_number(value: Any) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", _text(value)))


def _matches(values: list[Any], pattern: str) -> bool:
    return any(re.fullmatch(pattern, _text(value)) for value in values)


_OPERATORS: Mapping[str, Callable[[list[Any], str], bool]] = {
    "=": lambda values, wanted: (
        any(_equal(value, wanted) for value in values) or (not values and wanted in ("false", ""))
    ),
    "!=": lambda values, wanted: not any(_equal(value, wanted) for value in values),
    ":": _has,
    "<": _ordered(lambda value, wanted: value < wanted),
    "<=": _ordered(lambda value, wanted: value <= wanted),
    ">": _ordered(lambda value, wanted: value > wanted),
    ">=": _ordered(lambda value, wanted: value >= wanted),
    "eq": _matches,
    "ne": lambda values, wanted: not _matches(values, wanted),
    "=~": _matches,
    "!~": lambda values, wanted: not _matches(values, wanted),
}

"""Whether an answer has everything a recorded one had, once ids, times and projects are normalised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.bindings import PLACEHOLDER, Bindings, fill

# The recordings cut every list at this length.
_CUT_AT = 6
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONG_NUMBER = re.compile(r"\d{8,}")
_HASH = "abcdef0123A="


def differences(recorded: Any, actual: Any, assignment: Mapping[str, str], found: dict[str, str], path: str = "$") -> Iterator[str]:
    """One line for each recorded value that `actual` lacks; values of placeholders that only the server knows go into `found`."""
    if isinstance(recorded, dict):
        if not isinstance(actual, dict):
            yield f"{path}: recorded an object, got {actual!r}"
            return
        for key, value in recorded.items():
            name = fill(key, {**assignment, **found})
            if name in actual:
                yield from differences(value, actual[name], assignment, found, f"{path}.{name}")
            else:
                yield f"{path}.{name}: recorded {_short(value)}, absent"
    elif isinstance(recorded, list):
        yield from _list_differences(recorded, actual, assignment, found, path)
    elif isinstance(recorded, str):
        if not isinstance(actual, str) or not _same_text(recorded, actual, assignment, found):
            yield f"{path}: recorded {_short(fill(recorded, {**assignment, **found}))}, got {_short(actual)}"
    elif recorded != actual or isinstance(recorded, bool) != isinstance(actual, bool):
        yield f"{path}: recorded {recorded!r}, got {_short(actual)}"


def _list_differences(recorded: list[Any], actual: Any, assignment: Mapping[str, str], found: dict[str, str], path: str) -> Iterator[str]:
    if not isinstance(actual, list):
        yield f"{path}: recorded a list, got {_short(actual)}"
        return
    if len(recorded) < _CUT_AT and len(actual) != len(recorded):
        yield f"{path}: recorded {len(recorded)} items, got {len(actual)}"
        return
    left = list(actual)
    for index, item in enumerate(recorded):
        match = next((position for position, other in enumerate(left) if not list(differences(item, other, assignment, dict(found)))), None)
        if match is not None:
            list(differences(item, left.pop(match), assignment, found))
        elif index < len(actual):
            yield from differences(item, actual[index], assignment, dict(found), f"{path}[{index}]")
        else:
            yield f"{path}[{index}]: recorded {_short(item)}, absent"


def _same_text(recorded: str, actual: str, assignment: Mapping[str, str], found: dict[str, str]) -> bool:
    if recorded == _HASH:
        return bool(actual)
    if _TIME.fullmatch(recorded):
        return bool(_TIME.fullmatch(actual))
    if _LONG_NUMBER.fullmatch(recorded):
        return actual.isdigit()
    known = fill(recorded, {**found, **assignment})
    if known == actual:
        return True
    free = [name for name in PLACEHOLDER.findall(recorded) if name not in assignment]
    if not free:
        return _same_shape(known, actual)
    pattern = re.escape(fill(recorded, assignment)).replace("0" * 21, r"\d+")
    pattern = re.sub(r"\\\$\\\{(\w+)\\\}", r"([^/]+?)", pattern)
    names = [name for name in PLACEHOLDER.findall(fill(recorded, assignment))]
    match = re.fullmatch(pattern, actual)
    if match:
        found.update(zip(names, match.groups(), strict=True))
    return bool(match)


def _same_shape(recorded: str, actual: str) -> bool:
    """Equal up to embedded times, zeroed ids and long numbers."""
    pattern = re.escape(recorded)
    pattern = pattern.replace(re.escape("2024-04-01T12:34:56.123456Z"), _TIME.pattern)
    pattern = re.sub(r"(?:0{9,}|1{9,}|8{9,}|\d{16,})", r"\\d+", pattern)
    return bool(re.fullmatch(pattern, actual))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


def learn(bindings: Bindings, found: Mapping[str, str]) -> None:
    """Keep what an answer told about placeholders."""
    for name, value in found.items():
        bindings.bind(name, value)

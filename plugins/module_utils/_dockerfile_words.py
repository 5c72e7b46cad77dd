"""PRIVATE to the collection: words of a Dockerfile's instructions: variables, flags, exec forms, keys with values."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"\\\$|\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)(?::(?P<sign>[-+])(?P<word>[^}]*))?\})")
_FLAG = re.compile(r"\s*--(?P<name>[a-z-]+)(?:=(?P<value>\S*))?(?=\s|$)")


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`text` with `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` replaced; an unknown name is empty."""

    def value(match: re.Match[str]) -> str:
        if match[0] == r"\$":
            return "$"
        found = variables.get(match["plain"] or match["braced"], "")
        if match["sign"] == "-":
            return found or match["word"]
        if match["sign"] == "+":
            return match["word"] if found else ""
        return found

    return _VARIABLE.sub(value, text)


def flags(value: str) -> tuple[dict[str, list[str]], str]:
    """The `--name=value` flags that an instruction begins with, by name, and what follows them."""
    found: dict[str, list[str]] = {}
    while match := _FLAG.match(value):
        found.setdefault(match["name"], []).append(match["value"] or "")
        value = value[match.end() :]
    return found, value.strip()


def exec_form(value: str) -> list[str] | None:
    """The words of an instruction in exec form (`["python", "-m", "app"]`), or None in shell form."""
    try:
        words = json.loads(value)
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def words(value: str) -> list[str]:
    """The words of a list: a JSON array, else separated by spaces, quotes removed. ValueError for an open quote."""
    form = exec_form(value)
    return form if form is not None else shlex.split(value)


def pairs(value: str) -> dict[str, str]:
    """`KEY=value KEY2="other value"`, or the older `KEY the rest`. ValueError for an open quote."""
    split = shlex.split(value)
    if split and "=" not in split[0]:
        key, _space, rest = value.strip().partition(" ")
        return {key: rest.strip()}
    return dict(word.partition("=")[::2] for word in split)

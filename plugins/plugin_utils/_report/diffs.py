"""Write the diffs that tasks returned as lines to add and to take away."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml

CONTEXT = 3
"""Unchanged lines shown around a change, as everywhere."""
LINES = 400
"""Lines shown of one diff."""
TAG = 32
"""Characters of markup around a group of lines."""
HIDDEN = "Before and after look the same here: the difference is in values that are masked."

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one written in C, ten times as fast, where PyYAML was built with it."""


@dataclass
class Budget:
    """Characters that all diffs of one page may take together, so that the page stays below a megabyte."""

    left: int = 300_000

    def take(self, size: int) -> bool:
        """Whether so many characters still fit; if so they are taken."""
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass(frozen=True)
class Line:
    """Neighbouring lines of one kind: add, del, hunk or same."""

    kind: str
    text: str


@dataclass(frozen=True)
class Diff:
    """A diff to show; `note` says why it is cut or empty."""

    lines: list[Line]
    note: str = ""


def rendered(entry: dict[str, Any], budget: Budget) -> Diff:
    """The diff of one ledger entry (`{before, after}` or `{prepared}`), within the budget."""
    lines = _prepared(entry["prepared"]) if "prepared" in entry else _compared(entry)
    if not lines:
        return Diff([], HIDDEN if entry.get("hidden") else "Nothing to show.")
    shown = _grouped(lines[:LINES])
    if not budget.take(sum(len(line.text) + TAG for line in shown)):
        return Diff([], "Left out to keep this page small; the ledger has it.")
    rest = max(0, len(lines) - LINES)
    return Diff(shown, f"{rest} further lines are in the ledger." if rest else "")


def _grouped(lines: list[Line]) -> list[Line]:
    groups = (list(group) for _kind, group in groupby(lines, key=lambda line: line.kind))
    return [Line(group[0].kind, "\n".join(line.text for line in group)) for group in groups]


def _compared(entry: dict[str, Any]) -> list[Line]:
    before, after = (_text(entry.get(side)).splitlines() for side in ("before", "after"))
    headers = [entry[header] for header in ("before_header", "after_header") if entry.get(header)]
    found = list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT))[2:]
    named = [Line("hunk", " → ".join(dict.fromkeys(headers)))] if headers and found else []
    return named + _classified(found)


def _text(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return value or ""
    if not value:
        return ""
    return str(
        yaml.dump(value, Dumper=_DUMPER, allow_unicode=True, sort_keys=True, default_flow_style=False, width=100)
    )


def _prepared(text: str) -> list[Line]:
    return _classified(text.splitlines())


def _classified(lines: Iterable[str]) -> list[Line]:
    """Kinds of a unified diff's lines; a hunk's positions tell a reader of YAML nothing, so only a gap is shown."""
    found: list[Line] = []
    for text in lines:
        if text.startswith("@@"):
            found += [Line("hunk", "⋯")] if found and found[-1].kind != "hunk" else []
        elif text.startswith(("--- ", "+++ ")):
            found.append(Line("hunk", text))
        else:
            found.append(Line({"+": "add", "-": "del"}.get(text[:1], "same"), text))
    return found

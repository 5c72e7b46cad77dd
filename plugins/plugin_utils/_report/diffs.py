"""Write the diffs that tasks returned as lines to add and to take away."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

CONTEXT = 3
"""Unchanged lines shown around a change, as everywhere."""
LINES = 400
"""Lines shown of one diff."""
HIDDEN = "Before and after look the same here: the difference is in values that are masked."


@dataclass
class Budget:
    """Characters that all diffs of one page may take together, so that the page stays below a megabyte."""

    left: int = 400_000

    def take(self, size: int) -> bool:
        """Whether so many characters still fit; if so they are taken."""
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass(frozen=True)
class Line:
    """One line of a diff; `kind` is add, del, hunk or same."""

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
    cut = lines[:LINES]
    if not budget.take(sum(len(line.text) + 16 for line in cut)):
        return Diff([], "Left out to keep this page small; the ledger has it.")
    rest = len(lines) - len(cut)
    return Diff(cut, f"{rest} further lines are in the ledger." if rest else "")


def _compared(entry: dict[str, Any]) -> list[Line]:
    before, after = (_text(entry.get(side)).splitlines() for side in ("before", "after"))
    found = difflib.unified_diff(
        before, after, entry.get("before_header", "before"), entry.get("after_header", "after"), lineterm="", n=CONTEXT
    )
    return _classified(found)


def _text(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return value or ""
    if not value:
        return ""
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=True, default_flow_style=False, width=100)


def _prepared(text: str) -> list[Line]:
    return _classified(text.splitlines())


def _classified(lines: Iterable[str]) -> list[Line]:
    found = []
    for text in lines:
        if text.startswith(("@@", "--- ", "+++ ")):
            found.append(Line("hunk", text))
        else:
            found.append(Line({"+": "add", "-": "del"}.get(text[:1], "same"), text))
    return found

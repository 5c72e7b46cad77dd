"""Placeholders of a recording (`${networkID}`) and the values they stand for in a replay."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_MOST_COMBINATIONS = 12

# What a recording calls by two names, and what the world of a replay fixes.
_FIXED: Mapping[str, str] = {
    "uniqueId": "abc123xyz",
    "projectId": "recorded-project",
    "organizationID": "123456789012",
    "billingAccountID": "01D165-CA11AB-1E0001",
    "billingAccountId": "01D165-CA11AB-1E0001",
}


@dataclass
class Bindings:
    """Placeholder → its values, the newest last: a recording folds several networks into one `${networkID}`."""

    values: dict[str, list[str]] = field(default_factory=lambda: {key: [value] for key, value in _FIXED.items()})
    _fresh: int = 0

    def bind(self, name: str, value: str) -> None:
        """Let `name` stand for `value` from now on (fixed ones keep theirs)."""
        if name in _FIXED or not value:
            return
        known = self.values.setdefault(name, [])
        if value in known:
            known.remove(value)
        known.append(value)

    def fresh(self, name: str) -> str:
        """A new value for `name` that a client could have chosen."""
        self._fresh += 1
        kind = name.lower().removesuffix("id")
        value = (
            str(900_000_000_000 + self._fresh)
            if name in ("folderID", "projectNumber", "tagKeyID", "tagValueID")
            else f"{kind}-{self._fresh}"
        )
        self.bind(name, value)
        return value

    def alternatives(self, text: str) -> Iterator[dict[str, str]]:
        """Every assignment of the placeholders in `text`, the newest values first."""
        names = list(dict.fromkeys(PLACEHOLDER.findall(text)))
        choices = [list(reversed(self.values.get(name) or [self.fresh(name)])) for name in names]
        for values in itertools.islice(itertools.product(*choices), _MOST_COMBINATIONS):
            yield dict(zip(names, values, strict=True))


def fill(value: Any, assignment: Mapping[str, str]) -> Any:
    """`value` with every placeholder replaced, keys included."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: assignment.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {fill(key, assignment): fill(item, assignment) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, assignment) for item in value]
    return value

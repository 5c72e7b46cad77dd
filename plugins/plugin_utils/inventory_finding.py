"""One thing that is wrong with an inventory, and the sentence that says so."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .inventory_sources import Place, Sources

VALUE_SHOWN = 160

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Missing:
    """Stands for the value of a key that nothing sets."""


MISSING = Missing()


@dataclass(frozen=True)
class Finding:
    """`path` is the variable and the keys below it, `value` what was found, `allowed` what may stand there.

    `place` is given when the finding is about a particular line; otherwise the line that sets `path` is looked up.
    """

    path: Path
    value: Any
    allowed: str
    place: Place | None = None

    @property
    def key(self) -> str:
        """`path` as one writes it in Jinja: platform_zones[1], platform_labels.team."""
        text = str(self.path[0]) if self.path else ""
        for step in self.path[1:]:
            text += f"[{step}]" if isinstance(step, int) else f".{step}"
        return text

    def located(self, sources: Sources, default: str) -> dict[str, str]:
        """The finding as `{file, key, value, allowed}`; `default` names a file when none sets the key."""
        place = self.place or sources.place(self.path)
        value = "(encrypted)" if self.path and sources.encrypted(str(self.path[0])) else shown(self.value)
        return {"file": str(place or default), "key": self.key, "value": value, "allowed": self.allowed}


def sentence(finding: dict[str, str]) -> str:
    """One line for the operator out of `Finding.located`."""
    return f"{finding['file']}: {finding['key']} is {finding['value']}; allowed: {finding['allowed']}"


def shown(value: Any) -> str:
    """`value` as JSON, cut where it is too long to read; the word missing for what is not set."""
    if isinstance(value, Missing):
        return "missing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]} …"


def known(names: Iterable[str], given: str) -> str:
    """The `allowed` text for a key that is not one of `names`, with the likeliest meant one first."""
    names = sorted(names)
    meant = difflib.get_close_matches(given, names, n=1)
    if meant:
        return f"{meant[0]}, if that is what was meant"
    return ", ".join(names) if names else "no key here"

"""PRIVATE to the collection: the files that a Dockerfile may copy, and which of them an instruction means."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ._image_tree import DIRECTORY, Entry, entry_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Context:
    """The directory of a build; `dockerfile` decides which `.dockerignore` holds."""

    directory: Path
    dockerfile: Path

    @cached_property
    def files(self) -> dict[str, Entry]:
        """Path in the context → what is there, without what `.dockerignore` leaves out."""
        rules = _rules(self._ignore_file())
        found: dict[str, Entry] = {}
        for root, directories, files in os.walk(self.directory):
            inside = Path(root).relative_to(self.directory)
            for name in sorted((*directories, *files)):
                path = (inside / name).as_posix()
                if not _ignored(path, rules):
                    # A directory that is left out is there all the same when something in it is an exception.
                    for above in reversed(PurePosixPath(path).parents[:-1]):
                        found.setdefault(str(above), DIRECTORY)
                    found[path] = entry_of(self.directory / path)
            if not any(negated for _pattern, negated in rules):
                directories[:] = [name for name in directories if (inside / name).as_posix() in found]
        return found

    def chosen(self, pattern: str) -> dict[str, dict[str, Entry]]:
        """Source → what lies at it (the empty name is itself), for every source that `pattern` of a COPY matches."""
        wanted = _clean(pattern)
        if not wanted:
            return {"": dict(self.files)}
        matcher = _expression(wanted)
        sources = [name for name in self.files if matcher.fullmatch(name)]
        return {source: self._at(source) for source in sources}

    def _at(self, source: str) -> dict[str, Entry]:
        found = {"": self.files[source]}
        for name, entry in self.files.items():
            if name.startswith(f"{source}/"):
                found[name.removeprefix(f"{source}/")] = entry
        return found

    def _ignore_file(self) -> Path:
        own = self.dockerfile.with_name(f"{self.dockerfile.name}.dockerignore")
        return own if own.is_file() else self.directory / ".dockerignore"


def fingerprint(entry: Entry) -> list[str]:
    """What of an entry makes a difference: kind, mode, content."""
    if entry.link:
        return ["link", entry.link]
    if entry.source is None:
        return ["directory"]
    return ["file", oct(entry.mode), hashlib.sha256(entry.source.read_bytes()).hexdigest()]


def _rules(path: Path) -> list[tuple[re.Pattern[str], bool]]:
    """(expression, whether it is an exception) of every line; https://docs.docker.com/build/concepts/context/."""
    found = []
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for raw in lines:
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        negated = line.startswith("!")
        wanted = _clean(line.removeprefix("!"))
        if wanted:
            found.append((_expression(wanted), negated))
    return found


def _ignored(path: str, rules: Sequence[tuple[re.Pattern[str], bool]]) -> bool:
    """The last rule that matches the path, or a directory that it is in, counts."""
    parts = path.split("/")
    levels = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    answer = False
    for expression, negated in rules:
        if any(expression.fullmatch(level) for level in levels):
            answer = not negated
    return answer


def _clean(pattern: str) -> str:
    """`./a//b/` → `a/b`; what leads out of the context is cut off, as builders do."""
    path = os.path.normpath(f"/{pattern.strip()}").lstrip("/")
    return "" if path == "." else path


@lru_cache
def _expression(pattern: str) -> re.Pattern[str]:
    """`*` and `?` within one segment, `**` over any number, `[a-z]` one character."""
    parts, rest = [], pattern
    while rest:
        if rest.startswith("**/"):
            parts.append("(?:.*/)?")
            rest = rest[3:]
        elif rest.startswith("**"):
            parts.append(".*")
            rest = rest[2:]
        elif match := re.match(r"\[\^?[^\]]+\]", rest):
            parts.append(match[0])
            rest = rest[match.end() :]
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0])))
            rest = rest[1:]
    return re.compile("".join(parts))

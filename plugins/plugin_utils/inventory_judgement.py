"""Judge a whole environment: every value against its schema, the rules between values, and how the files set them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .inventory_finding import Finding, known
from .inventory_rules import RULES
from .inventory_schema import Topic, topic_of, violations
from .inventory_sources import FROM_GROUP, Definition, Sources

if TYPE_CHECKING:
    from pathlib import Path

ALL = "all"

# The one variable with this prefix that differs by host: the service that a host of the group services is.
OF_ONE_HOST = frozenset({"platform_service"})


class UnsoundValue(Exception):
    """A rule asked for a variable that is missing or already refused."""


class SoundValues(Mapping[str, Any]):
    """The values that no finding is about; any other raises UnsoundValue, so no rule judges an unsound value."""

    def __init__(self, values: Mapping[str, Any], refused: set[str]) -> None:
        self._values = {name: value for name, value in values.items() if name not in refused}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            raise UnsoundValue(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def judge(
    topics: list[Topic],
    values: Mapping[str, Any],
    unresolved: Mapping[str, tuple[Any, str]],
    sources: Sources,
    prefix: str,
) -> list[Finding]:
    """Everything wrong with an environment, in the order of topics.

    `values` are the rendered variables that begin with `prefix`; `unresolved` maps each that could not be rendered to
    its template and the reason.
    """
    findings = [
        Finding((name,), raw, f"a value that can be rendered: {why}") for name, (raw, why) in unresolved.items()
    ]
    declared = topic_of(topics)
    unknown = sorted(name for name in {*values} - {*declared} if not _is_of_one_host(name, sources))
    findings += [Finding((name,), values[name], known(declared, name)) for name in unknown]
    findings += _file_findings(sources, prefix)
    findings += violations(topics, values, frozenset(unresolved))
    refused = {str(finding.path[0]) for finding in findings}
    sound = SoundValues(values, refused)
    for rule in RULES:
        try:
            findings += list(rule(sound))
        except UnsoundValue:
            continue
    return findings


def _is_of_one_host(name: str, sources: Sources) -> bool:
    return name in OF_ONE_HOST and all(definition.owner != ALL for definition in sources.of(name))


def home(topics: list[Topic], inventory: Path, variable: str) -> str:
    """The file in which a missing `variable` belongs."""
    topic = topic_of(topics).get(variable)
    directory = inventory / "group_vars" / ALL
    return str(directory / f"{topic}.yml" if topic else directory)


def _file_findings(sources: Sources, prefix: str) -> Iterator[Finding]:
    for duplicate in sources.duplicates:
        yield Finding((duplicate.name,), f"set again; first at {duplicate.first}", "each key once", duplicate.second)
    seen: dict[tuple[str, int], Definition] = {}
    for definition in sources.definitions:
        if not definition.name.startswith(prefix) or definition.name in OF_ONE_HOST:
            continue
        if definition.owner != ALL or definition.rank >= FROM_GROUP:
            allowed = f"a value for the whole environment, in group_vars/{ALL}; {prefix}… never differs by host"
            yield Finding((definition.name,), f"set for {definition.owner}", allowed, definition.place)
        first = seen.setdefault((definition.name, definition.rank), definition)
        if first.file != definition.file:
            allowed = f"one file for each value; {first.place} sets it too"
            yield Finding((definition.name,), "set twice", allowed, definition.place)

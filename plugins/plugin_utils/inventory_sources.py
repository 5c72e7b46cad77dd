"""Find the file and line at which an inventory sets a key, so that a refusal can point at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

YAML_SUFFIXES = {".yml", ".yaml", ".json"}
VARIABLE_DIRECTORIES = {"group_vars", "host_vars"}

# Variables that are made of every host's own: below the name of a host stands what the host declares, unless the
# overrides of the environment say otherwise.
DECLARED_BY_HOST = {"platform_service_catalog": ("service_declared", "platform_service_overrides")}

# Ansible's own order for one inventory: variables in an inventory file, group_vars/all, other groups, hosts.
FROM_INVENTORY_FILE, FROM_ALL, FROM_GROUP, FROM_HOST = range(4)


@dataclass(frozen=True)
class Place:
    """Where a key stands: `file` as the operator would open it, `line` counted from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Definition:
    """One variable as one file sets it; `owner` is the group or host it is set for."""

    name: str
    owner: str
    rank: int
    file: Path
    key: yaml.Node
    value: yaml.Node

    @property
    def place(self) -> Place:
        return Place(self.file, self.key.start_mark.line + 1)


@dataclass(frozen=True)
class Duplicate:
    """A key that stands twice in one mapping: YAML keeps the last and says nothing."""

    name: str
    first: Place
    second: Place


@dataclass
class Sources:
    """Every definition in the YAML files of an inventory, in the order in which they take effect."""

    definitions: list[Definition] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)

    def of(self, name: str) -> list[Definition]:
        """Definitions of `name`; the last one wins."""
        found = [definition for definition in self.definitions if definition.name == name]
        return sorted(found, key=lambda definition: definition.rank)

    def place(self, path: Sequence[str | int]) -> Place | None:
        """The deepest line that sets `path` (variable name, then keys and indexes), None when no file does."""
        if path and path[0] in DECLARED_BY_HOST and len(path) > 1:
            return self._place_of_host(path)
        found = self.of(str(path[0])) if path else []
        return _deepest(found[-1], path[1:])[0] if found else None

    def _place_of_host(self, path: Sequence[str | int]) -> Place | None:
        """The line in the overrides that sets what `path` ends in, else the deepest one in what the host declares."""
        declared, overrides = DECLARED_BY_HOST[str(path[0])]
        patches = self.of(overrides)
        if patches:
            place, is_whole = _deepest(patches[-1], path[1:])
            if is_whole:
                return place
        own = [definition for definition in self.of(declared) if definition.owner == path[1]]
        return _deepest(own[-1], path[2:])[0] if own else None

    def encrypted(self, name: str) -> bool:
        """Whether the file that sets `name` keeps the value encrypted by Ansible Vault."""
        found = self.of(name)
        return bool(found) and found[-1].value.tag == "!vault"


def read_sources(inventory_sources: Iterable[str | Path]) -> Sources:
    """Read the YAML files below each inventory source, a directory or a file; what is not YAML is left out."""
    sources = Sources()
    for source in map(Path, inventory_sources):
        for file in _files(source):
            _read_file(file, sources)
    return sources


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        yield from (file for name in sorted(VARIABLE_DIRECTORIES) for file in _files(source.parent / name))
    elif source.is_dir():
        for entry in sorted(source.iterdir()):
            if entry.is_dir():
                yield from _files(entry)
            elif entry.suffix in YAML_SUFFIXES or entry.parent.name in VARIABLE_DIRECTORIES:
                yield entry


def _read_file(file: Path, sources: Sources) -> None:
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError):
        # Ansible has read the same file and has already refused it if it is not what it should be.
        return
    if not isinstance(root, yaml.MappingNode):
        return
    _collect_duplicates(root, file, "", sources)
    owned = _owner(file)
    if owned is None:
        for group, content in _items(root):
            _read_group(group.value, content, file, sources)
    else:
        owner, rank = owned
        _define(root, owner, rank, file, sources)


def _owner(file: Path) -> tuple[str, int] | None:
    """The group or host whose variables `file` holds, None for an inventory file."""
    parts = file.parts
    for position in range(len(parts) - 2, -1, -1):
        if parts[position] in VARIABLE_DIRECTORIES:
            name = parts[position + 1] if position + 2 < len(parts) else file.stem
            if parts[position] == "host_vars":
                return name, FROM_HOST
            return name, FROM_ALL if name == "all" else FROM_GROUP
    return None


def _read_group(name: str, group: yaml.Node, file: Path, sources: Sources) -> None:
    for key, value in _items(group):
        if key.value == "vars":
            _define(value, name, FROM_INVENTORY_FILE, file, sources)
        elif key.value == "hosts":
            for host, variables in _items(value):
                _define(variables, host.value, FROM_HOST, file, sources)
        elif key.value == "children":
            for child, inner in _items(value):
                _read_group(child.value, inner, file, sources)


def _define(mapping: yaml.Node, owner: str, rank: int, file: Path, sources: Sources) -> None:
    for key, value in _items(mapping):
        sources.definitions.append(Definition(str(key.value), owner, rank, file, key, value))


def _items(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _deepest(definition: Definition, steps: Sequence[str | int]) -> tuple[Place, bool]:
    """The deepest line below a definition that `steps` lead to, and whether they led all the way."""
    line = definition.key.start_mark.line
    node: yaml.Node | None = definition.value
    for step in steps:
        inner = _descend(node, step)
        if inner is None:
            return Place(definition.file, line + 1), False
        line, node = inner
    return Place(definition.file, line + 1), True


def _descend(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        inner = node.value[step]
        return inner.start_mark.line, inner
    for key, value in _items(node):
        if key.value == str(step):
            return key.start_mark.line, value
    return None


def _collect_duplicates(node: yaml.Node, file: Path, path: str, sources: Sources) -> None:
    seen: dict[str, Place] = {}
    for key, value in _items(node):
        name = f"{path}.{key.value}" if path else str(key.value)
        here = Place(file, key.start_mark.line + 1)
        if name in seen:
            sources.duplicates.append(Duplicate(name, seen[name], here))
        seen[name] = here
        _collect_duplicates(value, file, name, sources)
    if isinstance(node, yaml.SequenceNode):
        for index, inner in enumerate(node.value):
            _collect_duplicates(inner, file, f"{path}[{index}]", sources)

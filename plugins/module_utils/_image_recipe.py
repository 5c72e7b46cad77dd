"""PRIVATE to the collection: an image composed from a Dockerfile's facts, without an engine: its layers and its
configuration."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import _image_packages
from ._dockerfile import Dockerfile, Instruction, Stage, evaluated
from ._dockerfile_words import exec_form, flags, pairs, words
from ._image_commands import SUPPORTED, Command, InstallPackages, MakeDirectories, MakeEnvironment, Unknown, commands
from ._image_tree import DIRECTORY, Entry, Layers, owned

if TYPE_CHECKING:
    from ._image_context import Context

# Configuration of a base → its environment and the rest, by FROM.
Bases = Mapping[str, Mapping[str, Any]]
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHELL = ["/bin/sh", "-c"]
# What says nothing of what is in the image or how it is started on Kubernetes or Cloud Run.
_PASSED_OVER = frozenset({"HEALTHCHECK", "MAINTAINER", "ONBUILD"})
_USERS = {"": 0, "root": 0, "nobody": 65534, "nogroup": 65534}

Installer = Callable[[InstallPackages, tuple[bytes, ...]], Mapping[str, Entry]]


@dataclass
class Composed:
    """One stage as far as it has come."""

    layers: Layers = field(default_factory=Layers)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        return str(self.config.get("WorkingDir") or "/")

    @property
    def environment(self) -> dict[str, str]:
        return dict(item.partition("=")[::2] for item in self.config.get("Env", []))

    def inside(self, path: str) -> str:
        """A path in the image without its leading slash, relative ones from the working directory."""
        return posixpath.normpath(posixpath.join(self.directory, path)).strip("/")


class Composer:
    """Composes the last stage of a Dockerfile from `context`, over the configurations in `bases`."""

    def __init__(self, dockerfile: Dockerfile, context: Context, given: Mapping[str, str], python: str) -> None:
        """`given` are build arguments; `python` is the version of the interpreter in the image."""
        self._dockerfile = dockerfile
        self._context = context
        self._given = given
        self._python = python
        self._stages: dict[Stage, Composed] = {}

    def compose(self, bases: Bases, install: Installer) -> Composed:
        """Everything that the image needs; Failure names file and line of what cannot be composed."""
        for stage in self._dockerfile.needed():
            self._stages[stage] = self._stage(stage, bases, install)
        return self._stages[self._dockerfile.stages[-1]]

    def refuse_unknown(self, bases: Bases) -> None:
        """Failure for the first instruction that could not be composed; nothing is installed."""
        self.compose(bases, lambda command, _requirements: {command.place.strip("/"): DIRECTORY})

    def _stage(self, stage: Stage, bases: Bases, install: Installer) -> Composed:
        parent = self._dockerfile.parent(stage)
        if parent is not None:
            before = self._stages[parent]
            composed = Composed(Layers(list(before.layers.made)), dict(before.config))
        else:
            composed = Composed(config=_inherited(bases.get(stage.base, {})))
        for instruction, environment in evaluated(self._dockerfile, stage, self._given, composed.environment):
            if instruction.name == "ENV":
                composed.config["Env"] = [f"{key}={value}" for key, value in environment.items()]
            else:
                self._apply(stage, composed, instruction, install)
        return composed

    def _apply(self, stage: Stage, composed: Composed, instruction: Instruction, install: Installer) -> None:
        name, value = instruction.name, instruction.value
        if name in _PASSED_OVER:
            return
        try:
            if name in ("COPY", "ADD"):
                self._copy(stage, composed, instruction)
            elif name == "RUN":
                for command in self._commands(instruction):
                    self._perform(composed, instruction, command, install)
            else:
                configure(composed, name, value)
        except ValueError as problem:
            raise self._dockerfile.refuse(instruction.line, f"{name} {value}: {problem}", "Mend it.") from problem
        if name == "WORKDIR":
            composed.layers.add(
                f"WORKDIR {value}", {composed.inside("."): DIRECTORY} if composed.inside(".") != "." else {}
            )

    def _commands(self, instruction: Instruction) -> list[Command]:
        try:
            return commands(instruction.value)
        except Unknown as problem:
            what = f"RUN changes the image in a way that cannot be composed: {problem}"
            raise self._dockerfile.refuse(instruction.line, what, SUPPORTED) from problem

    def _perform(self, composed: Composed, instruction: Instruction, command: Command, install: Installer) -> None:
        by = f"RUN {instruction.value}"
        if isinstance(command, MakeDirectories):
            composed.layers.add(by, {composed.inside(place): DIRECTORY for place in command.places})
        elif isinstance(command, MakeEnvironment):
            composed.layers.add(by, _image_packages.environment(composed.inside(command.place), self._python))
        else:
            requirements = tuple(self._content(composed, instruction, path) for path in command.files)
            place = f"/{composed.inside(command.place)}"
            composed.layers.add(
                by, install(InstallPackages(command.files, command.kind, place, command.dependencies), requirements)
            )

    def _content(self, composed: Composed, instruction: Instruction, path: str) -> bytes:
        entry = composed.layers.merged().get(composed.inside(path))
        if entry is None or entry.source is None:
            what = f"RUN: {path} was not copied into this stage"
            raise self._dockerfile.refuse(instruction.line, what, "COPY it first.")
        return entry.source.read_bytes()

    def _copy(self, stage: Stage, composed: Composed, instruction: Instruction) -> None:
        given, rest = flags(instruction.value)
        named = words(rest)
        if len(named) < 2:
            raise self._dockerfile.refuse(
                instruction.line, f"{instruction.name} needs a source and a target", "Add it."
            )
        *sources, target = named
        into = target.endswith("/") or target in (".", "..") or len(sources) > 1
        user, group = _owner((given.get("chown") or [""])[0])
        mode = int(given["chmod"][0], 8) if given.get("chmod") else None
        tree: dict[str, Entry] = {}
        for source in sources:
            found = list(self._found(stage, instruction, given, source))
            if not found:
                what = f"{instruction.name}: there is no {source} in {self._where(given)}"
                raise self._dockerfile.refuse(instruction.line, what, "Is it left out by .dockerignore?")
            for name, below in found:
                tree |= _target(composed.inside(target), name, below, into or len(found) > 1)
        composed.layers.add(f"{instruction.name} {instruction.value}", owned(tree, user, group, mode))

    def _where(self, given: Mapping[str, list[str]]) -> str:
        return f"stage {given['from'][0]}" if given.get("from") else "the build context"

    def _found(
        self, stage: Stage, instruction: Instruction, given: Mapping[str, list[str]], source: str
    ) -> Iterator[tuple[str, Mapping[str, Entry]]]:
        """(name, what lies there) of everything that a source means."""
        if source.startswith(("http://", "https://", "git@")):
            raise self._dockerfile.refuse(
                instruction.line, f"{source} would be downloaded", "Keep the file in the context."
            )
        if not given.get("from"):
            if instruction.name == "ADD" and source.endswith((".tar", ".gz", ".tgz", ".xz", ".bz2")):
                raise self._dockerfile.refuse(instruction.line, f"ADD would unpack {source}", "Unpack it and COPY.")
            yield from self._context.chosen(source).items()
            return
        origin = self._dockerfile.stage(given["from"][0], self._dockerfile.stages.index(stage))
        if origin is None:
            what = f"COPY --from={given['from'][0]} takes from another image"
            raise self._dockerfile.refuse(instruction.line, what, SUPPORTED)
        below = self._stages[origin].layers.below(posixpath.normpath(f"/{source}"))
        if below:
            yield source.strip("/"), below


def _target(target: str, name: str, below: Mapping[str, Entry], into: bool) -> dict[str, Entry]:
    """Where a source goes: a directory's contents into the target, a file to it or (`into`) below it."""
    top = below.get("")
    if top is not None and not top.is_directory:
        place = f"{target}/{posixpath.basename(name)}" if into else target
        return {place.lstrip("/"): top}
    root = {target: DIRECTORY} if target not in ("", ".") else {}
    return root | {f"{target}/{inner}".removeprefix("./").lstrip("/"): entry for inner, entry in below.items() if inner}


def _owner(value: str) -> tuple[int, int]:
    """`--chown=10001:10001`; ValueError for a name that only the base image knows."""
    user, _colon, group = value.partition(":")
    return _number(user), _number(group or user)


def _number(name: str) -> int:
    if name.isdigit():
        return int(name)
    if name not in _USERS:
        raise ValueError(f"--chown={name} needs the base image's /etc/passwd; use a number")
    return _USERS[name]


def _inherited(config: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in config.items() if key not in ("Healthcheck", "OnBuild") and value}
    return kept if kept.get("Env") else {**kept, "Env": [f"PATH={DEFAULT_PATH}"]}


def configure(composed: Composed, name: str, value: str) -> None:
    """What an instruction changes of the configuration; ValueError for what makes no sense."""
    config = composed.config
    if name == "WORKDIR":
        config["WorkingDir"] = (
            f"/{composed.inside(value)}".replace("/.", "/")
            if composed.inside(value) == "."
            else f"/{composed.inside(value)}"
        )
    elif name == "USER":
        config["User"] = value
    elif name == "STOPSIGNAL":
        config["StopSignal"] = value
    elif name == "LABEL":
        config["Labels"] = {**config.get("Labels", {}), **pairs(value)}
    elif name == "EXPOSE":
        ports: dict[str, Any] = {(port if "/" in port else f"{port}/tcp"): {} for port in words(value)}
        config["ExposedPorts"] = {**config.get("ExposedPorts", {}), **ports}
    elif name == "VOLUME":
        config["Volumes"] = {**config.get("Volumes", {}), **{path: {} for path in words(value)}}
    elif name == "SHELL":
        config["Shell"] = words(value)
    elif name in ("CMD", "ENTRYPOINT"):
        _start(config, name, value)


def _start(config: dict[str, Any], name: str, value: str) -> None:
    form = exec_form(value)
    command = form if form is not None else [*config.get("Shell", _SHELL), value]
    if name == "ENTRYPOINT":
        config["Entrypoint"] = command
        # A command that the base image brings belongs to the base's own entry point.
        config.pop("Cmd", None)
    else:
        config["Cmd"] = command

"""PRIVATE to the collection: a Dockerfile as stages of instructions, with its variables put in."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ._dockerfile_words import expanded, flags, pairs
from ._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

try:
    from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]
except ImportError as error:
    MISSING_LIBRARY: ImportError | None = error
else:
    MISSING_LIBRARY = None

KNOWN = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_FROM = re.compile(r"(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)
# Not expanded by a builder: the shell in the container would do that.
_LEFT_ALONE = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "ARG"})


@dataclass(frozen=True)
class Instruction:
    """One instruction; `line` counts from 1."""

    name: str
    value: str
    line: int


@dataclass(frozen=True)
class Stage:
    """One stage: `name` is what `AS` says, else its number; `base` what FROM names, variables put in."""

    name: str
    base: str
    line: int
    instructions: tuple[Instruction, ...]
    platform: str = ""


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile; `shown` is its path as messages name it."""

    shown: str
    stages: tuple[Stage, ...]
    arguments: Mapping[str, str] = field(default_factory=dict)

    def stage(self, name: str, before: int | None = None) -> Stage | None:
        """The stage of that name or number (among the first `before`)."""
        for index, stage in enumerate(self.stages[:before]):
            if name.lower() in (stage.name.lower(), str(index)):
                return stage
        return None

    def needed(self) -> list[Stage]:
        """The last stage and what it takes from, each after what it needs."""
        found: list[Stage] = []
        self._collect(self.stages[-1], found)
        return found

    def bases(self) -> list[str]:
        """What needed stages take from outside: images by name, in order, each once."""
        needed = self.needed()
        bases = [stage.base for stage in needed if self.parent(stage) is None]
        return list(dict.fromkeys(bases))

    def parent(self, stage: Stage) -> Stage | None:
        """The stage that FROM names, or None for an image."""
        return self.stage(stage.base, self.stages.index(stage))

    def refuse(self, line: int, what: str, cure: str) -> Failure:
        """A refusal that names file and line."""
        return Failure("DOCKERFILE_REFUSED", f"{self.shown}:{line}: {what}.", hint=cure)

    def _collect(self, stage: Stage, found: list[Stage]) -> None:
        index = self.stages.index(stage)
        sources = [self.parent(stage)]
        for instruction in stage.instructions:
            if instruction.name in ("COPY", "ADD"):
                given, _words = flags(instruction.value)
                sources += [self.stage(expanded(name, self.arguments), index) for name in given.get("from", [])]
        for source in sources:
            if source is not None:
                self._collect(source, found)
        if stage not in found:
            found.append(stage)


def read(path: Path, shown: str, arguments: Mapping[str, str]) -> Dockerfile:
    """Parse the file at `path`; `arguments` are build arguments. Failure names file and line of what makes no sense."""
    if MISSING_LIBRARY is not None:
        raise Failure(
            "LIBRARY_MISSING",
            f"The Python that runs this module lacks a library: {MISSING_LIBRARY}.",
            hint="Install dockerfile-parse for that Python.",
        )
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise Failure("DOCKERFILE_MISSING", f"{shown}: {problem.strerror}.", hint="Name it by dockerfile.") from problem
    return _parsed(content, shown, arguments)


def _parsed(content: bytes, shown: str, arguments: Mapping[str, str]) -> Dockerfile:
    dockerfile = Dockerfile(shown, ())
    outside: dict[str, str] = {}
    stages: list[Stage] = []
    for instruction in _instructions(content, dockerfile):
        if instruction.name == "FROM":
            stages.append(_stage(dockerfile, instruction, len(stages), outside))
        elif stages:
            stages[-1] = _with(stages[-1], instruction)
        elif instruction.name == "ARG":
            outside |= _argument(instruction.value, arguments, outside)
        else:
            raise dockerfile.refuse(instruction.line, f"{instruction.name} before the first FROM", "Begin with FROM.")
    if not stages:
        raise dockerfile.refuse(1, "there is no FROM", "Name a base image.")
    return Dockerfile(shown, tuple(stages), {**outside, **arguments})


def _instructions(content: bytes, dockerfile: Dockerfile) -> Iterator[Instruction]:
    for found in DockerfileParser(fileobj=io.BytesIO(content)).structure:
        name, line = found["instruction"], found["startline"] + 1
        if name == "COMMENT":
            continue
        if name not in KNOWN:
            raise dockerfile.refuse(line, f"{name} is no instruction", "Heredocs are not read: use files and COPY.")
        yield Instruction(name, found["value"], line)


def _stage(dockerfile: Dockerfile, instruction: Instruction, index: int, outside: Mapping[str, str]) -> Stage:
    given, rest = flags(expanded(instruction.value, outside))
    match = _FROM.fullmatch(rest)
    if match is None:
        raise dockerfile.refuse(
            instruction.line, f"FROM {instruction.value}: no image is named", "FROM IMAGE [AS NAME]"
        )
    platform = (given.get("platform") or [""])[0]
    return Stage(match["name"] or str(index), match["base"], instruction.line, (), platform)


def _with(stage: Stage, instruction: Instruction) -> Stage:
    return Stage(stage.name, stage.base, stage.line, (*stage.instructions, instruction), stage.platform)


def _argument(value: str, given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """What an ARG instruction defines: the given value, else one of the same name outside, else its default."""
    found = {}
    for name, default in pairs(value if "=" in value else f"{value}=").items():
        text = given.get(name, expanded(default, known) or known.get(name, ""))
        found[name] = text
    return found


def evaluated(
    dockerfile: Dockerfile, stage: Stage, given: Mapping[str, str], base_environment: Mapping[str, str]
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """Every instruction with its variables put in, and the environment that holds after it.

    `given` are build arguments, `base_environment` what the base image (or stage) defines.
    """
    environment = dict(base_environment)
    arguments: dict[str, str] = {}
    for instruction in stage.instructions:
        variables = {**arguments, **environment}
        if instruction.name == "ARG":
            arguments |= _argument(instruction.value, given, {**dockerfile.arguments, **variables})
            continue
        value = instruction.value
        if instruction.name not in _LEFT_ALONE:
            value = expanded(value, variables)
        try:
            if instruction.name == "ENV":
                environment |= pairs(value)
        except ValueError as problem:
            raise dockerfile.refuse(instruction.line, str(problem), "Close the quotes.") from problem
        yield Instruction(instruction.name, value, instruction.line), dict(environment)

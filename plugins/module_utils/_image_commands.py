"""PRIVATE to the collection: the RUN commands whose effect on an image is known without running them in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Union

from ._dockerfile_words import exec_form, flags

SUPPORTED = (
    "Without Docker or Podman these can be composed: `pip install --require-hashes -r FILE` (or `python -m pip`, `uv"
    " pip`) with --target DIR, --prefix DIR or the pip of a venv; `python -m venv DIR`; `mkdir -p DIR`; joined by &&."
    " Do other work before the build, start an engine, or name a ready image by its reference."
)
_PIP_SWITCHES = frozenset(
    [
        "--no-cache-dir",
        "--no-compile",
        "--disable-pip-version-check",
        "--no-warn-script-location",
        "--quiet",
        "-q",
        "--require-hashes",
        "--no-deps",
        "--upgrade",
        "-U",
        "--no-input",
        "--prefer-binary",
        "--no-cache",
        "--system",
        "--verify-hashes",
    ]
)
_PIP_VALUES = frozenset({"--only-binary", "--root-user-action", "--progress-bar", "--link-mode", "--timeout"})
_PIP_LONG = {"-r": "--requirement", "-t": "--target", "--requirements": "--requirement"}
_PYTHON = re.compile(r"(?:(?P<directory>.*)/bin/|.*/)?python3?(?:\.\d+)?")
_PIP = re.compile(r"(?:(?P<directory>.*)/bin/|.*/)?pip3?(?:\.\d+)?")


class Unknown(Exception):
    """A command whose effect is not known; the message says which part of it."""


@dataclass(frozen=True)
class InstallPackages:
    """Packages of hashed requirements `files`; `kind` says what `place` is: target, prefix or venv."""

    files: tuple[str, ...]
    kind: str
    place: str
    dependencies: bool = True


@dataclass(frozen=True)
class MakeEnvironment:
    """A virtual environment at `place`."""

    place: str


@dataclass(frozen=True)
class MakeDirectories:
    """Directories at `places`."""

    places: tuple[str, ...]


Command = Union[InstallPackages, MakeEnvironment, MakeDirectories]  # noqa: UP007 - ansible-test takes | for an operation


def commands(value: str) -> list[Command]:
    """What a RUN instruction does; Unknown for anything else."""
    given, rest = flags(value)
    for mount in given.get("mount", []):
        if "type=cache" not in mount:
            raise Unknown(f"--mount={mount} is not a cache")
    form = exec_form(rest)
    return [_command(words) for words in ([form] if form else _sequence(rest))]


def bind_mounts(value: str) -> bool:
    """Whether a RUN instruction reads the context by a mount of its own."""
    return any("type=bind" in mount for mount in flags(value)[0].get("mount", []))


def _sequence(text: str) -> Iterator[list[str]]:
    """The simple commands of a line of shell."""
    if "`" in text or "$(" in text:
        raise Unknown("a command in a command")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    try:
        for word in lexer:
            if word in ("&&", ";"):
                yield command
                command = []
            elif set(word) <= set("();<>|&"):
                raise Unknown(f"the operator {word}")
            else:
                command.append(word)
    except ValueError as problem:
        raise Unknown(str(problem)) from problem
    yield command


def _command(words: Sequence[str]) -> Command:
    if words[:1] == ["mkdir"]:
        return _directories(words[1:])
    if words[:2] == ["uv", "pip"]:
        return _install("", words[2:])
    python = _PYTHON.fullmatch(words[0]) if words else None
    if python and list(words[1:3]) == ["-m", "venv"]:
        places = [word for word in words[3:] if not word.startswith("-")]
        if len(places) == 1:
            return MakeEnvironment(places[0])
    if python and list(words[1:3]) == ["-m", "pip"]:
        return _install(python["directory"] or "", words[3:])
    pip = _PIP.fullmatch(words[0]) if words else None
    if pip:
        return _install(pip["directory"] or "", words[1:])
    raise Unknown(f"`{' '.join(words)[:80]}`")


def _directories(words: Sequence[str]) -> MakeDirectories:
    places = tuple(word for word in words if not word.startswith("-"))
    if not places or any(word not in ("-p", "--parents") for word in words if word.startswith("-")):
        raise Unknown(f"`mkdir {' '.join(words)}`")
    return MakeDirectories(places)


def _install(directory: str, words: Sequence[str]) -> InstallPackages:
    """`pip install`, by the pip of the environment at `directory` where one is named."""
    if list(words[:1]) != ["install"]:
        raise Unknown(f"`pip {' '.join(words)[:60]}`")
    values: dict[str, list[str]] = {}
    rest = [part for word in words[1:] for part in _split(word)]
    while rest:
        word = _PIP_LONG.get(rest[0], rest[0])
        rest = rest[1:]
        if word in _PIP_SWITCHES:
            values.setdefault(word, [])
        elif word in _PIP_VALUES or word in ("--requirement", "--target", "--prefix", "--python"):
            if not rest:
                raise Unknown(f"pip install: {word} without a value")
            values.setdefault(word, []).append(rest[0])
            rest = rest[1:]
        else:
            what = "an option" if word.startswith("-") else "a requirement outside a file with hashes"
            raise Unknown(f"pip install: {word} is {what} that is not known here")
    return _placed(directory, values)


def _split(word: str) -> list[str]:
    return list(word.split("=", 1)) if word.startswith("--") and "=" in word else [word]


def _placed(directory: str, values: dict[str, list[str]]) -> InstallPackages:
    files = tuple(values.get("--requirement", []))
    if not files:
        raise Unknown("pip install without --requirement")
    kind, place = next(
        ((name, values[f"--{name}"][0]) for name in ("target", "prefix") if f"--{name}" in values), ("", "")
    )
    python = values.get("--python", [""])[0]
    if not kind and (directory or python):
        environment = PurePosixPath(python).parent.parent if python else PurePosixPath(directory)
        kind, place = "venv", str(environment)
    if not kind:
        raise Unknown("pip install into the base image, without --target, --prefix or a venv")
    return InstallPackages(files, kind, place, "--no-deps" not in values)

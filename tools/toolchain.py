"""Find, download, install or build the programs of tools.yml, and link each into one directory for PATH.

    python -m tools.toolchain DIRECTORY NAME...

Prints what it does when that takes time, one line of remedy when a program cannot be had, and nothing otherwise.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from tools.download import Release, Unreachable, download
from tools.go_build import GoBuild, build

_TABLE = Path(__file__).with_name("tools.yml")


class Missing(Exception):
    """A program that no way leads to; the message is the line for the operator."""


@dataclass(frozen=True)
class Tool:
    """One entry of tools.yml."""

    name: str
    programs: list[str]
    arguments: list[str]
    accepts: SpecifierSet
    missing: str
    version: str = ""
    release: Release | None = None
    go: GoBuild | None = None
    debian: list[str] = field(default_factory=list)

    @classmethod
    def from_entry(cls, name: str, entry: dict[str, Any]) -> Tool:
        release, go = entry.get("release"), entry.get("go")
        return cls(
            name=name,
            programs=entry["programs"],
            arguments=entry["arguments"],
            accepts=SpecifierSet(entry["accepts"], prereleases=True),
            missing=entry["missing"],
            version=str(entry.get("version", "")),
            release=Release(**release) if release else None,
            go=GoBuild(package=go["package"], set=tuple(go["set"])) if go else None,
            debian=entry.get("debian", []),
        )


def table(path: Path = _TABLE) -> dict[str, Tool]:
    """Every tool of `path` by name."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Tool.from_entry(name, entry) for name, entry in entries.items()}


def cache_directory() -> Path:
    """Where what was built or downloaded stays between checkouts (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "presidential_digs" / "tools"


def ensure(tool: Tool, cache: Path) -> Path:
    """The program of `tool`, had in the first way that is open; `Missing` when none is."""
    found = _on_path(tool)
    if found:
        return found
    target = cache / f"{tool.name}-{tool.version}" / tool.name
    if tool.version and target.is_file():
        return target
    tried = []
    for way in (_release, _go, _debian):
        reason = way(tool, target)
        if not reason:
            return target if target.is_file() else _installed(tool)
        tried.append(reason)
    raise Missing(f"{tool.name} is missing: {tool.missing} ({'; '.join(r for r in tried if r != _CLOSED)})")


def _on_path(tool: Tool) -> Path | None:
    for program in tool.programs:
        path = shutil.which(program)
        if path and _accepted(tool, path):
            return Path(path)
    return None


def _accepted(tool: Tool, path: str) -> bool:
    try:
        answer = subprocess.run([path, *tool.arguments], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    number = re.search(r"\d+(\.\d+)+", answer.stdout)
    try:
        return number is not None and Version(number.group()) in tool.accepts
    except InvalidVersion:
        return False


def _installed(tool: Tool) -> Path:
    found = _on_path(tool)
    if not found:
        raise Missing(f"{tool.name} was installed and still is not on PATH in an accepted version ({tool.accepts})")
    return found


# The reason of a way that tools.yml does not name for a tool: nothing was tried.
_CLOSED = "closed"


def _release(tool: Tool, target: Path) -> str:
    if not tool.release:
        return _CLOSED
    try:
        download(tool.release, tool.version, tool.name, target)
    except Unreachable as error:
        return str(error)
    return ""


def _go(tool: Tool, target: Path) -> str:
    if not tool.go:
        return _CLOSED
    if not shutil.which("go"):
        return "no go on PATH"
    return build(tool.go, f"{tool.name} {tool.version}", _TABLE.parent / "build" / tool.name, target)


def _debian(tool: Tool, _target: Path) -> str:
    if not tool.debian:
        return _CLOSED
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "not root on Debian"
    print(f"Installing {' '.join(tool.debian)} with apt-get (about a minute) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *tool.debian]):
        done = subprocess.run(
            ["apt-get", "-q", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return f"apt-get {command[0]}: {(done.stderr.strip() or 'it said nothing').splitlines()[-1]}"
    return ""


def link(directory: Path, name: str, program: Path) -> None:
    """Make `directory/name` mean `program`, in one step that a second run beside this one cannot see half done."""
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f".{name}.{os.getpid()}"
    fresh.symlink_to(program.absolute())
    fresh.replace(directory / name)


def main(arguments: list[str]) -> int:
    directory, names = Path(arguments[0]), arguments[1:]
    tools = table()
    for name in names:
        try:
            program = ensure(tools[name], cache_directory())
        except Missing as error:
            print(error, file=sys.stderr)
            return 1
        # A program keeps the name it was found under: OpenTofu is not Terraform.
        known = program.name if program.name in tools[name].programs else name
        if program.absolute() != (directory / known).absolute():
            link(directory, known, program)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

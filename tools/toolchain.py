"""Find, download, install or build the programs of tools.yml, and link each into one directory for PATH.

    python -m tools.toolchain DIRECTORY NAME...        (names of tools, or of groups of them)
    python -m tools.toolchain --missing NAME...         only name those that would have to be fetched or built

Prints what it does when that takes time, one line of remedy when a program cannot be had, and nothing otherwise.
Downloads go on side by side; builds one after the other, for a compiler takes every core by itself.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from tools.download import Release, Unreachable, download
from tools.go_build import GoBuild, build
from tools.maven_fetch import MavenFetch, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    group: str = ""
    release: Release | None = None
    go: GoBuild | None = None
    maven: MavenFetch | None = None
    debian: list[str] = field(default_factory=list)

    @classmethod
    def from_entry(cls, name: str, entry: dict[str, Any]) -> Tool:
        release, go, maven = entry.get("release"), entry.get("go"), entry.get("maven")
        return cls(
            name=name,
            programs=entry["programs"],
            arguments=entry["arguments"],
            accepts=SpecifierSet(entry["accepts"], prereleases=True),
            missing=entry["missing"],
            version=str(entry.get("version", "")),
            group=entry.get("group", ""),
            release=Release(**release) if release else None,
            go=GoBuild(go["package"], tuple(go.get("set", ())), go.get("module", name)) if go else None,
            maven=MavenFetch(**maven) if maven else None,
            debian=entry.get("debian", []),
        )


def table(path: Path = _TABLE) -> dict[str, Tool]:
    """Every tool of `path` by name."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Tool.from_entry(name, entry) for name, entry in entries.items()}


def chosen(tools: Mapping[str, Tool], names: Sequence[str]) -> list[Tool]:
    """The tools of these names, or of the groups of these names; `Missing` for a name that is neither."""
    groups = {tool.group for tool in tools.values()} - {""}
    unknown = [name for name in names if name not in tools and name not in groups]
    if unknown:
        known = ", ".join([*tools, *sorted(groups)])
        raise Missing(f"tools.yml has no {', '.join(unknown)}; it has {known}")
    return [tool for tool in tools.values() if tool.name in names or tool.group in names]


def cache_directory() -> Path:
    """Where what was built or downloaded stays between checkouts (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "presidential_digs" / "tools"


def ensure(tool: Tool, cache: Path) -> Path:
    """The program of `tool`, had in the first way that is open; `Missing` when none is."""
    return ensure_all([tool], cache)[tool.name]


def ensure_all(tools: Sequence[Tool], cache: Path) -> dict[str, Path]:
    """The program of each tool by the tool's name; `Missing`, for all that could not be had, when any could not."""
    found = {tool.name: path for tool in tools if (path := _at_hand(tool, cache))}
    if len(found) < len(tools):
        with _alone(cache):
            found |= _had([tool for tool in tools if tool.name not in found], cache)
    return found


def _had(tools: Sequence[Tool], cache: Path) -> dict[str, Path]:
    """What another run may have brought meanwhile, else by release, build or package, in this order."""
    found = {tool.name: path for tool in tools if (path := _at_hand(tool, cache))}
    tried: dict[str, list[str]] = {tool.name: [] for tool in tools}
    for way in (_releases, _builds, _jars, _packages):
        wanted = [tool for tool in tools if tool.name not in found]
        for tool, reason in zip(wanted, way(wanted, cache), strict=True):
            if reason:
                tried[tool.name].append(reason)
            else:
                found[tool.name] = _at_hand(tool, cache) or _installed(tool)
    lines = [
        f"{tool.name} is missing: {tool.missing} ({'; '.join(r for r in tried[tool.name] if r != _CLOSED)})"
        for tool in tools
        if tool.name not in found
    ]
    if lines:
        raise Missing("\n".join(lines))
    return found


def _at_hand(tool: Tool, cache: Path) -> Path | None:
    """The program on PATH, else in the cache."""
    found = _on_path(tool)
    target = _target(tool, cache)
    return found or (target if tool.version and target.is_file() else None)


def _target(tool: Tool, cache: Path) -> Path:
    return cache / f"{tool.name}-{tool.version}" / tool.name


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let nobody else fetch or build into `cache` meanwhile: what two runs want is made once."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is fetching or building tools; waiting for it ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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


def _releases(tools: Sequence[Tool], cache: Path) -> list[str]:
    """Download side by side; for each tool why not, or nothing."""

    def one(tool: Tool) -> str:
        if not tool.release:
            return _CLOSED
        try:
            download(tool.release, tool.version, tool.name, _target(tool, cache))
        except Unreachable as error:
            return str(error)
        return ""

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, tools))


def _builds(tools: Sequence[Tool], cache: Path) -> list[str]:
    """Build, what shares a go.mod with one call of the compiler; for each tool why not, or nothing."""
    if not shutil.which("go"):
        return ["no go on PATH" if tool.go else _CLOSED for tool in tools]
    modules: dict[str, list[Tool]] = {}
    for tool in tools:
        if tool.go:
            modules.setdefault(tool.go.module or tool.name, []).append(tool)
    reasons: dict[str, str] = {}
    for module, members in modules.items():
        title = ", ".join(f"{tool.name} {tool.version}" for tool in members)
        builds = [(tool, tool.go) for tool in members if tool.go]
        targets = {go.package: _target(tool, cache) for tool, go in builds}
        reason = build(title, _TABLE.parent / "build" / module, builds[0][1].set, targets)
        reasons |= dict.fromkeys((tool.name for tool in members), reason)
    return [reasons.get(tool.name, _CLOSED) for tool in tools]


def _jars(tools: Sequence[Tool], cache: Path) -> list[str]:
    """Fetch with Maven; for each tool why not, or nothing."""
    return [
        fetch(tool.maven, f"{tool.name} {tool.version}", _TABLE.parent / "build" / tool.name, _target(tool, cache))
        if tool.maven
        else _CLOSED
        for tool in tools
    ]


def _packages(tools: Sequence[Tool], _cache: Path) -> list[str]:
    """Install what Debian packages bring, with one call; for each tool why not, or nothing."""
    packages = [package for tool in tools for package in tool.debian]
    reason = _install(packages) if packages else _CLOSED
    return [reason if tool.debian else _CLOSED for tool in tools]


def _install(packages: Sequence[str]) -> str:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "not root on Debian"
    print(f"Installing {' '.join(packages)} with apt-get (about a minute) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
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
    try:
        wanted = chosen(tools, names)
        if arguments[0] == "--missing":
            print("".join(f"{tool.name}\n" for tool in wanted if not _at_hand(tool, cache_directory())), end="")
            return 0
        found = ensure_all(wanted, cache_directory())
    except Missing as error:
        print(error, file=sys.stderr)
        return 1
    for name, program in found.items():
        # A program keeps the name it was found under: OpenTofu is not Terraform.
        known = program.name if program.name in tools[name].programs else name
        if program.absolute() != (directory / known).absolute():
            link(directory, known, program)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

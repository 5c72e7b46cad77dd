"""Say what a run is: environment, playbook, options, user, versions, commit."""

from __future__ import annotations

import getpass
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

GIT_DEADLINE = 5.0
"""Seconds git may take to say which commit this is; after that the ledger says that it is unknown."""


def environment_name(sources: Sequence[str]) -> str:
    """The environment an inventory stands for: `inventories/local`, `inventories/local/hosts.yml` → `local`.

    A host list typed on the command line (`localhost,`) is no environment and gives `adhoc`.
    """
    for source in sources:
        path = Path(source)
        if path.is_dir():
            return path.resolve().name
        if path.is_file():
            return path.resolve().parent.name
    return "adhoc"


def relative(path: str | Path, root: Path) -> str:
    """A path as the repository names it; outside of it the last three parts, so that no machine's layout is kept."""
    resolved = Path(path).resolve()
    try:
        return resolved.relative_to(root.resolve()).as_posix()
    except ValueError:
        return "/".join(resolved.parts[-3:]).lstrip("/")


def commit(root: Path) -> dict[str, Any] | None:
    """`{"commit": "<40 hex>", "dirty": bool}` of the checkout that holds `root`, or None where there is none."""
    head = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    if head is None or changes is None:
        return None
    return {"commit": head.strip(), "dirty": bool(changes.strip())}


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_DEADLINE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def versions(collection: Path) -> dict[str, str]:
    """Versions of Python, ansible-core and this collection, whose root (with galaxy.yml) `collection` is."""
    found = {"python": platform.python_version(), "ansible_core": metadata.version("ansible-core")}
    galaxy = collection / "galaxy.yml"
    manifest = collection / "MANIFEST.json"
    if galaxy.is_file():
        found["collection"] = str(yaml.safe_load(galaxy.read_text(encoding="utf-8"))["version"])
    elif manifest.is_file():
        content = yaml.safe_load(manifest.read_text(encoding="utf-8"))
        found["collection"] = str(content["collection_info"]["version"])
    return found


def options(cliargs: Mapping[str, Any]) -> dict[str, Any]:
    """The options that change what a run does. Extra variables are left out: they may hold secrets."""
    tags = sorted(str(tag) for tag in cliargs.get("tags") or () if tag != "all")
    skipped = sorted(str(tag) for tag in cliargs.get("skip_tags") or ())
    limit = cliargs.get("subset")
    return {
        "check": bool(cliargs.get("check")),
        "diff": bool(cliargs.get("diff")),
        "limit": str(limit) if limit else None,
        "tags": tags,
        "skip_tags": skipped,
        "forks": int(cliargs.get("forks") or 0) or None,
    }


def user() -> str:
    """The login name of whoever runs this; `unknown` where the system has no name for the user id."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

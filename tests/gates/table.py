"""The table of gates (gates.yml) as data, and the repository's own files that it is about."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Gate:
    """One entry of gates.yml, whose first lines say what each field means."""

    name: str
    command: list[str]
    files: list[str]
    seconds: float

    def matching(self) -> list[str]:
        """The repository's files that the gate is about, relative to the root."""
        return [file for file in repository_files() if any(fnmatch(file, pattern) for pattern in self.files)]


@cache
def repository_files() -> list[str]:
    """What git tracks or would track, relative to the root, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(file for file in listed.split("\0") if file and (ROOT / file).exists())


def gates() -> list[Gate]:
    """Every gate that has files to look at."""
    entries = yaml.safe_load((ROOT / "tests" / "gates" / "gates.yml").read_text(encoding="utf-8"))
    return [gate for entry in entries if (gate := Gate(**entry)).matching()]

"""Snapshots: named copies of what the cloud holds, taken and put back while it runs.

A snapshot has the resources, the container images, the fault rules, the settings and the clock. Tokens, certificates
and the request log are not part of it: they belong to the clients and the machine, and stay as they are.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_cloud.state import StateDirectory

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Snapshots:
    """The snapshots under one state directory."""

    def __init__(self, state: StateDirectory) -> None:
        """Keep them in `state`."""
        self._state = state

    def names(self) -> list[str]:
        """Every snapshot, by name."""
        if not self._state.snapshots.is_dir():
            return []
        return sorted(entry.name for entry in self._state.snapshots.iterdir() if NAME.fullmatch(entry.name))

    def take(self, name: str) -> int:
        """Copy what the cloud holds now to `name`, replacing an older one; its size in bytes. ValueError for a name."""
        target = self._directory(name)
        staged = self._state.snapshots / f"_{name}"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(mode=0o700, parents=True)
        copy_database(self._state.database, staged / self._state.database.name)
        for file in self._files():
            if file.exists():
                shutil.copy2(file, staged / file.name)
        link_tree(self._state.registry, staged / self._state.registry.name)
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
        return sum(file.stat().st_size for file in target.rglob("*") if file.is_file())

    def stage(self, name: str) -> dict[Path, Path]:
        """Copy a snapshot beside the places it goes to: place → copy. FileNotFoundError when there is none such."""
        source = self._directory(name)
        if not source.is_dir():
            raise FileNotFoundError(f"there is no snapshot {name!r}; there are {', '.join(self.names()) or 'none'}")
        staged = {place: place.with_name(f"{place.name}.restored") for place in self._places()}
        for place, copy in staged.items():
            copy.unlink(missing_ok=True)
            if (source / place.name).exists():
                shutil.copy2(source / place.name, copy)
        images = self._state.registry.with_name(f"{self._state.registry.name}.restored")
        shutil.rmtree(images, ignore_errors=True)
        link_tree(source / self._state.registry.name, images)
        return staged

    def put_back(self, staged: Mapping[Path, Path]) -> None:
        """Replace what the cloud holds by what `stage` copied; the database must be closed."""
        for suffix in ("-wal", "-shm"):
            self._state.database.with_name(self._state.database.name + suffix).unlink(missing_ok=True)
        registry = self._state.registry
        shutil.rmtree(registry, ignore_errors=True)
        registry.with_name(f"{registry.name}.restored").rename(registry)
        for place, copy in staged.items():
            if copy.exists():
                copy.replace(place)
            else:
                place.unlink(missing_ok=True)

    def _directory(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError(f"snapshot name {name!r}: use letters, digits, '.', '_' and '-', at most 64")
        return self._state.snapshots / name

    def _places(self) -> list[Path]:
        return [self._state.database, *self._files()]

    def _files(self) -> list[Path]:
        return [self._state.faults, self._state.settings, self._state.clock]


def link_tree(source: Path, target: Path) -> None:
    """A copy of the registry's files, which never change once written: the same files under further names."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link, ignore=shutil.ignore_patterns("uploads"))
    else:
        target.mkdir(mode=0o700)


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that is in use, as one file without a log beside it."""
    reading = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)
    writing = sqlite3.connect(target)
    try:
        reading.backup(writing)
    finally:
        reading.close()
        writing.close()

"""PRIVATE to the collection: the terraform processes of this machine and the states they work on, from /proc."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESS_TABLE = Path("/proc")
TERRAFORM_NAMES = re.compile(r"^(terraform|tofu)(?!-provi)")


@dataclass(frozen=True)
class LivingTerraform:
    """A process: its start in seconds since the epoch, and the place of its state, None where that cannot be told."""

    id: int
    started: float
    state: str | None


def processes_can_be_seen() -> bool:
    """Tell whether this system has a table of processes that can be read."""
    return PROCESS_TABLE.joinpath("stat").exists()


def boot_id() -> str:
    """Return what tells this boot of the machine from every other; empty where the system does not say."""
    path = PROCESS_TABLE / "sys/kernel/random/boot_id"
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def start_ticks(process: int) -> str | None:
    """Return field 22 of /proc/<pid>/stat, the start in clock ticks after boot; None for no such or a dead process."""
    try:
        fields = PROCESS_TABLE.joinpath(str(process), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = fields.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]


def living_terraforms() -> Iterator[LivingTerraform]:
    """Yield every living terraform or tofu process of this machine."""
    stat = PROCESS_TABLE.joinpath("stat").read_text(encoding="ascii")
    boot_line = re.search(r"^btime (\d+)$", stat, re.MULTILINE)
    booted = int(boot_line[1]) if boot_line else 0
    for directory in PROCESS_TABLE.glob("[0-9]*"):
        ticks = start_ticks(int(directory.name))
        try:
            name = directory.joinpath("comm").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if ticks is not None and TERRAFORM_NAMES.match(name):
            started = booted + int(ticks) / os.sysconf("SC_CLK_TCK")
            yield LivingTerraform(int(directory.name), started, _state_of(directory))


def _state_of(process: Path) -> str | None:
    """Return where the state of a process is, as init wrote it into the data directory that the process uses.

    Init writes nothing for a root without a backend block, whose state is a file in its directory.
    """
    try:
        variables = process.joinpath("environ").read_bytes().split(b"\0")
        chosen = [item.removeprefix(b"TF_DATA_DIR=") for item in variables if item.startswith(b"TF_DATA_DIR=")]
        root = process.joinpath("cwd").readlink()
        written = root / os.fsdecode(chosen[0] if chosen else b".terraform") / "terraform.tfstate"
        if not written.exists():
            arguments = process.joinpath("cmdline").read_bytes().split(b"\0")
            return None if b"init" in arguments else str(root)
        backend = json.loads(written.read_text(encoding="utf-8"))["backend"]
        settings = backend["config"]
        if backend["type"] == "gcs":
            return f"gs://{settings['bucket']}/{settings['prefix']}"
        return str(settings["path"] or root) if backend["type"] == "local" else None
    except (OSError, ValueError, KeyError, TypeError):
        return None

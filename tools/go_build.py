"""Build pinned Go programs through the Go module proxy, with progress by compiled packages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.download import place
from tools.progress import say

if TYPE_CHECKING:
    from collections.abc import Mapping

# Seconds between two progress lines where the output is not a terminal.
_QUIET = 15.0


@dataclass(frozen=True)
class GoBuild:
    """The package with main(), the linker's `-X name=value` settings, and the directory of go.mod in tools/build
    (empty: the tool's own name). Programs of one directory share their settings: they are built in one go."""

    package: str
    set: tuple[str, ...] = ()
    module: str = ""


def build(title: str, module: Path, settings: tuple[str, ...], targets: Mapping[str, Path]) -> str:
    """Build packages (`targets`: package → where its program goes) in the directory `module` (go.mod, go.sum) with one
    call of the compiler, which uses every core by itself; answers why not, or nothing."""
    print(f"Building {title} with go (minutes the first time, then cached) ...", flush=True)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
    listing = subprocess.run(
        ["go", "list", "-deps", *targets], cwd=module, env=environment, check=False, capture_output=True, text=True
    )
    if listing.returncode:
        return f"go list: {_last(listing.stderr)}"
    flags = " ".join(["-s", "-w", *(f"-X {setting}" for setting in settings)])
    with tempfile.TemporaryDirectory() as directory:
        command = ["go", "build", "-v", "-trimpath", "-ldflags", flags, "-o", f"{directory}/", *targets]
        with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as process:
            said = _watch(process, title, len(listing.stdout.split()))
        if process.returncode:
            return f"go build: {_last(said)}"
        for package, target in targets.items():
            place((Path(directory) / program_of(package, module)).read_bytes(), target)
    return ""


def program_of(package: str, module: Path) -> str:
    """What `go build` calls the program of a package: its last part; the module's for the package `.` of a module."""
    return module.name if package == "." else package.rpartition("/")[2]


def _watch(process: subprocess.Popen[str], title: str, packages: int) -> str:
    """Show how many packages are compiled; `go build -v` names each as it starts. Answers the last lines it said."""
    started = told = time.monotonic()
    lines: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        now = time.monotonic()
        if sys.stdout.isatty() or now - told > _QUIET:
            told = now
            how_far = f"{len(lines)} of at most {packages} packages, {now - started:.0f} s"
            say(title, how_far, len(lines), packages, again=True)
    print(f"  {title}: built in {time.monotonic() - started:.0f} s" + " " * 30, flush=True)
    return "".join(lines[-20:])


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"

"""Build a pinned Go program through the Go module proxy, with progress by compiled packages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.download import place

# Seconds between two progress lines where the output is not a terminal.
_QUIET = 15.0


@dataclass(frozen=True)
class GoBuild:
    """The package with main() and the linker's `-X name=value` settings."""

    package: str
    set: tuple[str, ...] = ()


def build(go: GoBuild, title: str, module: Path, target: Path) -> str:
    """Build `go` in the directory `module` (go.mod, go.sum) and put it at `target`; answers why not, or nothing."""
    print(f"Building {title} with go (minutes the first time, then cached) ...", flush=True)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
    listing = subprocess.run(
        ["go", "list", "-deps", go.package], cwd=module, env=environment, check=False, capture_output=True, text=True
    )
    if listing.returncode:
        return f"go list: {_last(listing.stderr)}"
    settings = " ".join(f"-X {setting}" for setting in go.set)
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / target.name
        command = ["go", "build", "-v", "-trimpath", "-ldflags", f"-s -w {settings}", "-o", str(output), go.package]
        with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as process:
            said = _watch(process, title, len(listing.stdout.split()))
        if process.returncode:
            return f"go build: {_last(said)}"
        place(output.read_bytes(), target)
    return ""


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
            end = "\r" if sys.stdout.isatty() else "\n"
            print(f"  {title}: {len(lines)} of at most {packages} packages, {now - started:.0f} s", end=end, flush=True)
    print(f"  {title}: built in {time.monotonic() - started:.0f} s" + " " * 30, flush=True)
    return "".join(lines[-20:])


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"

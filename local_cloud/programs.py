"""Where a program that is not part of Python is found: where `make tools` links it, else on PATH."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHECKOUT = Path(__file__).resolve().parent.parent
# Where tools/toolchain.py puts links (Makefile), and what it says while `make site` runs it in the background.
LINKS = _CHECKOUT / ".build" / "bin"
_LOG = _CHECKOUT / ".build" / "toolchain.log"


class ProgramMissingError(FileNotFoundError):
    """Programs that are neither on PATH nor linked; the message says what brings them and how far that is."""


def find(name: str) -> Path:
    """The program `name`; ProgramMissingError when there is none."""
    return find_all([name])[name]


def find_all(names: Iterable[str]) -> dict[str, Path]:
    """Every program of `names`; ProgramMissingError names all that are missing."""
    found = {name: path for name in names if (path := _find(name))}
    missing = [name for name in names if name not in found]
    if missing:
        raise ProgramMissingError(f"{', '.join(missing)} missing: `make tools` fetches or builds them{_progress()}")
    return found


def _find(name: str) -> Path | None:
    linked = LINKS / name
    # The link first: it was made for a version that is accepted, which what is on PATH need not be.
    if linked.is_file():
        return linked
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def _progress() -> str:
    """The last thing that a toolchain in the background said, if one was started."""
    try:
        said = _LOG.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return f" ({said[-1].strip()})" if said else ""

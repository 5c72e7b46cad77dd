"""tools/environment.sh makes an environment once per lock, and says in one line what it lacks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.gates.table import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def _make(directory: Path, lock: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "environment.sh"), str(directory), str(lock)],
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of nothing: making an environment of it asks no package index."""
    path = tmp_path / "empty.lock"
    path.write_text("# nothing\n", encoding="utf-8")
    return path


def test_an_environment_is_made_once_per_lock(tmp_path: Path, lock: Path) -> None:
    """A second run does nothing, another lock is installed into what is there, half of one is made anew."""
    first = _make(tmp_path / "made", lock)
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "made" / "bin" / "python").exists()
    kept = tmp_path / "made" / "kept"
    kept.touch()
    second = _make(tmp_path / "made", lock)
    assert (second.returncode, second.stdout) == (0, "")
    lock.write_text("# still nothing\n", encoding="utf-8")
    assert "Making" in _make(tmp_path / "made", lock).stdout
    assert kept.exists()
    (tmp_path / "made" / ".made-from").unlink()
    assert _make(tmp_path / "made", lock).returncode == 0
    assert not kept.exists()


def test_a_python_without_venv_is_one_line(tmp_path: Path, lock: Path) -> None:
    """As Debian's python3 is without python3-venv: its version will do, the modules are not there."""
    lacking = tmp_path / "python3"
    lacking.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
    lacking.chmod(0o755)
    done = _make(tmp_path / "made", lock, PYTHON=str(lacking))
    assert done.returncode != 0
    assert (
        done.stderr
        == f"The venv module of {lacking} is missing: install it (Debian: apt-get install -y python3-venv)\n"
    )
    assert not (tmp_path / "made").exists()


def test_an_old_python_is_one_line(tmp_path: Path, lock: Path) -> None:
    """Before anything is made."""
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (old / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (old / name).chmod(0o755)
    done = _make(tmp_path / "made", lock, PATH=f"{old}:/usr/bin:/bin", PYTHON="")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer is missing: install it" in done.stderr
    assert not (tmp_path / "made").exists()

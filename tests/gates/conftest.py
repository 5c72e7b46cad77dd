"""The collection as Galaxy would install it, built once for all gates."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import pytest

from tests.gates.table import ROOT


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The directory of the installed artefact, .../ansible_collections/NAMESPACE/NAME, with no symlink in its path."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    target = shared / "artefact" / "ansible_collections" / "presidential_digs" / "platform"
    with (shared / "artefact.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _galaxy("build", "--force", "--output-path", str(shared / "built"), str(ROOT))
            (artefact,) = (shared / "built").glob("*.tar.gz")
            # By force: the checkout's own symlink counts as an installed collection.
            _galaxy("install", "--force", "--offline", "--no-deps", "-p", str(shared / "artefact"), str(artefact))
    return target


def _galaxy(*arguments: str) -> None:
    command = ["ansible-galaxy", "collection", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command[:3])}: {done.stderr.strip()}", pytrace=False)

"""terraform validate for each root, with the provider that a local cloud serves."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.gates.table import ROOT
from tests.local_cloud import cloud

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

__all__ = ["cloud"]

ROOTS = sorted(versions.parent for versions in (ROOT / "terraform" / "roots").glob("*/versions.tf"))


@pytest.mark.gate
@pytest.mark.seconds(6)
@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_root_is_valid(root: Path, cloud: LocalCloud, tmp_path: Path) -> None:
    """Every type, attribute and reference of the root exists."""
    # A copy: init writes into the directory that it is called for.
    shutil.copytree(
        ROOT / "terraform", tmp_path / "terraform", symlinks=True, ignore=shutil.ignore_patterns(".terraform")
    )
    for arguments in (["init", "-backend=false", "-input=false"], ["validate"]):
        done = subprocess.run(
            ["terraform", f"-chdir={tmp_path / root.relative_to(ROOT)}", *arguments, "-no-color"],
            env=cloud.environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"terraform {arguments[0]} of {root.name}: {done.stderr.strip()}", pytrace=False)

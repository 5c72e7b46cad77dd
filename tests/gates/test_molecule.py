"""Each Molecule scenario, one per role and playbook, on a local cloud of this test."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.gates.table import ROOT
from tests.local_cloud import cloud

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

__all__ = ["cloud"]

SCENARIOS = sorted(path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))

# The end of what Molecule says: the task that failed and its result.
_LINES = 60


@pytest.mark.gate
@pytest.mark.seconds(25)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str, cloud: LocalCloud, tmp_path: Path) -> None:
    """Check mode, converge, idempotence, verify."""
    done = subprocess.run(
        ["molecule", "test", "--scenario-name", scenario],
        cwd=ROOT,
        env=cloud.environ(MOLECULE_EPHEMERAL_DIRECTORY=str(tmp_path), ANSIBLE_NOCOLOR="1", NO_COLOR="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stdout.strip().splitlines()
        first = next((line for line in said if "[ERROR]" in line or "fatal:" in line), said[-1] if said else "")
        pytest.fail("\n".join([f"{scenario}: {first}", *said[-_LINES:]]), pytrace=False)

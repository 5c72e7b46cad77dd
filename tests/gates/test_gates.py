"""Each checker of gates.yml over the whole tree, one test each."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.gates.table import ROOT, Gate, gates

if TYPE_CHECKING:
    from pathlib import Path

# The end of what a checker says: more than that is read by running the command.
_LINES = 60

# A checker that has not ended by then hangs; in seconds.
_DEADLINE = 900


@pytest.mark.gate
@pytest.mark.parametrize(
    "gate", [pytest.param(gate, id=gate.name, marks=pytest.mark.seconds(gate.seconds)) for gate in gates()]
)
def test_gate(gate: Gate, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The checker answers 0."""
    installed: Path | None = request.getfixturevalue("collection") if "{collection}" in gate.command else None
    command: list[str] = []
    for word in gate.command:
        match word:
            case "{files}":
                command += gate.matching()
            case "{collection}":
                command.append(str(installed))
            case _:
                command.append(word)
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_DEADLINE,
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-_LINES:])
        pytest.fail(f"{gate.name} is red: {_first(done.stdout)}\n{said}", pytrace=False)


def _first(output: str) -> str:
    """The first line that names a place, else the last one: a checker's summary says less than its first finding."""
    lines = output.strip().splitlines() or ["it said nothing"]
    return next((line for line in lines if ":" in line and ("/" in line or "." in line.split(":")[0])), lines[-1])

"""Every validation of roots and modules refuses what it should, in words that name what is allowed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

TERRAFORM = Path(__file__).parents[3] / "terraform"
TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("validations.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    """A value that `directory` refuses for `variable`, by the `rule`-th validation of that variable."""

    directory: str
    variable: str
    rule: int
    variables: dict[str, Any]
    message: str


def cases() -> list[Case]:
    """The table, flat; a case's variables are the directory's base, what is set with it, and the value."""
    return [
        Case(
            directory,
            variable,
            each["rule"],
            entry["base"] | each.get("with", {}) | {variable: each["value"]},
            each["message"],
        )
        for directory, entry in TABLE.items()
        for variable, refused in entry["refused"].items()
        for each in refused
    ]


def validations(directory: str) -> dict[tuple[str, int], tuple[str, int]]:
    """File and line of each validation in `directory`, by variable and number (the code is terraform fmt's)."""
    places = {}
    for path in sorted((TERRAFORM / directory).glob("variables*.tf")):
        variable, number = "", 0
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if found := re.match(r'variable "(\w+)"', text):
                variable, number = found[1], 0
            elif text == "  validation {":
                number += 1
                places[variable, number] = (path.name, line)
    return places


def plan(work: Path, directory: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """Errors of a plan of the variables of `directory` alone, which needs no provider, no cloud and no init."""
    for path in (TERRAFORM / directory).glob("variables*.tf"):
        shutil.copy(path, work / path.name)
    (work / "terraform.tfvars.json").write_text(json.dumps(variables), encoding="utf-8")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    command = ["terraform", f"-chdir={work}", "plan", "-json", "-input=false"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    entries = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [entry["diagnostic"] for entry in entries if entry.get("@level") == "error"]


@pytest.mark.parametrize("directory", TABLE)
def test_base_is_accepted(directory: str, tmp_path: Path) -> None:
    """What the cases change one value of is itself without fault."""
    assert plan(tmp_path, directory, TABLE[directory]["base"]) == []


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.directory}-{case.variable}-{case.rule}")
def test_refused(case: Case, tmp_path: Path) -> None:
    """The value is refused by the validation that the table names, and the message says what is allowed."""
    errors = plan(tmp_path, case.directory, case.variables)
    told = {}
    for error in errors:
        place = re.search(r"validation rule at (\S+?):(\d+),", error["detail"])
        assert place, error["detail"]
        told[place[1], int(place[2])] = error["detail"]
    expected = validations(case.directory)[case.variable, case.rule]
    assert expected in told, f"validation {case.rule} of {case.variable} did not refuse; refused: {errors}"
    assert case.message in told[expected]
    assert "required" in told[expected] or "allowed" in told[expected]


@pytest.mark.parametrize(
    "directory", sorted(path.parent.relative_to(TERRAFORM).as_posix() for path in TERRAFORM.glob("*/*/versions.tf"))
)
def test_every_validation_has_a_case(directory: str) -> None:
    """A validation that nothing ever tripped may be dead. Those common to all roots are tried in one of them."""
    tried = {
        (case.variable, case.rule)
        for case in cases()
        if case.directory == directory or case.directory == "roots/foundation"
    }
    assert set(validations(directory)) - tried == set()

"""Run the real playbooks against a local cloud, and read what a run says about itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_cloud import LocalCloud

ROOT = Path(__file__).resolve().parent.parent

# A run of every phase ends within this time, or something is wrong; in seconds.
RUN_SECONDS = 300

RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=.*)$", re.MULTILINE)

MALFORMED = ROOT / "tests" / "unit" / "playbooks" / "malformed_inventories.yml"


@dataclass(frozen=True)
class Run:
    """A finished ansible-playbook."""

    code: int
    output: str
    directory: Path

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """Host to counts: `{"project": {"ok": 3, "changed": 0, …}}`."""
        return {
            found["host"]: {key: int(count) for key, count in (pair.split("=") for pair in found["counts"].split())}
            for found in RECAP.finditer(self.output)
        }

    @property
    def changed(self) -> int:
        """How many tasks changed something, over all hosts."""
        return sum(counts["changed"] for counts in self.recap.values())

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """The lines of the run's ledger."""
        text = (self.directory / "latest" / "ledger.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


def play(
    cloud: LocalCloud,
    playbook: str,
    *options: str,
    inventory: Path | str = "inventories/local",
    runs: Path,
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Run `ansible-playbook PLAYBOOK -i INVENTORY OPTIONS` from the checkout; its ledger goes below `runs`."""
    found = shutil.which("ansible-playbook")
    assert found, "ansible-playbook is not on PATH"
    environment = cloud.environ(PRESIDENTIAL_DIGS_RUNS=str(runs), ANSIBLE_NOCOLOR="1", **(environ or {}))
    done = subprocess.run(
        [found, playbook, "-i", str(inventory), *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    return Run(done.returncode, done.stdout, runs / Path(str(inventory)).name)


def malformed_inventories() -> list[dict[str, Any]]:
    """The table of typing mistakes; its first lines say what a row means."""
    cases: list[dict[str, Any]] = yaml.safe_load(MALFORMED.read_text(encoding="utf-8"))
    return cases


def copy_inventories(directory: Path) -> Path:
    """A private copy of inventories/ below `directory`, links kept as links."""
    return Path(shutil.copytree(ROOT / "inventories", directory / "inventories", symlinks=True))


def spoil(inventories: Path, case: Mapping[str, Any]) -> Path:
    """Make the mistake of `case` in a copy of the inventories; return the inventory to run with."""
    file = inventories / case["file"]
    text = file.read_text(encoding="utf-8")
    if "append" in case:
        file.write_text(text + case["append"], encoding="utf-8")
    else:
        assert text.count(case["replace"]) == 1, f"{case['replace']!r} must stand exactly once in {case['file']}"
        file.write_text(text.replace(case["replace"], case["with"]), encoding="utf-8")
    return inventories / str(case.get("inventory", "local"))

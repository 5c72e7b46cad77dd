"""Seconds per task of our modules and of google.cloud's, asked in one play of one ansible-playbook."""

from __future__ import annotations

import json
import statistics
import subprocess
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

ROOT = Path(__file__).resolve().parents[2]
TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("tasks.yml").read_text(encoding="utf-8"))
BASELINE: str = TABLE["baseline"]
REPETITIONS = 10


def seconds_per_task(cloud: LocalCloud, environment: Path, work: Path) -> dict[str, float]:
    """The median by module; `environment` is the Python environment of requirements/bench.lock.

    RuntimeError with what Ansible said when a task fails.
    """
    playbook = work / "bench.json"
    playbook.write_text(json.dumps([_play()]), encoding="utf-8")
    # None of the checkout's settings: a callback that keeps a ledger would be measured too.
    settings = work / "ansible.cfg"
    settings.touch()
    (collections,) = environment.glob("lib/python*/site-packages")
    variables = cloud.environ(
        ANSIBLE_CONFIG=str(settings),
        ANSIBLE_COLLECTIONS_PATH=f"{ROOT / 'collections'}:{collections}",
        ANSIBLE_STDOUT_CALLBACK="ansible.posix.json",
        ANSIBLE_HOME=str(work / "ansible"),
    )
    command = [str(environment / "bin" / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(playbook)]
    done = subprocess.run(command, env=variables, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ansible-playbook: {(done.stderr or done.stdout)[-2000:]}")
    return _medians(json.loads(done.stdout[done.stdout.index("{") :]))


def _play() -> dict[str, Any]:
    measured = [{"name": next(iter(task)), **task} for task in TABLE["measured"] for _ in range(REPETITIONS)]
    return {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {
            "project": "presidential-digs-crm-bench",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        },
        "tasks": [*({"name": "before", **task} for task in TABLE["before"]), *measured],
    }


def _medians(run: dict[str, Any]) -> dict[str, float]:
    lasted: dict[str, list[float]] = {}
    for entry in run["plays"][0]["tasks"]:
        times = entry["task"]["duration"]
        length = datetime.fromisoformat(times["end"]) - datetime.fromisoformat(times["start"])
        lasted.setdefault(entry["task"]["name"], []).append(length.total_seconds())
    return {name: statistics.median(lengths) for name, lengths in lasted.items() if name != "before"}

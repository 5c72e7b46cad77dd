"""Run modules through the real `ansible-playbook` against a local cloud, and read their results back as data."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.local_cloud import ROOT, LocalCloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX = "presidential_digs.platform."

MINUTES = 5


@dataclass(frozen=True)
class Step:
    """One task: a module of ours, its arguments, and what an Ansible user may add to a task (`check_mode`, `vars`)."""

    name: str
    module: str
    arguments: Mapping[str, Any]
    keywords: Mapping[str, Any]


@dataclass(frozen=True)
class Played:
    """What a run gave: results by step name, and everything it printed."""

    results: dict[str, dict[str, Any]]
    output: str
    status: int


def step(name: str, module: str, arguments: Mapping[str, Any], **keywords: Any) -> Step:
    return Step(name, module, arguments, keywords)


def play(cloud: LocalCloud, directory: Path, steps: Sequence[Step], **how: Any) -> Played:
    """Run the steps on one local host; see `play_all`."""
    return play_all(cloud, directory, {"here": steps}, **how)["here"]


def play_all(
    cloud: LocalCloud,
    directory: Path,
    scripts: Mapping[str, Sequence[Step]],
    *,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    play_keywords: Mapping[str, Any] | None = None,
) -> dict[str, Played]:
    """Run each host's steps side by side in one run; a step's failure is its result, not the end of the play."""
    for host, steps in scripts.items():
        tasks = [_task(one) for one in steps] + [_keep(steps, directory / f"{host}.json")]
        (directory / f"{host}.yml").write_text(yaml.safe_dump(tasks, sort_keys=False), encoding="utf-8")
    whole = {"hosts": "all", "gather_facts": False, "strategy": "free", **(play_keywords or {})}
    whole["tasks"] = [{"ansible.builtin.include_tasks": str(directory / "{{ inventory_hostname }}.yml")}]
    playbook = directory / "play.yml"
    playbook.write_text(yaml.safe_dump([whole], sort_keys=False), encoding="utf-8")
    tool = Path(sys.executable).with_name("ansible-playbook")
    inventory = ["-i", ",".join(scripts) + ",", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    # Ansible takes ~ for HOME in one place and the account's home in another: background jobs must not depend on it.
    own = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.minimal", "ANSIBLE_ASYNC_DIR": str(directory / "async")}
    done = subprocess.run(
        [tool, *inventory, playbook, *options],
        cwd=ROOT,
        env=cloud.environ(**own, **(environment or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    return {host: Played(_read(directory / f"{host}.json"), done.stdout, done.returncode) for host in scripts}


def _read(path: Path) -> dict[str, dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _task(one: Step) -> dict[str, Any]:
    return {
        "name": one.name,
        PREFIX + one.module: dict(one.arguments),
        "register": f"result_{one.name}",
        "ignore_errors": True,
        **one.keywords,
    }


def _keep(steps: Sequence[Step], target: Path) -> dict[str, Any]:
    entries = ", ".join(f"'{one.name}': result_{one.name}" for one in steps)
    return {
        "name": "keep results",
        "ansible.builtin.copy": {"content": "{{ {" + entries + "} | to_json }}", "dest": str(target), "mode": "0600"},
        "check_mode": False,
        "no_log": True,
    }

"""Real runs of ansible-playbook with the ledger enabled, in a directory of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.presidential_digs.platform.plugins.plugin_utils._ledger_events import Run
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._ledger_reader import read

ROOT = Path(__file__).parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")

SAY = """
from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule({"result": {"type": "dict", "required": True}}, supports_check_mode=True)
    if module.params["result"].get("failed"):
        module.fail_json(**module.params["result"])
    module.exit_json(**module.params["result"])


main()
"""
"""A module that returns what it is told, as ours return what they found."""

HOSTS = """
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    project: {}
    network: {}
"""


FOREIGN = (
    "ANSIBLE_",
    "PYTHONUNBUFFERED",
    *(f"PRESIDENTIAL_DIGS_{name}" for name in ("RUN", "PRO", "ENVIRONMENT", "SHOW")),
)
"""Variables that would tell the run of a test about the run around it, or save it from losing what it buffers."""


@dataclass(frozen=True)
class Checkout:
    """A directory with an inventory called `local`, the module `say`, and whatever playbook a test writes."""

    path: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def command(self, playbook: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """The command line and environment that run a playbook given as text."""
        (self.path / "site.yml").write_text(playbook, encoding="utf-8")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_CALLBACKS_ENABLED": "presidential_digs.platform.ledger",
            "ANSIBLE_CONFIG": str(self.path / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.path / ".ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
        }
        return [str(PLAYBOOK), "-i", "inventories/local", "site.yml", *arguments], kept | settings

    def run(self, playbook: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end."""
        command, environment = self.command(playbook, *arguments)
        return subprocess.run(
            command, cwd=self.path, env=environment | settings, capture_output=True, text=True, timeout=120, check=False
        )

    def start(self, playbook: str, **settings: str) -> subprocess.Popen[str]:
        """Start a playbook in a session of its own."""
        command, environment = self.command(playbook)
        process = subprocess.Popen(
            command,
            cwd=self.path,
            env=environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    @property
    def latest(self) -> Path:
        """The directory of the newest run."""
        return self.path / ".runs" / "local" / "latest"

    def ledger(self) -> Run:
        """The newest run as its ledger tells it."""
        return read(self.latest / "ledger.jsonl")

    def lines(self) -> list[dict[str, Any]]:
        """The lines of the newest ledger."""
        text = (self.latest / "ledger.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """An empty checkout; what a test started in it and left running is stopped."""
    (tmp_path / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "say.py").write_text(SAY, encoding="utf-8")
    (tmp_path / "inventories" / "local").mkdir(parents=True)
    (tmp_path / "inventories" / "local" / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    made = Checkout(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, for a minute at most."""

    def wait(condition: Callable[[], bool]) -> None:
        poll = subprocess.Popen(["sleep", "60"])  # its end is the deadline
        try:
            while not condition():
                if poll.poll() is not None:
                    pytest.fail("the condition did not come true within a minute")
                try:
                    poll.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            poll.kill()
            poll.wait()

    return wait

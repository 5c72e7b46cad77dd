"""Roots that need no provider, and ways to run the modules on them: by their functions, and by ansible-playbook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils._terraform_applying import apply_plan
from plugins.module_utils._terraform_planning import find_drift, plan_root
from plugins.module_utils._terraform_reading import read_outputs

CHECKOUT = Path(__file__).parents[3]

# One playbook ends within this time, or something hangs; in seconds.
PLAYBOOK_SECONDS = 120

PETS = """
terraform {
  backend "gcs" {}
}
variable "size" {
  type = number
  validation {
    condition     = var.size < 100
    error_message = "size must be below 100"
  }
}
variable "key" {
  type      = string
  sensitive = true
  default   = "unset-key"
}
variable "seconds" {
  type    = number
  default = 0
}
variable "protect" {
  type    = bool
  default = true
}
resource "terraform_data" "pet" {
  input = { size = var.size, key = var.key, protect = var.protect }
}
resource "terraform_data" "cattle" {
  count            = 2
  triggers_replace = [var.size]
}
resource "terraform_data" "slow" {
  count            = var.seconds > 0 ? 1 : 0
  triggers_replace = [var.size, var.seconds]
  provisioner "local-exec" {
    command = "sleep ${var.seconds}"
  }
}
module "herd" {
  source = "../../modules/herd"
  key    = var.key
}
output "size" {
  value = var.size
}
output "key" {
  value     = var.key
  sensitive = true
}
"""

HERD = """
variable "key" {
  type = string
}
resource "terraform_data" "member" {
  for_each = toset(["a", "b"])
  input    = "${each.key}:${var.key}"
}
"""


@dataclass
class Pets:
    """The root `pets` with its state in a file, planned and applied through the functions of the modules."""

    directory: Path
    binary: str
    options: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.directory / "terraform/roots/pets"

    @property
    def work(self) -> Path:
        return self.directory / "run"

    @property
    def state_file(self) -> Path:
        return self.directory / "state/pets.tfstate"

    def params(self, **more: Any) -> dict[str, Any]:
        """The parameters of a module, as Ansible would hand them over."""
        return {
            "root": str(self.root),
            "work_directory": str(self.work),
            "cache_directory": str(self.directory / "cache"),
            "state_file": str(self.state_file),
            "state_bucket": None,
            "state_prefix": None,
            "binary": self.binary,
            "variables": {"size": 1},
            "sensitive_variables": None,
            "protect": None,
            "targets": [],
            "timeout": 120,
            "lock_timeout": 0,
            "parallelism": 10,
            "policy": None,
            "reveal": [],
            **self.options,
            **more,
        }

    def plan(self, check_mode: Any = False, **more: Any) -> dict[str, Any]:
        return plan_root(self.params(**more), check_mode, self.warnings.append)

    def apply(self, plan: dict[str, Any], *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
        known = {key: plan[key] for key in ("plan_file", "plan_sha256")}
        return apply_plan(self.params(**{**known, **more}), check_mode, self.warnings.append, self.logged.append)

    def plan_and_apply(self, **more: Any) -> dict[str, Any]:
        return self.apply(self.plan(**more), **more)

    def drift(self, **more: Any) -> dict[str, Any]:
        return find_drift(self.params(**more), False, self.warnings.append)

    def outputs(self, hidden_by_task: Any = False, **more: Any) -> dict[str, Any]:
        return read_outputs(self.params(**more), hidden_by_task)

    def state(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.state_file.read_text())
        return document


def binaries() -> list[str]:
    """The binaries of this machine among those that the modules support."""
    return [name for name in ("terraform", "tofu") if shutil.which(name)]


@pytest.fixture(autouse=True)
def plain_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the developer's own terraform."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    own = ("TF_LOG", "TF_REATTACH_PROVIDERS", "PRESIDENTIAL_DIGS_PROVIDER", "PRESIDENTIAL_DIGS_PROVIDER_VERSION")
    for name in own:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=binaries())
def pets(tmp_path: Path, request: pytest.FixtureRequest) -> Pets:
    """The root, once for each binary."""
    return make_pets(tmp_path, request.param)


def make_pets(directory: Path, binary: str) -> Pets:
    """Write the root and its module below a directory."""
    made = Pets(directory, binary)
    for path, text in ((made.root / "main.tf", PETS), (directory / "terraform/modules/herd/main.tf", HERD)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    made.state_file.parent.mkdir()
    return made


def playbook_command(directory: Path, tasks: list[dict[str, Any]], *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command and environment that run tasks on this machine through ansible-playbook."""
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    book = directory / "play.yml"
    book.write_text(json.dumps([play]))
    directory.joinpath("ansible.cfg").write_text("")
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "collections"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
    }
    return [str(Path(sys.executable).with_name("ansible-playbook")), *arguments, str(book)], environment


def run_playbook(directory: Path, tasks: list[dict[str, Any]], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run tasks and return what Ansible printed."""
    command, environment = playbook_command(directory, tasks, *arguments)
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PLAYBOOK_SECONDS, check=False, cwd=directory
    )

"""What the collection says of itself agrees with what is in it."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

from tests.gates.table import ROOT, repository_files


def _yaml(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return content


def test_one_version() -> None:
    """galaxy.yml and pyproject.toml name the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert _yaml("galaxy.yml")["version"] == project["version"]


def test_ansible_core_is_the_one_that_is_tested() -> None:
    """meta/runtime.yml accepts what the lock installs."""
    lock = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    installed = lock.partition("ansible-core==")[2].split()[0]
    assert SpecifierSet(_yaml("meta/runtime.yml")["requires_ansible"]).contains(installed)


def test_every_module_is_in_an_action_group() -> None:
    """Or module_defaults do not reach it. What speaks with neither Google nor Terraform has nothing to default."""
    groups = _yaml("meta/runtime.yml")["action_groups"]
    grouped = {name for names in groups.values() for name in names}
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert grouped <= modules
    assert modules - grouped == {"inventory_check", "run_report"}


def test_the_artefact_leaves_out_what_is_not_for_a_control_node() -> None:
    """Neither tests nor the local cloud, nor the symlink that would make it contain itself."""
    ignored = _yaml("galaxy.yml")["build_ignore"]
    kept = {
        file.partition("/")[0]
        for file in repository_files()
        if not any(fnmatch(file, pattern) or fnmatch(file.partition("/")[0], pattern) for pattern in ignored)
    }
    wanted = {"CHANGELOG.md", "LICENSE", "README.md", "ansible.cfg", "galaxy.yml", "requirements.yml", "site.yml"}
    wanted |= {
        "changelogs",
        "docs",
        "inventories",
        "meta",
        "playbooks",
        "plugins",
        "requirements",
        "roles",
        "terraform",
    }
    assert kept == wanted

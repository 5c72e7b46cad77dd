"""The Python requirements agree with each other: locks with what they lock, the collection's with the checkout's."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.gates.table import ROOT, repository_files

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
# Top-level packages that come with ansible-core.
CORE = {"ansible", "jinja2", "yaml"}
# Top-level packages that are called otherwise than the distribution they come from.
DISTRIBUTIONS = {"dockerfile_parse": "dockerfile-parse", "google": "google-auth"}
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def _lines(name: str) -> list[str]:
    return [
        line for line in (ROOT / "requirements" / name).read_text("utf-8").splitlines() if line[:1] not in ("", "#")
    ]


def _locked(name: str) -> dict[str, set[Version]]:
    found: dict[str, set[Version]] = {}
    for package, version in re.findall(r"^([\w.-]+)(?:\[[^]]*])?==([^\s;]+)", "\n".join(_lines(name)), re.MULTILINE):
        found.setdefault(canonicalize_name(package), set()).add(Version(version))
    return found


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("dev.lock", RUNTIME + DEVELOPMENT),
        ("runtime.lock", RUNTIME),
        ("checkov.lock", [Requirement(line) for line in _lines("checkov.in")]),
        ("bench.lock", [Requirement(line) for line in _lines("bench.in")]),
    ],
)
def test_a_lock_holds_what_is_asked_for(lock: str, wanted: list[Requirement]) -> None:
    """`make lock` was run after the last change."""
    locked = _locked(lock)
    missing = [
        str(one)
        for one in wanted
        if not any(one.specifier.contains(version) for version in locked.get(canonicalize_name(one.name), ()))
    ]
    assert not missing


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_names_no_host(lock: Any) -> None:
    """What is installed is what was locked, from wherever the installing machine gets its packages."""
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(index|extra-index|find-links|trusted)", text, re.MULTILINE)
    assert not [entry for entry in re.split(r"\n(?=\S)", text) if "==" in entry and "--hash=sha256:" not in entry]


def test_development_runs_what_users_run() -> None:
    """The two locks do not disagree about a version."""
    development = _locked("dev.lock")
    assert not {name: versions for name, versions in _locked("runtime.lock").items() if versions - development[name]}


def test_the_collection_asks_for_no_more_than_the_checkout() -> None:
    """Control nodes get the same bounds."""
    bounds = {canonicalize_name(one.name): one.specifier for one in RUNTIME}
    asked = [Requirement(line) for line in _lines("collection.txt")]
    assert {one.name: one.specifier for one in asked} == {
        one.name: bounds[canonicalize_name(one.name)] for one in asked
    }


def test_the_collection_asks_for_what_its_plugins_import() -> None:
    """A control node has all of it."""
    asked = {Requirement(line).name for line in _lines("collection.txt")}
    imported = {
        package
        for file in repository_files()
        if file.startswith("plugins/") and file.endswith(".py")
        for package in _imported(ROOT / file) - sys.stdlib_module_names - CORE
    }
    assert {DISTRIBUTIONS.get(package, package) for package in imported} <= asked


def _imported(file: Path) -> set[str]:
    """Top-level names of the packages outside of the collection that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_preflight_takes_the_terraform_that_the_roots_take() -> None:
    """What is refused at once is what terraform itself would refuse later."""
    text = (ROOT / "terraform" / "common" / "versions.tf").read_text(encoding="utf-8")
    (required,) = re.findall(r'required_version = ">= ([\d.]+)"', text)
    defaults = yaml.safe_load((ROOT / "roles" / "preflight" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert set(defaults["preflight_terraform_versions"].values()) == {required}


def test_collections_are_pinned() -> None:
    """Each collection that playbooks may use has one version."""
    entries = yaml.safe_load((ROOT / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert {entry["name"] for entry in entries} == {"google.cloud", "kubernetes.core", "community.general"}
    assert not [entry for entry in entries if not re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])]

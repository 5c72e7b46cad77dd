"""A bootstrapped project in a local cloud, and copies of the roots to apply to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloud.runtimes import CHOICE
from tests.integration.terraform_roots.workspace import Workspace, bootstrapped
from tests.local_cloud import LocalCloud, clean_cloud, running_cloud

__all__ = ["clean_cloud", "cloud"]

TERRAFORM = Path(__file__).parents[3] / "terraform"
# A whole site is run elsewhere: here a cluster is settled at once, without a process.
RUNTIMES = ""
LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.auto.tfvars.json", "__pycache__")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud per test module, without runtimes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(CHOICE, RUNTIMES)
        with running_cloud(tmp_path_factory.mktemp("cloud")) as started:
            yield started


@pytest.fixture
def project_number(clean_cloud: LocalCloud) -> str:
    """The project that bootstrap leaves behind, and nothing else in the cloud."""
    return bootstrapped(clean_cloud)


@pytest.fixture
def workspace(clean_cloud: LocalCloud, project_number: str, tmp_path: Path) -> Callable[[str], Workspace]:
    """Makes the initialised workspace of a root."""

    def made(name: str) -> Workspace:
        if not (tmp_path / "terraform").exists():
            shutil.copytree(TERRAFORM, tmp_path / "terraform", ignore=LEFT_OUT)
        new = Workspace(clean_cloud, tmp_path / "terraform", name)
        new.init()
        return new

    return made

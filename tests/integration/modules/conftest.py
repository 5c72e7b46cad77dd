"""The local cloud that the modules are run against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_cloud.runtimes import CHOICE
from tests.local_cloud import LocalCloud, clean_cloud, running_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clean_cloud", "cloud"]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud per test module, without runtimes: what is asked for is settled at once, without a process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(CHOICE, "")
        with running_cloud(tmp_path_factory.mktemp("cloud")) as started:
            yield started

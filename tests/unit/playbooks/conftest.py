"""Inventories as the tests of playbooks need them: a copy that may be spoilt, and Ansible's own reading of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.template import Templar

from tests.ansible_runs import copy_inventories
from tests.rendered_services import read_host

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def inventories(tmp_path: Path) -> Path:
    """A private copy of inventories/, links kept as links."""
    return copy_inventories(tmp_path)


@pytest.fixture
def read() -> Callable[[Path, str], tuple[dict[str, Any], Templar]]:
    """Function from an inventory and a host to the host's raw variables and an engine that renders them."""

    return read_host

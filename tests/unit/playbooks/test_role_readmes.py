"""The README of a role says what its specification says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.role_readmes import ROOT, readmes

READMES = list(readmes())


@pytest.mark.parametrize(("path", "text"), READMES, ids=[path.parent.name for path, _ in READMES])
def test_readme_is_current(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run: python tools/role_readmes.py"


def test_every_role_has_a_specification() -> None:
    assert {path.parent.name for path, _ in READMES} == {role.name for role in (ROOT / "roles").iterdir()}

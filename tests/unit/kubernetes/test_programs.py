"""The daemon finds programs where `make tools` links them, and says what is missing and how far it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from local_cloud import programs
from local_cloud.kubernetes.control_plane.plane import ControlPlane
from local_cloud.kubernetes.control_plane.processes import PROGRAMS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory of links, and nothing on PATH."""
    found = tmp_path / "bin"
    found.mkdir()
    monkeypatch.setattr(programs, "LINKS", found)
    monkeypatch.setattr(programs, "_LOG", tmp_path / "toolchain.log")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return found


def place(links: Path, *names: str) -> None:
    """Put programs there."""
    for name in names:
        (links / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (links / name).chmod(0o755)


def test_a_linked_program_is_found(links: Path) -> None:
    """Before what is on PATH."""
    place(links, "etcd")
    assert programs.find("etcd") == links / "etcd"


def test_what_is_missing_is_named_with_what_brings_it_and_how_far_that_is(links: Path) -> None:
    """Whoever looks at the cluster's status learns it."""
    place(links, "etcd")
    (links.parent / "toolchain.log").write_text("Building\n  kube-apiserver 1.35.4: 7 of at most 90 packages, 3 s\n")
    with pytest.raises(programs.ProgramMissingError, match=r"^kubectl missing: `make tools` .* \(.*7 of at most 90"):
        programs.find_all(["etcd", "kubectl"])


def test_a_control_plane_waits_for_its_programs_and_says_so(links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are fetched or built while earlier phases of a run go on."""
    monkeypatch.setattr("local_cloud.kubernetes.control_plane.plane._PROGRAM_PAUSE", 0.01)
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        place(links, *PROGRAMS)

    found = asyncio.run(ControlPlane.programs(say))
    assert set(found) == set(PROGRAMS)
    assert said[0].startswith("etcd, kube-apiserver")

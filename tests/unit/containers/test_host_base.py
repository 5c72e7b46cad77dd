"""The base of images that have none is whole for every container, however many start side by side."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from local_cloud.containers.host_base import prepare

if TYPE_CHECKING:
    from pathlib import Path

SIDE_BY_SIDE = 8


def _content(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_containers_that_start_side_by_side_find_a_whole_one(tmp_path: Path) -> None:
    alone = _content(prepare(tmp_path / "alone"))
    together = threading.Barrier(SIDE_BY_SIDE)

    def started(_number: int) -> list[str]:
        together.wait()
        return _content(prepare(tmp_path / "shared"))

    with ThreadPoolExecutor(SIDE_BY_SIDE) as containers:
        found = list(containers.map(started, range(SIDE_BY_SIDE)))

    assert found == [alone] * SIDE_BY_SIDE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "shared"]


def test_it_is_made_once(tmp_path: Path) -> None:
    mark = prepare(tmp_path / "base") / "mark"
    mark.touch()
    assert (prepare(tmp_path / "base") / "mark").exists()

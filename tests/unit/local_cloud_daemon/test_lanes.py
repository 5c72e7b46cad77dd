"""Clouds side by side share no loopback address, and a cloud keeps the lane it had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloud.lanes import FIRST_LANE, Lane
from local_cloud.state import StateDirectory
from local_cloud.twins import LANE_VARIABLE, Twin, twin, twin_address


@pytest.fixture
def take(tmp_path: Path) -> Iterator[Callable[[str], Lane]]:
    """Take a lane for the cloud of a name; all are given back at the end."""
    taken: list[Lane] = []

    def one(name: str) -> Lane:
        state = StateDirectory(tmp_path / name)
        state.create()
        taken.append(Lane.take(state, tmp_path / "lanes"))
        return taken[-1]

    yield one
    for lane in taken:
        lane.release()


def test_everybody_has_a_lane_and_keeps_it(take: Callable[[str], Lane]) -> None:
    lanes = [take(name) for name in ("a", "b", "c")]
    assert [lane.number for lane in lanes] == [0, FIRST_LANE, FIRST_LANE + 1]
    lanes[0].release()
    lanes[1].release()
    assert take("b").number == FIRST_LANE


def test_a_lane_that_somebody_took_meanwhile_is_left_to_them(take: Callable[[str], Lane]) -> None:
    take("a").release()
    assert take("b").number == 0
    assert take("a").number == FIRST_LANE


def test_twins_of_a_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LANE_VARIABLE, raising=False)
    assert twin("10.16.0.7", 443) == Twin("127.16.0.7", 20443)
    monkeypatch.setenv(LANE_VARIABLE, str(FIRST_LANE))
    assert twin("10.16.0.7", 3001) == Twin("127.80.0.7", 3001)
    assert twin("127.0.0.1", 443) == Twin("127.0.0.1", 443)
    assert twin_address("127.5.0.1") == "127.5.0.1"
    with pytest.raises(ValueError, match="4 octets"):
        twin_address("crm.example")


def test_no_lane_brings_an_address_in_use_to_where_everybody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    for lane in range(FIRST_LANE, 128):
        monkeypatch.setenv(LANE_VARIABLE, str(lane))
        for second in (*range(64), 128):
            assert not twin_address(f"10.{second}.0.1").startswith("127.0.")

"""Waits: they end at the goal, at a state from which there is no way, or at the deadline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._progress import PROGRESS_VARIABLE
from plugins.module_utils._wait import Clock, Is, Wait, value_at, watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.modules.conftest import HandClock

READY = Wait("thing x", Is("status.phase", ("Ready",)), "ready", fail_if=Is("status.phase", ("Broken",)), timeout=60)


def test_it_ends_at_the_goal(clock: HandClock) -> None:
    seen = iter([{}, {"status": {"phase": "Starting"}}, {"status": {"phase": "Ready"}}])

    assert watch(READY, lambda: next(seen), clock) == {"status": {"phase": "Ready"}}
    assert clock.slept == [1, 1.5]


def test_it_fails_at_once_where_no_way_leads_on(clock: HandClock) -> None:
    with pytest.raises(Failure, match="will not become ready") as caught:
        watch(READY, lambda: {"status": {"phase": "Broken"}, "password": "hunter2"}, clock)

    assert clock.slept == []
    assert caught.value.facts["observed"] == {"status": {"phase": "Broken"}, "password": "(hidden)"}


def test_it_fails_at_the_deadline_with_what_it_saw_last(clock: HandClock) -> None:
    with pytest.raises(Failure, match="was not ready after 60 s") as caught:
        watch(READY, lambda: {"status": {"phase": "Starting"}}, clock)

    assert clock.time == pytest.approx(60)
    assert max(clock.slept) <= 5
    assert caught.value.reason == "WAIT_TIMEOUT"
    assert caught.value.facts == {"observed": {"status": {"phase": "Starting"}}}


def test_it_says_what_it_waits_for(clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "progress.jsonl"
    monkeypatch.setenv(PROGRESS_VARIABLE, str(target))
    seen = iter([{}, {"status": {"phase": "Ready"}}])

    watch(READY, lambda: next(seen), clock)

    line = json.loads(target.read_text())
    assert (line["subject"], line["waiting_for"], line["done"], line["total"]) == ("thing x", "ready", 0, 60)


def test_progress_that_nobody_can_read_does_not_stop_the_work(
    clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRESS_VARIABLE, str(tmp_path / "gone" / "progress.jsonl"))
    seen = iter([{}, {}, {"status": {"phase": "Ready"}}])

    assert watch(READY, lambda: next(seen), clock)


def test_jitter_stays_within_a_quarter() -> None:
    pauses = [Clock().jittered(8) for _ in range(200)]

    assert min(pauses) >= 6
    assert max(pauses) <= 10
    assert len(set(pauses)) > 100


def test_a_path_through_something_else_than_objects_has_no_value() -> None:
    assert value_at({"a": [{"b": 1}]}, "a.b") is None

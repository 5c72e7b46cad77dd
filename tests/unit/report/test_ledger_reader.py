"""A ledger is read whole, cut off or continued, and anything else is refused by file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.presidential_digs.platform.plugins.plugin_utils._ledger_reader import LedgerError, read
from tests.report_samples import Story, site_run


def test_a_whole_run_is_read_back(tmp_path: Path) -> None:
    run = read(site_run(tmp_path / "20261123T013000Z4fa1").ledger)
    assert run.identifier == "20261123T013000Z4fa1"
    assert run.outcome == "failed"
    assert run.phases == ["preflight", "bootstrap", "infrastructure"]
    applied = [execution for execution in run.executions if execution.task.name == "Apply"]
    assert {execution.host: execution.status for execution in applied} == {
        "foundation": "changed",
        "network": "failed",
        "dns": "changed",
    }
    assert next(entry.seconds for entry in applied if entry.host == "network") == pytest.approx(3.1, abs=0.01)
    assert next(entry.collected("changes") for entry in applied if entry.host == "dns")[0]["create"] == 14


def test_a_line_number_leads_to_the_line(tmp_path: Path) -> None:
    story = site_run(tmp_path / "20261123T013000Z4fa1")
    lines = story.ledger.read_text(encoding="utf-8").splitlines()
    for execution in read(story.ledger).executions:
        assert json.loads(lines[execution.line - 1])["task"] == execution.task.number


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_last_line_is_dropped_and_said(tmp_path: Path, cut: int) -> None:
    story = site_run(tmp_path / "20261123T013000Z4fa1")
    whole = story.ledger.read_bytes()
    story.ledger.write_bytes(whole[:-cut])
    run = read(story.ledger)
    assert run.torn
    assert run.outcome == "unfinished"


def test_every_prefix_of_a_ledger_is_readable(tmp_path: Path) -> None:
    story = site_run(tmp_path / "20261123T013000Z4fa1")
    lines = story.ledger.read_bytes().splitlines(keepends=True)
    before = 0
    for count in range(1, len(lines) + 1):
        story.ledger.write_bytes(b"".join(lines[:count]))
        run = read(story.ledger)
        assert len(run.executions) >= before
        assert (run.end is not None) == (count == len(lines))
        before = len(run.executions)


def test_what_was_at_work_when_the_run_was_killed_has_no_end(tmp_path: Path) -> None:
    story = Story(tmp_path / "20261123T013000Z4fa1")
    story.play("bootstrap")
    story.task("Create the project", {"project": (2.0, "", {})})
    story.task("Next", {"other": (1.0, "ok", {})})
    cut = next(execution for execution in read(story.ledger).executions if execution.host == "project")
    assert cut.ended is None
    assert cut.status == "unfinished"
    assert cut.seconds == 0


def test_a_run_that_goes_on_after_an_end_has_not_ended(tmp_path: Path) -> None:
    story = site_run(tmp_path / "20261123T013000Z4fa1")
    story.recorder.playbook("second.yml")
    assert read(story.ledger).outcome == "unfinished"
    story.end("ok")
    assert read(story.ledger).outcome == "ok"


START = '{"v":1,"event":"run_start","at":0,"run_id":"x"}\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ":1: empty"),
        ("\n\n", ":1: not JSON"),
        (f"{START}oops\n{START}", ":2: not JSON"),
        ('{"v":1,"event":"task","at":0}\n', ":1: a ledger begins with run_start"),
        ('{"v":2,"event":"run_start","at":0}\n', ":1: schema version 2"),
        (f"{START}[1]\n", ":2: not a ledger line"),
        (f'{START}{{"v":1,"event":"task_start","at":1,"task":7,"host":"a"}}\n', ":2: task_start"),
        (f'{START}{{"v":1,"event":"task","at":1,"task":7}}\n', ":2: task lacks"),
    ],
)
def test_what_is_no_ledger_is_refused_by_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LedgerError, match=f"^{path}{complaint}"):
        read(path)


def test_an_unknown_event_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(f'{START}{{"v":1,"event":"from_the_future","at":3}}\n', encoding="utf-8")
    assert read(path).seconds == 3

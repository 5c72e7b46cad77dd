"""The page of a run: complete, escaped, small, the same bytes every time, and it asks nobody for anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.presidential_digs.platform.plugins.plugin_utils._ledger_reader import read
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._report import compose, write_report
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._report.__main__ import main
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._report.gantt import chart
from tests.report_samples import Story, large_run, site_run

RUN = "20261123T013000Z4fa1"


def page_of(story: Story) -> str:
    return compose(story.ledger, story.ledger.with_name("report.html"))[1].decode()


def test_it_tells_what_happened(tmp_path: Path) -> None:
    page = page_of(site_run(tmp_path / RUN))
    assert "Failed after 18 s in infrastructure: Apply (network)" in page
    assert "SERVICE_DISABLED" in page
    assert "Add dns.googleapis.com to platform_services" in page
    assert "the plan deletes it and the policy allows no deletion" in page
    assert "Stand-in provider" in page
    assert "14 created, 2 updated" in page
    assert "the API gave no quota for this account" in page
    assert "state stays locked" in page
    assert "planted" not in page


def test_the_same_ledgers_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        site_run(tmp_path / name / "20261123T010000Z0001", trouble=False)
        write_report(site_run(tmp_path / name / RUN).ledger, tmp_path / name / RUN / "report.html")
    pages = [(tmp_path / name / RUN / "report.html").read_bytes() for name in ("one", "two")]
    assert pages[0] == pages[1]
    assert str(tmp_path).encode() not in pages[0]


def test_nothing_in_it_is_fetched(tmp_path: Path) -> None:
    page = page_of(site_run(tmp_path / RUN))
    targets = re.findall(r"""[\s"'](?:src|href|action|poster|data|srcset)\s*=\s*["']?([^"'\s>]*)""", page)
    assert targets
    assert [target for target in targets if not target.startswith(("#", "data:,", "ledger.jsonl"))] == []
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_what_tasks_say_is_text_and_nothing_else(tmp_path: Path) -> None:
    story = Story(tmp_path / RUN, environment="<b>bold</b>")
    attack = "</pre><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    story.play(attack)
    said = {
        "changed": True,
        "diff": {"before": "", "after": attack, "after_header": attack},
        "verdicts": [{"name": attack, "verdict": attack, "evidence": attack}],
        "refused": [{"what": attack, "why": attack, "hint": attack}],
        "warnings": [attack],
        "failure": {"message": attack, "reason": attack, "hint": attack},
    }
    story.task(attack, {attack: (1.0, "failed", said)})
    story.end("failed")
    page = page_of(story)
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert "<b>bold" not in page


def test_a_thousand_tasks_stay_below_a_megabyte(tmp_path: Path) -> None:
    page = page_of(large_run(tmp_path / RUN))
    assert len(page.encode()) < 1_000_000
    assert page.count('<tr id="t') == 1_000
    assert page.count('<details class="change') == 500
    assert "Left out to keep this page small; the ledger has it." in page


def test_no_verdict_is_no_pass(tmp_path: Path) -> None:
    story = Story(tmp_path / RUN)
    story.end()
    summary, page = compose(story.ledger, story.ledger.with_name("report.html"))
    assert summary.verdict == "no-evidence"
    assert "No gate gave a verdict" in page.decode()


@pytest.mark.parametrize(
    ("verdicts", "outcome", "expected"),
    [
        (["pass", "pass"], "ok", "pass"),
        (["pass", "no-evidence"], "ok", "no-evidence"),
        (["pass", "fail"], "ok", "fail"),
        (["pass"], "failed", "fail"),
        (["pass"], "interrupted", "no-evidence"),
        (["pass", "green"], "ok", "no-evidence"),
    ],
)
def test_the_verdict_of_a_run(tmp_path: Path, verdicts: list[str], outcome: str, expected: str) -> None:
    story = Story(tmp_path / RUN)
    said = [{"name": f"gate {number}", "verdict": verdict} for number, verdict in enumerate(verdicts)]
    story.task("Judge", {"project": (0.5, "ok", {"verdicts": said})})
    story.end(outcome)
    assert compose(story.ledger, tmp_path / "report.html")[0].verdict == expected


def test_it_is_held_against_the_last_run_of_its_kind(tmp_path: Path) -> None:
    site_run(tmp_path / "20261123T010000Z0001", slower=2.0, trouble=False)
    site_run(tmp_path / "20261123T011000Z0002", check=True)
    (tmp_path / "20261123T012000Z0003").mkdir()
    (tmp_path / "20261123T012000Z0003" / "ledger.jsonl").write_text("broken", encoding="utf-8")
    summary, page = compose(site_run(tmp_path / RUN).ledger, tmp_path / RUN / "report.html")
    assert summary.previous is not None
    assert summary.previous["run_id"] == "20261123T010000Z0001"
    faster = re.search(r"<h3>Faster</h3>.*?</ul>", page.decode(), re.DOTALL)
    assert faster
    assert "Enable the services (project)" in faster.group()
    assert "12 s → 6.2 s" in faster.group()


def test_bars_stand_where_the_tasks_ran(tmp_path: Path) -> None:
    run = read(site_run(tmp_path / RUN).ledger)
    rows = {row.name: row for row in chart(run).rows}
    enable = next(entry for entry in run.executions if entry.task.name == "Enable the services")
    bar = next(bar for bar in rows["bootstrap"].lanes[0].bars if bar.title.startswith("Enable the services"))
    assert bar.start == pytest.approx(100 * enable.started / run.seconds, abs=0.01)
    assert bar.width == pytest.approx(100 * enable.seconds / run.seconds, abs=0.01)
    assert [lane.host for lane in rows["infrastructure"].lanes] == ["foundation", "network", "dns"]


def test_short_neighbours_are_drawn_as_one(tmp_path: Path) -> None:
    story = Story(tmp_path / RUN)
    for index in range(200):
        story.task(f"Look at {index}", {"project": (0.01, "ok", {})})
    story.task("Wait", {"project": (100.0, "ok", {})})
    story.end()
    bars = chart(read(story.ledger)).rows[0].lanes[0].bars
    assert [bar.count for bar in bars] == [200, 1]
    assert bars[0].title == "200 short tasks, ok"


def test_the_command_line_renders_and_says_why_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = site_run(tmp_path / RUN)
    assert main([str(story.recorder.directory)]) == 0
    assert (tmp_path / RUN / "report.html").read_bytes().startswith(b"<!doctype html>")
    assert (tmp_path / RUN / "report.html").as_uri() in capsys.readouterr().out
    story.ledger.write_text("oops\n", encoding="utf-8")
    assert main([str(story.ledger)]) == 1
    assert "ledger.jsonl:1: not JSON" in capsys.readouterr().err

"""Live progress says who waits for what, is silent about short work, and leaves the screen as it found it."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import termios
import threading
from pathlib import Path

import pytest

from ansible_collections.presidential_digs.platform.plugins.module_utils import _progress
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._in_flight import (
    InFlight,
    ProgressTail,
    duration,
)
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._live_progress import (
    PlainLines,
    TerminalLine,
)


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_wait_that_a_module_reports_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, clock = tmp_path / "progress.jsonl", Clock()
    monkeypatch.setenv("PRESIDENTIAL_DIGS_PROGRESS", str(file))
    work = InFlight(ProgressTail(file), clock)
    assert work.line() == (0.0, "")
    work.started(1, "project", "bootstrap", "Enable the services")
    clock.now += 12
    _progress.report("services", "12 APIs to answer", 3, 12)
    expected = "bootstrap | Enable the services | project | waiting for services: 12 APIs to answer (3/12)"
    assert work.line() == (12.0, expected)
    _progress.report("services", "12 APIs to answer", 9, 12)
    assert work.line()[1].endswith("(9/12)")
    work.ended(1, "project")
    work.started(2, "project", "bootstrap", "Next")
    assert work.line() == (0.0, "bootstrap | Next | project")


def test_many_hosts_and_waits_are_counted_not_listed(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    work = InFlight(ProgressTail(file), Clock())
    for number in range(5):
        work.started(1, f"root{number}", "infrastructure", "Apply")
    entries = [{"subject": f"root{number}", "waiting_for": "apply"} for number in range(5)]
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    assert work.line()[1] == (
        "infrastructure | Apply | root0, root1, root2 and 2 more | waiting for root4: apply, root3: apply and 3 more"
    )


def test_a_half_written_line_waits_and_rubbish_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    tail = ProgressTail(file)
    file.write_text('rubbish\n[1]\n{"subject": "a"}\n{"subject": "a", "waiting', encoding="utf-8")
    assert tail.fresh() == []
    with file.open("a", encoding="utf-8") as stream:
        stream.write('_for": "password=planted123"}\n')
    assert [str(wait) for wait in tail.fresh()] == ["a: password=(hidden)"]
    assert tail.fresh() == []


def test_plain_lines_come_seldom_and_only_with_news() -> None:
    stream = io.StringIO()
    screen = PlainLines(stream, threading.RLock(), interval=5.0)
    for tenth in range(10, 700):
        screen.show(tenth / 10, "bootstrap | Wait" if tenth < 300 else "bootstrap | Wait | half")
    shown = stream.getvalue().splitlines()
    assert [line.split(" | ")[0] for line in shown] == ["... 5 s", "... 30 s", "... 1 min 00 s"]
    assert shown[1].endswith("half")


def test_short_work_stays_silent_in_a_file() -> None:
    stream = io.StringIO()
    screen = PlainLines(stream, threading.RLock(), interval=5.0)
    for _task in range(20):
        for tenth in range(49):
            screen.show(tenth / 10, "bootstrap | Quick")
    assert stream.getvalue() == ""


def test_short_work_stays_silent_on_a_terminal_and_long_work_is_cut_to_its_width() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, os.fdopen(ours, "rb", buffering=0) as reader:
        screen = TerminalLine(stream, threading.RLock())
        screen.show(0.9, "bootstrap | Quick")
        assert select.select([reader], [], [], 0)[0] == []
        termios.tcsetwinsize(theirs, (24, 40))
        screen.show(3.2, "bootstrap | " + "x" * 500)
        shown = reader.read(4096).decode()
        assert " 3 s | bootstrap | xxx" in shown
        assert shown.endswith("xxx...")
        assert len(shown.removeprefix("\r\x1b[2K")) == 39
        screen.close()
        assert reader.read(4096) == b"\r\x1b[2K"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.44, "0.4 s"),
        (7.0, "7 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (185, "3 min 05 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text

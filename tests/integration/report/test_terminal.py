"""What an operator sees while a run goes on: one live line on a terminal, gone at the end; plain lines elsewhere."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from .conftest import Checkout

WAITING = """
- name: Wait
  hosts: project
  gather_facts: false
  tags: [bootstrap]
  tasks:
    - name: Quick
      ansible.builtin.debug: {msg: quick}
    - name: Enable the services
      ansible.builtin.shell: |
        echo '{"subject": "services", "waiting_for": "12 APIs to answer", "done": 3, "total": 12}' \\
          >> "$PRESIDENTIAL_DIGS_PROGRESS"
        sleep 4
      changed_when: false
    - name: After
      ansible.builtin.debug: {msg: after}
"""
WIDTH, HEIGHT = 100, 60


def on_a_terminal(checkout: Checkout) -> tuple[list[str], list[str]]:
    """Run on a terminal; the lines it showed at the end, and every different last line that it showed on the way."""
    command, environment = checkout.command(WAITING)
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    environment |= {"COLUMNS": str(WIDTH), "LINES": str(HEIGHT), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    subprocess.run(["stty", "cols", str(WIDTH), "rows", str(HEIGHT)], stdin=theirs, check=True)
    process = subprocess.Popen(
        command, cwd=checkout.path, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen: list[str] = []
    while select.select([ours], [], [], 60)[0]:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other end of a terminal is closed
            break
        stream.feed(chunk)
        seen.append(screen.display[screen.cursor.y].rstrip())
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return [line.rstrip() for line in screen.display], list(dict.fromkeys(seen))


def test_a_terminal_shows_one_live_line_and_is_clean_at_the_end(checkout: Checkout) -> None:
    final, seen = on_a_terminal(checkout)
    live = [line for line in seen if "waiting for services: 12 APIs to answer (3/12)" in line]
    assert len(live) >= 2
    assert all("bootstrap | Enable the services | project" in line and len(line) < WIDTH for line in live)
    assert not any(" | " in line for line in final)
    assert "TASK [Enable the services] " in "\n".join(final)
    assert final[[line.startswith("TASK [Enable") for line in final].index(True) + 1] == "ok: [project]"
    assert any(line.startswith("RUN 2") for line in final)


def test_a_pipe_gets_plain_lines_without_control_characters(checkout: Checkout) -> None:
    done = checkout.run(WAITING, PRESIDENTIAL_DIGS_PROGRESS_INTERVAL="1.5")
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert all(line.startswith("... ") for line in lines)
    waits = [line for line in lines if line.endswith("waiting for services: 12 APIs to answer (3/12)")]
    assert len(waits) == 1
    assert "\x1b" not in done.stderr
    assert "\x1b" not in done.stdout


def test_short_work_and_a_switched_off_progress_show_nothing(checkout: Checkout) -> None:
    quick = WAITING.replace("sleep 4", "true")
    assert checkout.run(quick, PRESIDENTIAL_DIGS_PROGRESS_INTERVAL="60").stderr == ""
    assert checkout.run(WAITING, PRESIDENTIAL_DIGS_SHOW_PROGRESS="off").stderr == ""

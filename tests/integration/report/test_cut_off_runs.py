"""A run that is killed, stopped or breaks leaves a ledger that says so, and the next run picks up from there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Checkout

LONG = """
- name: Wait
  hosts: all
  gather_facts: false
  tags: [bootstrap]
  tasks:
    - name: First
      ansible.builtin.debug: {msg: done}
    - name: Long
      ansible.builtin.shell: "touch {{ playbook_dir }}/at-work-{{ inventory_hostname }} && exec sleep 300"
      changed_when: false
"""
SHORT = LONG.replace("sleep 300", "sleep 0")

Wait = Callable[[Callable[[], bool]], None]


def in_the_long_task(checkout: Checkout) -> bool:
    """Whether both hosts are at work on what takes long."""
    return len(list(checkout.path.glob("at-work-*"))) == 2


def test_a_killed_run_leaves_a_readable_ledger_and_the_next_one_completes_its_page(
    checkout: Checkout, wait_until: Wait
) -> None:
    process = checkout.start(LONG)
    wait_until(lambda: in_the_long_task(checkout))
    workers = children(process.pid)
    process.kill()
    for worker in workers:
        os.killpg(worker, signal.SIGKILL)
    process.communicate(timeout=60)
    killed = checkout.latest.resolve()
    run = checkout.ledger()
    assert run.outcome == "unfinished"
    assert [(entry.task.name, entry.status) for entry in run.executions] == [
        ("First", "ok"),
        ("First", "ok"),
        ("Long", "unfinished"),
        ("Long", "unfinished"),
    ]
    assert not (killed / "report.html").exists()
    done = checkout.run(SHORT)
    assert done.returncode == 0
    assert done.stderr == ""
    assert checkout.latest.resolve().name > killed.name
    assert "Cut off without an end" in (killed / "report.html").read_text(encoding="utf-8")
    assert f"<code>{killed.name}</code> (unfinished)" in (checkout.latest / "report.html").read_text(encoding="utf-8")


def children(pid: int) -> list[int]:
    """The processes that a process started; Ansible's workers lead process groups of their own."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_stopped_run_says_so_and_has_its_page(checkout: Checkout, wait_until: Wait, number: signal.Signals) -> None:
    process = checkout.start(LONG)
    wait_until(lambda: in_the_long_task(checkout))
    process.send_signal(number)
    shown, _errors = process.communicate(timeout=60)
    assert process.returncode != 0
    run = checkout.ledger()
    assert run.end is not None
    assert run.outcome == "interrupted"
    assert run.end["reason"] == f"stopped by {number.name}"
    assert [entry.host for entry in run.executions if entry.ended is None] == ["project", "network"]
    page = (checkout.latest / "report.html").read_text(encoding="utf-8")
    assert "Interrupted after" in page
    assert "local: interrupted in" in shown


def test_an_error_outside_of_a_task_ends_the_ledger_as_failed(checkout: Checkout) -> None:
    broken = SHORT + "- name: Broken\n  hosts: all\n  serial: '{{ nowhere_defined }}'\n  tasks: []\n"
    assert checkout.run(broken).returncode != 0
    run = checkout.ledger()
    assert run.end is not None
    assert run.outcome == "failed"
    assert run.end["reason"].startswith("Ansible stopped outside of a task")


def test_a_task_that_ends_badly_ends_the_run_as_failed(checkout: Checkout) -> None:
    checkout.run(SHORT.replace("sleep 0", "sleep nonsense"))
    assert checkout.ledger().outcome == "failed"


def test_a_run_that_was_killed_while_it_opened_its_ledger_disturbs_nobody(checkout: Checkout) -> None:
    (checkout.path / ".runs/local/20200101T000000Z0000").mkdir(parents=True)
    broken = checkout.path / ".runs/local/20200101T000001Z0000"
    broken.mkdir()
    (broken / "ledger.jsonl").touch()
    done = checkout.run(SHORT)
    assert done.returncode == 0
    assert "The run before this one gets no report" in done.stderr
    assert checkout.ledger().outcome == "ok"
    assert (checkout.latest / "report.html").is_file()

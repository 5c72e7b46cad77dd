"""The action run_report: which ledger it reads, what it answers, what counts as a change, how it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from .conftest import Checkout

GATES = """
- name: Judge
  hosts: project
  gather_facts: false
  tasks:
    - name: Gates
      say:
        result:
          verdicts: [{name: a, verdict: pass, evidence: x}, {name: b, verdict: no-evidence}]
"""


def reporting(**options: Any) -> str:
    """A play that reports and keeps the answer in `answer.yml`."""
    task = {
        "name": "Report",
        "presidential_digs.platform.run_report": options,
        "register": "answer",
        "ignore_errors": True,
    }
    keep = {
        "ansible.builtin.copy": {"content": "{{ answer | to_nice_yaml }}", "dest": "answer.yml", "mode": "0600"},
        "check_mode": False,
    }
    play = {"name": "Report", "hosts": "project", "gather_facts": False, "tasks": [task, keep]}
    return str(yaml.safe_dump([play]))


def answer(checkout: Checkout, *arguments: str, playbook: str = "", **options: Any) -> dict[str, Any]:
    """What the action answered."""
    done = checkout.run(playbook + reporting(**options), *arguments)
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = yaml.safe_load((checkout.path / "answer.yml").read_text(encoding="utf-8"))
    return found


def test_the_current_run_is_reported_as_far_as_it_has_come(checkout: Checkout) -> None:
    found = answer(checkout, playbook=GATES)
    assert found["changed"] is False
    assert found["verdict"] == "no-evidence"
    assert found["summary"]["verdicts"] == {"pass": 1, "fail": 0, "no-evidence": 1}
    assert found["summary"]["outcome"] == "unfinished"
    assert found["report"]["path"].endswith("report.html")
    assert found["report"]["url"] == (checkout.latest.resolve() / "report.html").as_uri()


def test_the_previous_run_is_the_one_before_and_a_page_elsewhere_is_a_change_once(checkout: Checkout) -> None:
    checkout.run(GATES)
    judged = checkout.latest.resolve()
    found = answer(checkout, "--check", run=judged.name, destination="archive.html")
    assert found["changed"] is True
    assert not (checkout.path / "archive.html").exists()
    first = answer(checkout, run=judged.name, destination="archive.html")
    assert first["changed"] is True
    assert first["summary"]["run_id"] == judged.name
    assert "ledger.jsonl</code> of the run" in (checkout.path / "archive.html").read_text(encoding="utf-8")
    assert answer(checkout, run=judged.name, destination="archive.html")["changed"] is False
    last = checkout.latest.resolve().name
    assert answer(checkout, run="previous")["summary"]["run_id"] == last


def test_a_ledger_that_is_not_there_or_is_none_is_refused_with_a_hint(checkout: Checkout) -> None:
    (checkout.path / "notes.txt").write_text("not a ledger\n", encoding="utf-8")
    for options in (
        {"run": "20200101T000000Z0000"},
        {"ledger": "notes.txt"},
        {"run": "previous", "environment": "prod"},
    ):
        found = answer(checkout, **options)
        assert found["failed"] is True
        assert found["failure"]["reason"] == "LEDGER_UNREADABLE"
        assert "ledger" in found["failure"]["hint"]
    assert "there is no run before this one" in found["msg"]


def test_without_the_callback_it_says_what_is_missing(checkout: Checkout) -> None:
    done = checkout.run(reporting(), ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.default")
    assert "callback presidential_digs.platform.ledger is not enabled" in done.stdout

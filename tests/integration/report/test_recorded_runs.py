"""What a real run of ansible-playbook leaves in its ledger, its page and its terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Checkout

EVERYTHING = """
- name: Prepare
  hosts: all
  gather_facts: false
  tags: [bootstrap, slow]
  tasks:
    - name: Change something
      say:
        result:
          changed: true
          diff: {before: {a: 1}, after: {a: 2}}
    - name: Loop
      say:
        result: {changed: "{{ item == 'b' }}", diff: {before: x, after: "{{ item }}"}}
      loop: [a, b]
      when: inventory_hostname == 'project'
    - name: Judge
      say:
        result:
          verdicts: [{name: gate, verdict: pass, evidence: seen}]
          provider: {kind: stand-in, source: hashicorp/google, version: 7.45.0}
          changes: {create: 3, update: 1, replace: 0, delete: 0}
          refused: [{what: a zone, why: policy, hint: ask}]
      run_once: true
- name: Go wrong
  hosts: network
  gather_facts: false
  tags: [infrastructure]
  tasks:
    - name: Ignored
      say: {result: {failed: true, msg: never mind}}
      ignore_errors: true
    - name: Block
      block:
        - name: Rescued
          say: {result: {failed: true, msg: caught}}
      rescue:
        - name: Rescue
          ansible.builtin.debug: {msg: ok}
    - name: Failed
      say:
        result:
          failed: true
          msg: long text
          failure: {reason: SERVICE_DISABLED, status: 403, message: dns is off, hint: enable it}
    - name: Never reached
      ansible.builtin.debug: {msg: no}
"""


def test_everything_that_tasks_say_is_recorded(checkout: Checkout) -> None:
    done = checkout.run(EVERYTHING, "--diff", "--limit", "project,network")
    assert done.returncode == 2, done.stderr
    run = checkout.ledger()
    assert run.outcome == "failed"
    assert run.facts["environment"] == "local"
    assert run.facts["playbook"] == "site.yml"
    assert run.facts["limit"] == "project,network"
    assert run.facts["versions"]["ansible_core"].startswith("2.19.")
    assert run.phases == ["bootstrap", "infrastructure"]
    ends = {(entry.task.name, entry.host): entry for entry in run.executions}
    assert {key: entry.status for key, entry in ends.items()} == {
        ("Change something", "project"): "changed",
        ("Change something", "network"): "changed",
        ("Loop", "project"): "changed",
        ("Loop", "network"): "skipped",
        ("Judge", "project"): "ok",
        ("Ignored", "network"): "ignored",
        ("Rescued", "network"): "rescued",
        ("Rescue", "network"): "ok",
        ("Failed", "network"): "failed",
    }
    assert ends["Change something", "project"].fields["diff"] == [{"before": {"a": 1}, "after": {"a": 2}}]
    assert [(item.label, item.status) for item in ends["Loop", "project"].items] == [("a", "ok"), ("b", "changed")]
    assert ends["Loop", "project"].collected("diff") == [{"before": "x", "after": "b"}]
    assert ends["Judge", "project"].collected("changes") == [{"create": 3, "update": 1, "replace": 0, "delete": 0}]
    assert ends["Failed", "network"].fields["failure"] == {
        "reason": "SERVICE_DISABLED",
        "status": 403,
        "message": "dns is off",
        "hint": "enable it",
    }
    assert ends["Change something", "project"].task.path == "site.yml:7"


def test_the_terminal_says_at_the_end_what_happened_and_where_the_page_is(checkout: Checkout) -> None:
    shown = checkout.run(EVERYTHING).stdout
    summary = shown[shown.index("RUN ") :]
    assert "local: failed in" in summary
    assert "changed    3 on 2 hosts" in summary
    assert "verdicts   1 pass, 0 fail, 0 no-evidence" in summary
    assert "refused    1" in summary
    assert "provider   stand-in of the local cloud for hashicorp/google 7.45.0" in summary
    url = (checkout.latest.resolve() / "report.html").as_uri()
    assert f"report     {url}" in summary
    assert "dns is off" in (checkout.latest / "report.html").read_text(encoding="utf-8")


SECRETS = """
- name: Handle secrets
  hosts: project
  gather_facts: false
  vars:
    key: "-----BEGIN PRIVATE KEY-----\\nUExBTlRFRHBlbQ\\n-----END PRIVATE KEY-----"
  tasks:
    - name: Under no_log
      say: {result: {changed: true, diff: {before: a, after: PLANTEDnolog}, msg: PLANTEDnolog}}
      no_log: true
    - name: Loop under no_log
      say: {result: {changed: true, value: "{{ item }}"}}
      loop: [PLANTEDloopone, PLANTEDlooptwo]
      no_log: true
    - name: Secret keys in a diff
      say:
        result:
          changed: true
          diff:
            before: {client_secret: PLANTEDbefore, size: 1}
            after: {client_secret: PLANTEDafter, size: 2, password: PLANTEDpassword, nested: [{api_key: PLANTEDkey}]}
    - name: Loop over tokens
      say: {result: {changed: true, diff: {before: "", after: "token: {{ item }}"}}}
      loop: [ya29.PLANTEDtokenone, ya29.PLANTEDtokentwo]
    - name: A file with a key
      ansible.builtin.copy: {content: "{{ key }}", dest: "{{ playbook_dir }}/key.pem", mode: "0600"}
    - name: A message with a url
      say: {result: {failed: true, msg: "https://u:PLANTEDurl@db/ and password=PLANTEDargument"}}
      ignore_errors: true
    - name: Loop over mappings
      say: {result: {changed: true}}
      loop: [{name: a, password: PLANTEDitem}]
    - name: Fail under no_log
      say: {result: {failed: true, msg: PLANTEDfailure}}
      no_log: true
"""


def test_no_planted_secret_reaches_the_run_directory(checkout: Checkout) -> None:
    done = checkout.run(SECRETS, "--diff", "-e", "database_password=PLANTEDextra")
    assert done.returncode == 2, done.stderr
    kept = {path.name: path.read_bytes() for path in checkout.latest.iterdir()}
    assert set(kept) == {"ledger.jsonl", "progress.jsonl", "report.html"}
    for name, content in kept.items():
        assert b"PLANTED" not in content, name
        assert b"UExBTlRFRHBlbQ" not in content, name
    assert {path.stat().st_mode & 0o077 for path in checkout.latest.iterdir()} == {0}
    assert len(checkout.ledger().executions) == 8


def test_extra_variables_and_a_password_on_the_command_line_are_not_recorded(checkout: Checkout) -> None:
    checkout.run("- hosts: project\n  gather_facts: false\n  tasks: []\n", "-e", "anything=PLANTED")
    assert "PLANTED" not in (checkout.latest / "ledger.jsonl").read_text(encoding="utf-8")


def test_check_mode_and_a_role_as_phase(checkout: Checkout) -> None:
    role = checkout.path / "roles" / "bootstrap" / "tasks"
    role.mkdir(parents=True)
    (role / "main.yml").write_text("- name: Look\n  ansible.builtin.debug: {msg: x}\n", encoding="utf-8")
    playbook = "- hosts: project\n  gather_facts: false\n  roles: [bootstrap]\n"
    assert checkout.run(playbook, "--check").returncode == 0
    run = checkout.ledger()
    assert run.facts["check"] is True
    assert run.phases == ["bootstrap"]
    assert run.executions[0].task.path == "roles/bootstrap/tasks/main.yml:1"


def test_two_playbooks_of_one_command_are_one_run(checkout: Checkout) -> None:
    one = "- name: One\n  hosts: project\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: x}\n"
    (checkout.path / "two.yml").write_text(one.replace("One", "Two"), encoding="utf-8")
    done = checkout.run(one, "two.yml")
    assert done.returncode == 0
    assert checkout.ledger().outcome == "ok"
    assert checkout.ledger().phases == ["One", "Two"]
    assert len(list((checkout.path / ".runs" / "local").iterdir())) == 2


def test_a_second_run_names_the_first(checkout: Checkout) -> None:
    playbook = "- hosts: project\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: x}\n"
    checkout.run(playbook)
    first = checkout.latest.resolve().name
    shown = checkout.run(playbook).stdout
    assert "the run before: 0 in" in shown
    assert first in (checkout.latest / "report.html").read_text(encoding="utf-8")


def test_a_run_without_a_place_for_its_ledger_goes_on_and_says_so(checkout: Checkout) -> None:
    (checkout.path / ".runs").write_text("in the way", encoding="utf-8")
    playbook = "- hosts: project\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: x}\n"
    done = checkout.run(playbook)
    assert done.returncode == 0
    assert "This run keeps no ledger" in done.stderr


def test_tasks_learn_where_their_run_is_kept(checkout: Checkout) -> None:
    playbook = (
        "- hosts: project\n  gather_facts: false\n  tasks:\n    - ansible.builtin.shell: "
        '\'test -f "$PRESIDENTIAL_DIGS_PROGRESS" && echo "$PRESIDENTIAL_DIGS_RUN" > where\'\n'
    )
    done = checkout.run(playbook)
    assert done.returncode == 0, done.stdout
    assert Path((checkout.path / "where").read_text(encoding="utf-8").strip()) == checkout.latest.resolve()

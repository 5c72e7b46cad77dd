#!/usr/bin/python
"""Documentation of the action run_report, which runs in the control process only."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_report
short_description: Render the ledger of a run to one HTML page and say what the run came to
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Reads a ledger that the callback P(presidential_digs.platform.ledger#callback) wrote, of a run that ended, that was
    killed, or that is still going on, and renders it to one self-contained HTML page. The same ledgers give the same
    bytes.
  - Answers outcome, counts and verdicts of the run as data, so that a play can act on them.
  - Compares the run with the last earlier one of the same environment, playbook and options, where there is one.
  - Runs in the control process and needs no connection.
options:
  ledger:
    description: A C(ledger.jsonl), or the directory of a run. When unset, O(run) says which one is meant.
    type: path
  run:
    description:
      - V(current) is the run that this task is part of, as far as it has come.
      - V(previous) is the newest run of the environment that is not the current one.
      - Anything else is a run id such as V(20261123T013000Z4fa1).
    type: str
    default: current
  environment:
    description: Environment whose runs are meant. When unset, that of the current run.
    type: str
  runs_directory:
    description: Directory below which all runs lie. When unset, that of the current run, or V(.runs).
    type: path
  destination:
    description: The page to write. When unset, C(report.html) beside the ledger.
    type: path
  compare_with:
    description: Ledger to compare with instead of the last run like this one.
    type: path
attributes:
  check_mode:
    description: Whether the action behaves in check mode as it does for real.
    support: full
    details: The page is rendered, and not written.
  diff_mode:
    description: Whether the action says what it would change.
    support: none
    details: A page is replaced as a whole.
  idempotent:
    description: Whether a second run changes nothing.
    support: full
    details:
      - The page beside the ledger belongs to the run and is never a change. One written to O(destination) is a change
        when its bytes differ.
notes:
  - The current run is not over when this runs. The callback renders it again at its end, to the same file.
"""

EXAMPLES = r"""
- name: Say what this run came to so far
  presidential_digs.platform.run_report:
  register: report

- name: Stop where a gate did not pass
  ansible.builtin.assert:
    that: report.summary.verdicts.fail == 0 and report.summary.verdicts['no-evidence'] == 0

- name: Render the last run again for the archive
  presidential_digs.platform.run_report:
    run: previous
    destination: archive/last.html
"""

RETURN = r"""
report:
  description: The page.
  returned: success
  type: dict
  contains:
    path:
      description: Its file.
      type: str
      sample: .runs/local/20261123T013000Z4fa1/report.html
    url:
      description: The same as a URL that a browser opens.
      type: str
      sample: file:///srv/platform/.runs/local/20261123T013000Z4fa1/report.html
    size:
      description: Its size in bytes.
      type: int
      sample: 38943
ledger:
  description: The ledger that was read.
  returned: success
  type: str
  sample: .runs/local/20261123T013000Z4fa1/ledger.jsonl
verdict:
  description:
    - V(fail) when the run failed or a gate did, V(pass) when there are gates and all passed, V(no-evidence) otherwise.
    - A run without any gate has proved nothing, so its verdict is V(no-evidence).
  returned: success
  type: str
  sample: pass
summary:
  description: The run in numbers.
  returned: success
  type: dict
  contains:
    run_id:
      description: The run.
      type: str
      sample: 20261123T013000Z4fa1
    environment:
      description: The environment it was for.
      type: str
      sample: local
    check:
      description: Whether it ran in check mode.
      type: bool
      sample: false
    outcome:
      description: V(ok), V(failed), V(interrupted), or V(unfinished) for a run that was killed or is going on.
      type: str
      sample: ok
    reason:
      description: Why it did not end by itself, or null.
      type: str
      sample: stopped by SIGTERM
    seconds:
      description: Wall time, up to the last line of a ledger without an end.
      type: float
      sample: 42.3
    statuses:
      description: Number of executions (one task on one host) by how they ended.
      type: dict
      sample: {"changed": 12, "ok": 40}
    changed:
      description: Executions that changed something.
      type: int
      sample: 12
    failed:
      description: Executions that failed and were neither ignored nor rescued.
      type: int
      sample: 0
    verdicts:
      description: Number of verdicts of each kind.
      type: dict
      sample: {"pass": 7, "fail": 0, "no-evidence": 1}
    refused:
      description: Number of things that were refused.
      type: int
      sample: 0
    warnings:
      description: Number of warnings.
      type: int
      sample: 0
    providers:
      description: The Terraform providers that were used.
      type: list
      elements: dict
      sample: [{"kind": "stand-in", "source": "hashicorp/google", "version": "7.45.0"}]
    previous:
      description: The run it was compared with (C(run_id), C(outcome), C(seconds), C(changed)), or null.
      type: dict
failure:
  description: Why there is no report, in the form that every module of the collection uses.
  returned: failure
  type: dict
"""

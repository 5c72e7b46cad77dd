"""Ledgers for the tests of the report: written by the real recorder, by a clock that the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.presidential_digs.platform.plugins.plugin_utils._run_recorder import RunRecorder

FACTS: dict[str, Any] = {
    "time": "2026-11-23T01:30:00.120Z",
    "environment": "local",
    "playbook": "site.yml",
    "inventory": ["inventories/local"],
    "user": "operator",
    "versions": {"python": "3.11.7", "ansible_core": "2.19.14", "collection": "0.1.0"},
    "git": {"commit": "8dbbb6a1c2d3e4f5061728394a5b6c7d8e9f0a1b", "dirty": False},
    "provider_expected": "stand-in",
    "check": False,
    "diff": True,
    "limit": None,
    "tags": [],
    "skip_tags": [],
    "forks": 16,
}
"""What the first line of a ledger says."""

STAND_IN = {"kind": "stand-in", "source": "hashicorp/google", "version": "7.45.0"}


class Story:
    """Tell a run: each `task` takes the time it says, on hosts side by side."""

    def __init__(self, directory: Path, **facts: Any) -> None:
        directory.mkdir(parents=True)
        self.now = 0.0
        self.phase = "preflight"
        self.recorder = RunRecorder(directory, lambda: self.now)
        self.recorder.begin(FACTS | facts)

    @property
    def ledger(self) -> Path:
        """The file that is written."""
        return self.recorder.directory / "ledger.jsonl"

    def play(self, phase: str, hosts: str = "projects") -> None:
        """A play begins; Ansible takes a moment for it."""
        self.now += 0.05
        self.phase = phase
        self.recorder.play(phase.capitalize(), phase, [hosts])

    def task(
        self, name: str, results: Mapping[str, tuple[float, str, Mapping[str, Any]]], action: str = "debug"
    ) -> None:
        """A task that takes each host `seconds`, ends as `status` and returns `result`; as "" it never ends."""
        fields = {"name": name, "action": action, "phase": self.phase, "role": self.phase}
        self.recorder.task(name, fields | {"path": f"roles/{self.phase}/tasks/main.yml:{len(name)}"})
        began = self.now
        for host in results:
            self.recorder.started(name, host)
            self.now += 0.004
        for host, (seconds, status, result) in sorted(results.items(), key=lambda entry: entry[1][0]):
            self.now = began + seconds
            if status:
                self.recorder.finished(name, host, status, result)
        self.now += 0.01

    def end(self, outcome: str = "ok", reason: str | None = None) -> None:
        """The last line."""
        self.recorder.end(outcome, {}, reason)


def site_run(directory: Path, *, slower: float = 1.0, trouble: bool = True, **facts: Any) -> Story:
    """A run of site.yml as an operator meets it: stages side by side, verdicts, a refusal, a failure."""
    story = Story(directory, **facts)
    _preflight(story)
    _bootstrap(story, slower)
    _infrastructure(story, slower, trouble=trouble)
    story.end("failed" if trouble else "ok")
    return story


def _preflight(story: Story) -> None:
    story.play("preflight")
    verdict = {"name": "inventory", "verdict": "pass", "evidence": "74 values hold against 9 schemas"}
    story.task("Hold the inventory against its schemas", {"project": (0.35, "ok", {"verdicts": [verdict]})})
    missing = {"name": "billing quota", "verdict": "no-evidence", "evidence": "the API gave no quota for this account"}
    story.task("Ask who I am and what I may do", {"project": (0.62, "ok", {"verdicts": [missing]})})


def _bootstrap(story: Story, slower: float) -> None:
    story.play("bootstrap")
    before = {"labels": {}, "parent": "organizations/123456789012", "state": "DELETE_REQUESTED"}
    labels = {"environment": "local", "team": "platform", "cost-center": "crm", "managed-by": "ansible"}
    after = before | {"labels": labels, "state": "ACTIVE"}
    diff = {"before": before, "after": after}
    story.task("Create the project", {"project": (1.8 * slower, "changed", {"changed": True, "diff": diff})})
    linked = {"before": "", "after": "billingAccountName: billingAccounts/01D165-CA11AB-1E0001\nbillingEnabled: true\n"}
    story.task("Link billing", {"project": (0.4, "changed", {"changed": True, "diff": linked})})
    apis = "\n".join(f"{name}.googleapis.com" for name in ("compute", "dns", "iam", "pubsub", "storage", "sts"))
    enabled = {"before": "", "after": apis + "\n", "before_header": "enabled", "after_header": "enabled"}
    story.task("Enable the services", {"project": (6.2 * slower, "changed", {"changed": True, "diff": enabled})})
    story.task("Make the state bucket", {"project": (0.9, "ok", {})})
    hidden = {"before": {"description": "old"}, "after": {"description": "deployer", "client_secret": "planted"}}
    story.task("Create the deployer", {"project": (0.7, "changed", {"changed": True, "diff": hidden})})


def _infrastructure(story: Story, slower: float, *, trouble: bool) -> None:
    story.play("infrastructure", "terraform_roots")
    story.task("Plan", {host: (seconds, "ok", {"provider": STAND_IN}) for host, seconds in _roots(1.4 * slower)})
    refused = [
        {"what": "google_dns_managed_zone.private", "why": "the plan deletes it and the policy allows no deletion"}
    ]
    story.task("Hold the plan against the policy", {"dns": (0.1, "ok", {"refused": refused if trouble else []})})
    applied = {"changed": True, "changes": {"create": 14, "update": 2, "replace": 0, "delete": 0}, "provider": STAND_IN}
    outcome: dict[str, tuple[float, str, Mapping[str, Any]]] = {
        host: (seconds, "changed", applied) for host, seconds in _roots(4.6 * slower)
    }
    if trouble:
        failure = {
            "reason": "SERVICE_DISABLED",
            "status": 403,
            "message": "Cloud DNS API has not been used in project presidential-digs-crm-local or is disabled.",
            "hint": "Add dns.googleapis.com to platform_services in inventories/local/00_common/services.yml.",
        }
        outcome["network"] = (
            3.1,
            "failed",
            {"failure": failure, "msg": "see failure", "warnings": ["state stays locked"]},
        )
    story.task("Apply", outcome)


def _roots(seconds: float) -> list[tuple[str, float]]:
    return [("foundation", seconds), ("network", seconds * 1.2), ("dns", seconds * 0.6)]


def large_run(directory: Path, tasks: int = 1_000) -> Story:
    """A run of so many tasks, every second of which changed something with a long diff."""
    story = Story(directory)
    for index in range(tasks):
        if index % 100 == 0:
            story.play(f"phase-{index // 100}")
        before = {f"key_{number}": number for number in range(40)}
        diff = {"before": before, "after": before | {f"key_{number}": index for number in range(0, 40, 3)}}
        changed = (0.2 + index % 7 / 10, "changed", {"changed": True, "diff": diff})
        story.task(
            f"Task {index} with a name of ordinary length", {"project": changed if index % 2 else (0.1, "ok", {})}
        )
    story.end()
    return story

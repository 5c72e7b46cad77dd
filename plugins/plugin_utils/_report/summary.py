"""The numbers of a run that everybody asks for, for the terminal, the page and the module."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._in_flight import duration
from .._ledger_events import Run
from .._task_record import VERDICTS

FAILED = ("failed", "unreachable")


@dataclass(frozen=True)
class Summary:
    """Counts are executions (one task on one host); `verdict` is the run's own: pass, fail or no-evidence.

    `changed` counts what said that it changed something, failed ones included: half a loop's changes are changes.
    """

    run_id: str
    environment: str
    check: bool
    outcome: str
    reason: str | None
    seconds: float
    statuses: dict[str, int]
    changed: int
    changed_hosts: int
    verdicts: dict[str, int]
    verdict: str
    refused: int
    warnings: int
    providers: list[dict[str, str]]
    previous: dict[str, Any] | None

    @property
    def failed(self) -> int:
        """Executions that failed and were neither ignored nor rescued, hosts not reached included."""
        return sum(self.statuses.get(status, 0) for status in FAILED)

    def to_result(self) -> dict[str, Any]:
        """The summary as a module returns it."""
        return {
            "run_id": self.run_id,
            "environment": self.environment,
            "check": self.check,
            "outcome": self.outcome,
            "reason": self.reason,
            "seconds": self.seconds,
            "statuses": self.statuses,
            "changed": self.changed,
            "failed": self.failed,
            "verdicts": self.verdicts,
            "refused": self.refused,
            "warnings": self.warnings,
            "providers": self.providers,
            "previous": self.previous,
        }

    def lines(self, report: Path) -> list[tuple[str, str | None]]:
        """The lines a terminal shows at the end of the run, each with Ansible's colour for it (None: the default)."""
        mode = " (check mode)" if self.check else ""
        colour = {"ok": "green", "failed": "red"}.get(self.outcome, "yellow")
        before = (
            f"; the run before: {self.previous['changed']} in {duration(self.previous['seconds'])}"
            if self.previous
            else ""
        )
        verb = "would change" if self.check else "changed"
        lines: list[tuple[str, str | None]] = [
            (f"RUN {self.run_id} {self.environment}{mode}: {self.outcome} in {duration(self.seconds)}", colour),
            (
                f"  {verb:<10} {self.changed} on {_hosts(self.changed_hosts)}{before}",
                "yellow" if self.changed else None,
            ),
            (f"  {'failed':<10} {self.failed}", "red" if self.failed else None),
        ]
        if sum(self.verdicts.values()):
            shown = ", ".join(f"{self.verdicts[name]} {name}" for name in VERDICTS)
            lines.append((f"  {'verdicts':<10} {shown}", {"pass": "green", "fail": "red"}.get(self.verdict, "yellow")))
        if self.refused:
            lines.append((f"  {'refused':<10} {self.refused}", "yellow"))
        lines.extend(
            (f"  {'provider':<10} {provider_text(provider)}", "purple" if provider["kind"] == "stand-in" else None)
            for provider in self.providers
        )
        if self.reason:
            lines.append((f"  {'reason':<10} {self.reason}", colour))
        lines.append((f"  {'report':<10} {report.resolve().as_uri()}", None))
        return lines


def _hosts(count: int) -> str:
    return f"{count} host" if count == 1 else f"{count} hosts"


def provider_text(provider: dict[str, str]) -> str:
    """A provider in one phrase, for example `stand-in of the local cloud for hashicorp/google 7.45.0`."""
    name = " ".join(part for part in (provider.get("source", ""), provider.get("version", "")) if part)
    if provider["kind"] == "stand-in":
        return f"stand-in of the local cloud for {name or 'the provider'}"
    return f"{provider['kind']} {name}".strip()


def summarise(run: Run, previous: Run | None = None) -> Summary:
    """Count what a run did."""
    verdicts = Counter(str(entry["verdict"]) for entry in collected(run, "verdicts"))
    return Summary(
        run_id=run.identifier,
        environment=str(run.facts["environment"]),
        check=bool(run.facts.get("check")),
        outcome=run.outcome,
        reason=run.end.get("reason") if run.end else "the ledger has no end: killed, or still running",
        seconds=run.seconds,
        statuses=dict(sorted(Counter(execution.status for execution in run.executions).items())),
        changed=changes(run),
        changed_hosts=len({execution.host for execution in run.executions if execution.changed}),
        verdicts={name: verdicts.get(name, 0) for name in VERDICTS},
        verdict=_verdict(run, verdicts),
        refused=len(collected(run, "refused")),
        warnings=len(collected(run, "warnings")),
        providers=_providers(run),
        previous=_previous(previous),
    )


def collected(run: Run, key: str) -> list[Any]:
    """Everything the executions of a run say under a report key."""
    return [entry for execution in run.executions for entry in execution.collected(key)]


def _verdict(run: Run, verdicts: Counter[str]) -> str:
    """A run or gate that failed is a fail; a run that proved nothing, or not everything, has no evidence."""
    if run.outcome == "failed" or verdicts["fail"]:
        return "fail"
    if verdicts["no-evidence"] or not verdicts["pass"] or run.outcome == "interrupted":
        return "no-evidence"
    return "pass"


def _providers(run: Run) -> list[dict[str, str]]:
    found = {
        (str(entry.get("kind", "unknown")), str(entry.get("source", "")), str(entry.get("version", "")))
        for entry in collected(run, "provider")
    }
    return [{"kind": kind, "source": source, "version": version} for kind, source, version in sorted(found)]


def _previous(previous: Run | None) -> dict[str, Any] | None:
    if previous is None:
        return None
    return {
        "run_id": previous.identifier,
        "outcome": previous.outcome,
        "seconds": previous.seconds,
        "changed": changes(previous),
    }


def changes(run: Run) -> int:
    """How many executions changed something."""
    return sum(execution.changed for execution in run.executions)

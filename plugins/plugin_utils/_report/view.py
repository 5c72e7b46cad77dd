"""Arrange a run for the page: what went wrong, what changed and how, verdicts, what took long, everything that ran."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .._in_flight import duration
from .._ledger_events import Execution, Run
from .._task_record import CHANGE_KINDS
from .diffs import Budget, Diff, rendered

SLOWEST = 12
TROUBLE = ("failed", "unreachable", "unfinished", "rescued", "ignored")
"""Ways to end that a reader must see, the worst first."""
ROWS = 2_500
"""Executions listed on the page; the ledger has the rest."""


@dataclass(frozen=True)
class Row:
    """One execution as the page shows it; `number` is its anchor."""

    number: int
    execution: Execution

    @property
    def seconds(self) -> str:
        """Its wall time in words."""
        return duration(self.execution.seconds) if self.execution.ended is not None else "did not end"


@dataclass(frozen=True)
class Turn:
    """One turn of a loop with its diffs."""

    label: str
    status: str
    diffs: list[Diff]


@dataclass(frozen=True)
class Change:
    """An execution that changed something, with its diffs; `resources` counts Terraform's resources."""

    row: Row
    diffs: list[Diff]
    turns: list[Turn]
    resources: dict[str, int] | None
    line: int


@dataclass
class HostChanges:
    """What happened on one host (a project, a root, a service); `number` is its anchor."""

    host: str
    number: int
    changes: list[Change] = field(default_factory=list)
    ran: int = 0
    failed: int = 0
    seconds: float = 0.0
    resources: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANGE_KINDS, 0))
    terraform: bool = False

    @property
    def time(self) -> str:
        """Wall time of its tasks together, in words."""
        return duration(round(self.seconds, 2))


@dataclass(frozen=True)
class Trouble:
    """An execution that did not do what it should, or was cut off."""

    row: Row
    failure: dict[str, Any]
    turns: list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Said:
    """One entry that an execution gave under a report key (a verdict, a refusal, a warning)."""

    row: Row
    entry: Any


@dataclass(frozen=True)
class Slow:
    """A slow execution; `share` is percent of the slowest, `whole` percent of the run."""

    row: Row
    share: float
    whole: float


def rows(run: Run) -> list[Row]:
    """Every execution, numbered as the page's anchors are."""
    return [Row(number, execution) for number, execution in enumerate(run.executions, start=1)]


def troubles(listed: list[Row]) -> list[Trouble]:
    """What failed, was cut off, rescued or ignored, the worst first."""
    found = [row for row in listed if row.execution.status in TROUBLE]
    found.sort(key=lambda row: (TROUBLE.index(row.execution.status), row.number))
    return [Trouble(row, row.execution.fields.get("failure", {}), _failed_turns(row.execution)) for row in found]


def _failed_turns(execution: Execution) -> list[tuple[str, dict[str, Any]]]:
    return [(item.label, item.fields["failure"]) for item in execution.items if "failure" in item.fields]


def said(listed: list[Row], key: str) -> list[Said]:
    """All entries under a report key, in the order in which they were given."""
    return [Said(row, entry) for row in listed for entry in row.execution.collected(key)]


def slowest(run: Run, listed: list[Row]) -> list[Slow]:
    """The executions that took longest."""
    found = sorted((row for row in listed if row.execution.seconds > 0), key=lambda row: -row.execution.seconds)[
        :SLOWEST
    ]
    if not found:
        return []
    longest, whole = found[0].execution.seconds, max(run.seconds, 0.001)
    return [
        Slow(row, round(100 * row.execution.seconds / longest, 1), round(100 * row.execution.seconds / whole, 1))
        for row in found
    ]


def hosts(listed: list[Row]) -> list[HostChanges]:
    """What happened by host, in the order in which hosts took up work; diffs share one budget."""
    budget = Budget()
    found: dict[str, HostChanges] = {}
    for row in listed:
        execution = row.execution
        host = found.setdefault(execution.host, HostChanges(execution.host, len(found) + 1))
        host.ran += execution.status not in ("skipped", "unfinished")
        host.failed += execution.status in ("failed", "unreachable")
        host.seconds += execution.seconds
        for counts in execution.collected("changes"):
            host.terraform = True
            for kind in CHANGE_KINDS:
                host.resources[kind] += int(counts.get(kind, 0))
        if execution.changed:
            host.changes.append(_change(row, budget))
    return list(found.values())


def _change(row: Row, budget: Budget) -> Change:
    execution = row.execution
    turns = [
        Turn(item.label, item.status, [rendered(entry, budget) for entry in item.fields.get("diff", [])])
        for item in execution.items
        if item.status == "changed"
    ]
    counts: dict[str, int] = defaultdict(int)
    for entry in execution.collected("changes") or execution.collected("planned"):
        for kind in CHANGE_KINDS:
            counts[kind] += int(entry.get(kind, 0))
    return Change(
        row=row,
        diffs=[rendered(entry, budget) for entry in execution.fields.get("diff", [])],
        turns=turns,
        resources=dict(counts) or None,
        line=execution.line,
    )

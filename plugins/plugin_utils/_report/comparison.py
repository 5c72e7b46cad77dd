"""Hold a run against the last one like it: what got slower or faster, and which verdicts differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from .. import _ledger_reader, _run_directory
from .._ledger_events import Execution, Run

SAME = ("environment", "playbook", "check", "limit", "tags", "skip_tags")
"""Facts that must be equal for a comparison to mean anything."""
NOTABLE_SECONDS = 0.2
"""A task whose time moved by less is noise."""
NOTABLE_SHARE = 0.2
"""The same, as a share of the longer of both times."""
SHOWN = 8


@dataclass(frozen=True)
class Moved:
    """A phase or task with its seconds before and now; None where it did not run."""

    name: str
    before: float | None
    now: float | None

    @property
    def delta(self) -> float:
        """Seconds that it takes longer now."""
        return (self.now or 0.0) - (self.before or 0.0)


@dataclass(frozen=True)
class Comparison:
    """This run against `previous`."""

    previous: Run
    whole: Moved
    phases: list[Moved]
    slower: list[Moved]
    faster: list[Moved]
    verdicts: list[tuple[str, str, str]]


def find_previous(run: Run, ledger: Path) -> Run | None:
    """The newest earlier run of the same kind beside the ledger's; unreadable ones are passed over."""
    for directory in _run_directory.before(ledger.resolve().parent):
        try:
            earlier = _ledger_reader.read(directory / _run_directory.LEDGER_NAME)
        except (_ledger_reader.LedgerError, OSError):
            continue
        if all(earlier.facts.get(key) == run.facts.get(key) for key in SAME):
            return earlier
    return None


def compare(run: Run, previous: Run) -> Comparison:
    """What is different between two runs."""
    before, now = _by_task(previous), _by_task(run)
    moved = [Moved(name, before[name], now[name]) for name in now if name in before]
    notable = [entry for entry in moved if _notable(entry)]
    return Comparison(
        previous=previous,
        whole=Moved("the run", previous.seconds, run.seconds),
        phases=_phases(run, previous),
        slower=sorted((entry for entry in notable if entry.delta > 0), key=lambda entry: -entry.delta)[:SHOWN],
        faster=sorted((entry for entry in notable if entry.delta < 0), key=lambda entry: entry.delta)[:SHOWN],
        verdicts=_verdicts(run, previous),
    )


def _notable(entry: Moved) -> bool:
    longer = max(entry.before or 0.0, entry.now or 0.0)
    return abs(entry.delta) >= NOTABLE_SECONDS and abs(entry.delta) >= NOTABLE_SHARE * longer


def _by_task(run: Run) -> dict[str, float]:
    seconds: dict[str, float] = defaultdict(float)
    for execution in run.executions:
        if execution.ended is not None:
            seconds[f"{execution.task.name} ({execution.host})"] += execution.seconds
    return seconds


def _phases(run: Run, previous: Run) -> list[Moved]:
    before, now = spans(previous), spans(run)
    names = [*run.phases, *(name for name in previous.phases if name not in run.phases)]
    return [Moved(name, _length(before.get(name)), _length(now.get(name))) for name in names]


def _length(span: tuple[float, float] | None) -> float | None:
    return span[1] - span[0] if span else None


def spans(run: Run) -> dict[str, tuple[float, float]]:
    """First start and last end of each phase's executions, in seconds since the run began."""
    found: dict[str, tuple[float, float]] = {}
    for execution in run.executions:
        start, end = execution.started, end_of(run, execution)
        first, last = found.get(execution.task.phase, (start, end))
        found[execution.task.phase] = (min(first, start), max(last, end))
    return found


def end_of(run: Run, execution: Execution) -> float:
    """When an execution ended; for one that never did, when the ledger stops."""
    return execution.ended if execution.ended is not None else run.last


def _verdicts(run: Run, previous: Run) -> list[tuple[str, str, str]]:
    before, now = _verdicts_by_name(previous), _verdicts_by_name(run)
    names = sorted(before.keys() | now.keys())
    pairs = ((name, before.get(name, "absent"), now.get(name, "absent")) for name in names)
    return [entry for entry in pairs if entry[1] != entry[2]]


def _verdicts_by_name(run: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for execution in run.executions:
        for entry in execution.collected("verdicts"):
            found[f"{entry['name']} ({execution.host})"] = str(entry["verdict"])
    return found

"""Lay out a run's phases and hosts on a time axis, in percent of its wall time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .._in_flight import duration
from .._ledger_events import Execution, Run
from .comparison import end_of, spans

SHORT = 0.4
"""Percent of the width below which neighbouring bars of one kind are drawn as one."""
THINNEST = 0.25
"""Percent of the width of the thinnest bar drawn, so that nothing that ran is invisible."""
KINDS = {
    "changed": "changed",
    "ok": "ok",
    "failed": "failed",
    "unreachable": "failed",
    "ignored": "ignored",
    "rescued": "ignored",
    "unfinished": "unfinished",
}
"""How an execution is coloured; skipped ones are not drawn."""
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
"""Distances between ticks of the axis, in seconds."""
TICKS = 7


@dataclass
class Bar:
    """One bar: position and width in percent, what it is, and the number of the execution it links to."""

    start: float
    width: float
    kind: str
    title: str
    number: int
    count: int = 1


@dataclass
class Lane:
    """The bars of one host in one phase."""

    host: str
    bars: list[Bar] = field(default_factory=list)


@dataclass
class PhaseRow:
    """A phase: its span and one lane for each host."""

    name: str
    start: float
    width: float
    time: str
    lanes: list[Lane]


@dataclass(frozen=True)
class Gantt:
    """The chart. A tick is (position in percent, text)."""

    rows: list[PhaseRow]
    ticks: list[tuple[float, str]]


def chart(run: Run) -> Gantt:
    """The chart of a run; without rows when nothing ran."""
    whole = max(run.seconds, 0.001)
    numbered: dict[str, dict[str, list[tuple[int, Execution]]]] = {}
    for number, execution in enumerate(run.executions, start=1):
        if execution.status in KINDS:
            numbered.setdefault(execution.task.phase, {}).setdefault(execution.host, []).append((number, execution))
    rows = []
    for name, (first, last) in spans(run).items():
        hosts = numbered.get(name, {})
        lanes = [Lane(host, _bars(run, entries, whole)) for host, entries in hosts.items()]
        start, width = _percent(first, whole), max(_percent(last - first, whole), THINNEST)
        rows.append(PhaseRow(name, start, round(width, 3), duration(last - first), lanes))
    return Gantt(rows, _ticks(whole))


def _bars(run: Run, entries: Iterable[tuple[int, Execution]], whole: float) -> list[Bar]:
    bars: list[Bar] = []
    for number, execution in entries:
        end = end_of(run, execution)
        start, width = _percent(execution.started, whole), _percent(end - execution.started, whole)
        kind = KINDS[execution.status]
        last = bars[-1] if bars else None
        if last and _joins(last, start, width, kind):
            last.width = round(start + width - last.start, 3)
            last.count += 1
            last.title = f"{last.count} short tasks, {kind}"
        else:
            title = f"{execution.task.name}, {kind}, {duration(end - execution.started)}"
            bars.append(Bar(start, width, kind, title, number))
    for drawn in bars:
        drawn.width = max(drawn.width, THINNEST)
    return bars


def _joins(last: Bar, start: float, width: float, kind: str) -> bool:
    gap = start - (last.start + last.width)
    return last.kind == kind and width < SHORT and gap < SHORT and (last.count > 1 or last.width < SHORT)


def _percent(seconds: float, whole: float) -> float:
    return round(100 * seconds / whole, 3)


def _ticks(whole: float) -> list[tuple[float, str]]:
    step = next((step for step in STEPS if whole / step <= TICKS), STEPS[-1])
    count = int(whole / step)
    return [(_percent(index * step, whole), duration(round(index * step, 1))) for index in range(count + 1)]

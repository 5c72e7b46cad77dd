"""Read a ledger, whole or cut off by a kill, into a Run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ._ledger_events import Execution, Item, Run, Task
from ._ledger_writer import SCHEMA_VERSION


class LedgerError(ValueError):
    """A file that is no ledger; the message names file, line and what was expected."""


def read(path: Path) -> Run:
    """The run that a ledger tells of. Raises LedgerError for a file that is none, OSError for one that cannot be read.

    A last line without its newline is what a kill in mid-write leaves: it is dropped and `Run.torn` says so.
    """
    text = path.read_bytes().decode("utf-8", "replace")
    whole, _newline, rest = text.rpartition("\n")
    lines = whole.split("\n") if whole else []
    builder = _Builder(path)
    for number, line in enumerate(lines, start=1):
        builder.add(number, _parse(path, number, line))
    run = builder.run()
    run.torn = bool(rest)
    return run


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError as error:
        raise LedgerError(f"{path}:{number}: not JSON ({error}); every line of a ledger is one JSON object") from error
    if not isinstance(event, dict) or "event" not in event or not isinstance(event.get("at"), int | float):
        raise LedgerError(f"{path}:{number}: not a ledger line; expected an object with v, event and at")
    if event.get("v") != SCHEMA_VERSION:
        found = event.get("v")
        raise LedgerError(f"{path}:{number}: schema version {found!r}; this collection reads version {SCHEMA_VERSION}")
    return event


class _Builder:
    """Fold events into a Run; unknown events are passed over, so that an older reader can read additions."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._run: Run | None = None
        self._tasks: dict[int, Task] = {}
        self._open: dict[tuple[int, str], Execution] = {}
        self._verbs = {
            "task": self._task,
            "task_start": self._task_start,
            "item": self._item,
            "task_end": self._task_end,
            "run_end": self._run_end,
        }

    def add(self, number: int, event: dict[str, Any]) -> None:
        if self._run is None:
            if event["event"] != "run_start":
                raise LedgerError(f"{self._path}:{number}: a ledger begins with run_start, not {event['event']!r}")
            self._run = Run(facts=event)
        else:
            # A run of several playbooks ends several times; only an end that nothing follows is the end.
            self._run.end = None
            verb = self._verbs.get(event["event"])
            try:
                if verb:
                    verb(number, event)
            except KeyError as error:
                raise LedgerError(f"{self._path}:{number}: {event['event']} lacks or misnames {error}") from error
        self._run.last = max(self._run.last, float(event["at"]))

    def run(self) -> Run:
        if self._run is None:
            raise LedgerError(f"{self._path}:1: empty; a ledger begins with a run_start line")
        return self._run

    def _known(self) -> Run:
        return self.run()

    def _task(self, number: int, event: dict[str, Any]) -> None:
        task = Task(
            number=event["task"],
            name=event["name"],
            action=event["action"],
            phase=event["phase"],
            role=event.get("role"),
            path=event["path"],
        )
        self._tasks[task.number] = task
        phases = self._known().phases
        if task.phase not in phases:
            phases.append(task.phase)

    def _task_start(self, number: int, event: dict[str, Any]) -> None:
        execution = Execution(self._tasks[event["task"]], event["host"], float(event["at"]), number)
        self._open[event["task"], event["host"]] = execution
        self._known().executions.append(execution)

    def _item(self, number: int, event: dict[str, Any]) -> None:
        execution = self._open[event["task"], event["host"]]
        execution.items.append(Item(event.get("label") or "item", event["status"], event, number))

    def _task_end(self, number: int, event: dict[str, Any]) -> None:
        key = (event["task"], event["host"])
        if key not in self._open:
            self._task_start(number, event)
        execution = self._open.pop(key)
        execution.ended = float(event["at"])
        execution.status = event["status"]
        execution.fields = event
        execution.line = number

    def _run_end(self, number: int, event: dict[str, Any]) -> None:
        self._known().end = event

"""The run as its ledger tells it: the records a reader gets, free of Ansible and of how they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Task:
    """One task of a play; `path` is `file:line` as the repository names it."""

    number: int
    name: str
    action: str
    phase: str
    role: str | None
    path: str


@dataclass
class Item:
    """One turn of a loop."""

    label: str
    status: str
    fields: dict[str, Any]
    line: int


@dataclass
class Execution:
    """A task on a host. Times are seconds since the run began; `ended` is None while it runs or when it was cut off."""

    task: Task
    host: str
    started: float
    line: int
    ended: float | None = None
    status: str = "unfinished"
    fields: dict[str, Any] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Wall time; zero for one that never ended."""
        return max(0.0, self.ended - self.started) if self.ended is not None else 0.0

    @property
    def changed(self) -> bool:
        """Whether it says that it changed something (a failed loop may have, too)."""
        return self.status == "changed" or bool(self.fields.get("changed"))

    def collected(self, key: str) -> list[Any]:
        """Everything this execution and the turns of its loop say under a report key, as one flat list."""
        found: list[Any] = []
        for fields in (self.fields, *(item.fields for item in self.items)):
            value = fields.get(key)
            found.extend(value if isinstance(value, list) else [value] if value else [])
        return found


@dataclass
class Run:
    """A whole run. `facts` is its first line; `end` its last, None for a run that was killed or still runs."""

    facts: dict[str, Any]
    executions: list[Execution] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None
    last: float = 0.0
    torn: bool = False

    @property
    def identifier(self) -> str:
        """The run id."""
        return str(self.facts["run_id"])

    @property
    def seconds(self) -> float:
        """Wall time up to the end, or to the last line of a run without one."""
        return self.last

    @property
    def outcome(self) -> str:
        """`ok`, `failed`, `interrupted` (Ctrl-C or a signal), or `unfinished` (killed, or still running)."""
        return str(self.end["outcome"]) if self.end else "unfinished"

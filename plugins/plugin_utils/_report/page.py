"""Render a run to one self-contained HTML page: style and script inside, no request, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from .._in_flight import duration
from .._ledger_events import Run
from . import view
from .comparison import Moved, compare
from .gantt import chart
from .summary import Summary, provider_text

ASSETS = Path(__file__).parent
SAME_SECONDS = 0.05
"""A difference that rounds to nothing."""


def render(run: Run, previous: Run | None, summary: Summary, *, ledger: str, beside: bool) -> str:
    """The page of a run, held against `previous` if given; `ledger` is the file's name, a link if it lies beside."""
    listed = view.rows(run)
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    return _template().render(
        run=run,
        facts=run.facts,
        ledger=ledger,
        beside=beside,
        summary=summary,
        headline=headline(run, summary),
        gantt=chart(run),
        hosts=view.hosts(listed),
        troubles=view.troubles(listed),
        verdicts=view.said(listed, "verdicts"),
        refused=view.said(listed, "refused"),
        warnings=view.said(listed, "warnings"),
        slowest=view.slowest(run, listed),
        rows=listed[: view.ROWS],
        comparison=compare(run, previous) if previous else None,
        style=(ASSETS / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["duration"] = duration
    environment.filters["delta"] = delta
    environment.filters["moment"] = moment
    environment.filters["provider"] = provider_text
    environment.filters["resources"] = resources
    return environment.get_template("page.html.j2")


def headline(run: Run, summary: Summary) -> str:
    """The run in one sentence."""
    took = duration(summary.seconds)
    places = "1 host" if summary.changed_hosts == 1 else f"{summary.changed_hosts} hosts"
    changes = "1 change" if summary.changed == 1 else f"{summary.changed} changes"
    if run.outcome == "ok" and summary.changed:
        return f"{changes} {'predicted' if summary.check else 'made'} on {places} in {took}"
    if run.outcome == "ok":
        return f"Nothing to change, all of it looked at in {took}"
    last = next(
        (entry for entry in reversed(run.executions) if entry.status in ("failed", "unreachable", "unfinished")), None
    )
    where = f" in {last.task.phase}: {last.task.name} ({last.host})" if last else ""
    ended = {"failed": "Failed", "interrupted": "Interrupted"}.get(run.outcome, "Cut off without an end")
    return f"{ended} after {took}{where}"


def delta(moved: Moved) -> str:
    """How much longer or shorter, with its sign."""
    if moved.before is None or moved.now is None:
        return "new" if moved.before is None else "did not run"
    if abs(moved.delta) < SAME_SECONDS:
        return "none"
    sign = "+" if moved.delta > 0 else "−"
    return f"{sign}{duration(round(abs(moved.delta), 2))}"


def moment(time: str) -> str:
    """A UTC time as people read it: `2026-11-23 01:30:00 UTC`."""
    return f"{time[:10]} {time[11:19]} UTC"


def resources(counts: Mapping[str, Any]) -> str:
    """Terraform's counts in words, without those that are zero: `3 to create, 1 to delete`."""
    words = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    return ", ".join(f"{counts[kind]} {word}" for kind, word in words.items() if counts.get(kind)) or "none"

"""PRIVATE to the collection: plan a root, or look for drift in it, and hand the answer over as data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._progress import report
from ._terraform_drift import settable_drift
from ._terraform_plan import Change, Plan, difference, plain_values
from ._terraform_provider import provider_of
from ._terraform_record import PlanRecord, record_path, sha256_of
from ._terraform_session import PLAN_FILE, Session, noted, open_session, state_is_there
from ._terraform_ui import Event, diagnostics, failure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# Exit codes of `plan -detailed-exitcode`: 0 nothing to do, 2 something to do, 1 error.
GOOD_EXIT_CODES = (0, 2)


@dataclass(frozen=True)
class Mode:
    """How to plan: the flags that choose what is planned, and whether the lock may be taken."""

    flags: tuple[str, ...]
    lock: bool
    plan_file: str = PLAN_FILE

    @classmethod
    def from_params(cls, params: Mapping[str, Any], check_mode: bool) -> Mode:
        """Build from options of terraform_plan. Check mode leaves the lock alone: taking it writes to the bucket."""
        kinds = {"destroy": "-destroy", "refresh_only": "-refresh-only"}
        flags = [flag for option, flag in kinds.items() if params.get(option)]
        flags += [f"-target={address}" for address in params["targets"]]
        flags += [f"-replace={address}" for address in params.get("replace") or ()]
        return cls(tuple(flags), lock=not check_mode)


@dataclass(frozen=True)
class Planned:
    """A plan with the session that made it and the file it is in."""

    session: Session
    plan: Plan
    document: Mapping[str, Any]
    file: Path
    events: list[Event]

    @property
    def warnings(self) -> list[str]:
        """Everything that the operator should read although nothing failed."""
        return [*self.session.warnings, *(item.text for item in diagnostics(self.events, "warning"))]

    def facts(self) -> dict[str, Any]:
        """Return what every answer about a plan says: root, state, provider, terraform."""
        terraform = self.session.terraform
        return {
            "root": self.session.root.name,
            "state": self.session.state,
            "provider": provider_of(self.plan.providers, terraform.environment, self.session.directory, self.events),
            "terraform": {"name": terraform.name, "version": self.plan.terraform_version},
        }


def plan_root(params: Mapping[str, Any], check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
    """Plan the root and return the result of terraform_plan; the plan file is kept only when it can be applied.

    Raises Failure `INVALID_VARIABLE`, `STATE_LOCKED`, `PROVIDER_ERROR`, `TIMEOUT` and others of `failure_of`.
    """
    planned = make_plan(params, Mode.from_params(params, check_mode))
    for warning in planned.warnings:
        warn(warning)
    if not planned.session.state_exists:
        warn(f"there is no state at {planned.session.backend.location} yet: planned against an empty one")
    empty = planned.plan.is_empty
    sha256 = sha256_of(planned.file)
    result = {**planned.facts(), **planned.plan.to_result(), "empty": empty, "plan_sha256": sha256}
    if empty or check_mode:
        planned.file.unlink()
        record_path(planned.file).unlink(missing_ok=True)
    else:
        PlanRecord.of(planned.session, sha256, result).write(planned.file)
    return {
        **result,
        "changed": check_mode and not empty,
        "output_values": plain_values(result["outputs"]),
        "plan_file": None if empty or check_mode else str(planned.file),
        "diff": difference(planned.plan.changes),
    }


def find_drift(params: Mapping[str, Any], check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
    """Compare state with the world and return the result of terraform_drift; nothing is written but the lock."""
    mode = Mode(("-refresh-only", *Mode.from_params(params, check_mode).flags), not check_mode, "drift")
    planned = make_plan(params, mode)
    planned.file.unlink()
    for warning in planned.warnings:
        warn(warning)
    found = _drift_that_can_be_set(planned, params["timeout"])
    drift = [change.to_result() for change in found]
    name = f"{planned.session.root.name} is as Terraform left it"
    verdict = {"name": name, "verdict": "fail" if drift else "pass", "evidence": _evidence(found)}
    if not planned.session.state_exists:
        verdict |= {
            "verdict": "no-evidence",
            "evidence": "there is no state to compare with",
        }
    return {
        **planned.facts(),
        "changed": False,
        "drifted": bool(drift),
        "drift": drift,
        "verdicts": [verdict],
        "diff": difference(found),
    }


def _evidence(found: Sequence[Change]) -> str:
    """Say which attributes of which resources differ, never their values."""
    return (
        ", ".join(f"{change.address} ({', '.join(sorted(change.after or change.before or {}))})" for change in found)
        or "no difference"
    )


def _drift_that_can_be_set(planned: Planned, seconds: float) -> tuple[Change, ...]:
    """Return the drift in what a configuration can set; the schemas are large and only asked for when needed."""
    if not planned.plan.drift:
        return ()
    schemas = json.loads(planned.session.terraform.capture(["providers", "schema", "-json"], seconds=seconds))
    found = settable_drift(planned.document["resource_drift"], schemas)
    return Plan.from_show({**planned.document, "resource_drift": list(found)}).drift


def make_plan(params: Mapping[str, Any], mode: Mode) -> Planned:
    """Plan against the state, or against an empty one where there is none yet.

    A plan that may not take the lock may not make a first state either, so it looks before it starts terraform.
    """
    if mode.lock or state_is_there(params):
        try:
            return _plan(open_session(params), params, mode)
        except Failure as failure:
            if failure.reason != "STATE_BUCKET_MISSING":
                raise
    return _plan(open_session(params, state_exists=False), params, mode)


def _plan(session: Session, params: Mapping[str, Any], mode: Mode) -> Planned:
    file = session.work / mode.plan_file
    file.unlink(missing_ok=True)
    arguments = ["plan", "-json", "-input=false", "-detailed-exitcode", f"-out={file}"]
    arguments += [f"-parallelism={params['parallelism']}", *mode.flags]
    arguments.append(f"-lock-timeout={params['lock_timeout']}s" if mode.lock else "-lock=false")
    refreshed = _Refreshed(session.root.name)
    with noted(session.holder_note, session.work):
        log = session.work / f"{mode.plan_file}.jsonl"
        finished = session.terraform.follow(arguments, log=log, seconds=params["timeout"], on_event=refreshed)
    if finished.code not in GOOD_EXIT_CODES:
        file.unlink(missing_ok=True)
        raise failure_of("plan", finished.code, finished.events, finished.text)
    document = json.loads(session.terraform.capture(["show", "-json", str(file)], seconds=params["timeout"]))
    return Planned(session, Plan.from_show(document), document, file, finished.events)


class _Refreshed:
    """Count the resources that terraform has looked at, and say so."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._done = 0

    def __call__(self, event: Event) -> None:
        if event.type == "refresh_complete":
            self._done += 1
        if event.type == "state_lock_acquire":
            report(self._root, "the state lock, which another run holds")
        elif event.type in ("refresh_start", "refresh_complete"):
            report(self._root, f"reading {event.fields['hook']['resource']['addr']}", self._done)

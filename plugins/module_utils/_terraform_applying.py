"""PRIVATE to the collection: apply a saved plan whose hash is known, show how far it is, and count what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._plan_policy import Policy, refusal_failure
from ._progress import report
from ._terraform_command import Finished, Terraform
from ._terraform_environment import terraform_environment
from ._terraform_plan import Change, difference, masked_outputs, plain_values
from ._terraform_record import PlanRecord, record_path
from ._terraform_session import note_path, noted
from ._terraform_ui import Event, diagnostics, failure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COUNTED = ("create", "update", "replace", "delete")

# How many steps terraform takes for one change.
STEPS: Mapping[str, int] = {"create": 1, "update": 1, "delete": 1, "replace": 2}


def judge_plan(params: Mapping[str, Any]) -> dict[str, Any]:
    """Hold a saved plan, or the changes of one, against a policy and return the result of terraform_policy.

    Raises Failure `PLAN_REFUSED` (with `refused` for the ledger), `PLAN_MISSING` or `PLAN_UNKNOWN`.
    """
    if params["plan_file"]:
        planned = PlanRecord.verified(Path(params["plan_file"]), params["plan_sha256"]).planned()
    else:
        planned = tuple(Change.from_result(change) for change in params["changes"])
    _refuse_what_is_denied(planned, params["policy"])
    return {"changed": False, "refused": []}


def apply_plan(
    params: Mapping[str, Any], check_mode: bool, warn: Callable[[str], None], log: Callable[[str], None]
) -> dict[str, Any]:
    """Apply the plan and return the result of terraform_apply; the plan file is removed whatever comes of it.

    Raises Failure `PLAN_REFUSED`, `PLAN_MISSING`, `PLAN_UNKNOWN`, `STALE_PLAN`, `STATE_LOCKED`, `STATE_BUCKET_MISSING`,
    `PROVIDER_ERROR`, `TIMEOUT`; after a partial apply with `changed` and `changes` of what was done.
    """
    plan_file = Path(params["plan_file"])
    record = PlanRecord.verified(plan_file, params["plan_sha256"])
    _refuse_what_is_denied(record.planned(), params["policy"])
    if not record.state_exists:
        message = f"The plan of {record.root} was made against an empty state, because its bucket did not exist."
        raise Failure(reason="STATE_BUCKET_MISSING", message=message, hint="Run the bootstrap phase, then plan again.")
    foretold = {
        "root": record.root,
        "provider": record.provider,
        "changed": not record.empty,
        "changes": {word: record.summary[word] for word in COUNTED},
        "diff": difference(record.planned()),
    }
    if check_mode:
        return {**foretold, "applied": [], "outputs": record.outputs, "output_values": plain_values(record.outputs)}
    try:
        finished, steps = _apply(record, plan_file, params, log)
    finally:
        plan_file.unlink(missing_ok=True)
        record_path(plan_file).unlink(missing_ok=True)
    for warning in diagnostics(finished.events, "warning"):
        warn(warning.text)
    if finished.code != 0:
        failure = failure_of("apply", finished.code, finished.events, finished.text)
        failure.facts |= {"root": record.root, "provider": record.provider, **steps.facts()}
        raise failure
    said = [event.fields["outputs"] for event in finished.events if event.type == "outputs"]
    outputs = masked_outputs(said[-1] if said else {}, frozenset())
    return {**foretold, "applied": steps.applied, "outputs": outputs, "output_values": plain_values(outputs)}


def _refuse_what_is_denied(planned: tuple[Change, ...], policy: Mapping[str, Any] | None) -> None:
    refusals = Policy.from_params(policy).judge(planned)
    if refusals:
        failure = refusal_failure(refusals)
        failure.facts["refused"] = [refusal.to_result() for refusal in refusals]
        raise failure


def _apply(
    record: PlanRecord, plan_file: Path, params: Mapping[str, Any], log: Callable[[str], None]
) -> tuple[Finished, Steps]:
    environment, _foreign = terraform_environment(params, Path(record.data_directory))
    terraform = Terraform(record.binary, Path(record.directory), environment)
    steps = Steps(record, log)
    arguments = ["apply", "-json", "-input=false", f"-lock-timeout={params['lock_timeout']}s"]
    arguments += [f"-parallelism={params['parallelism']}", str(plan_file.absolute())]
    with noted(note_path(Path(record.cache), record.state), Path(record.work)):
        journal = Path(record.work) / "apply.jsonl"
        finished = terraform.follow(arguments, log=journal, seconds=params["timeout"], on_event=steps)
    return finished, steps


class Steps:
    """Follow an apply: `applied` lists the steps that are done, and each event is reported with its place."""

    def __init__(self, record: PlanRecord, log: Callable[[str], None]) -> None:
        self.applied: list[dict[str, Any]] = []
        self._root = record.root
        self._total = sum(record.summary[word] * steps for word, steps in STEPS.items())
        self._log = log

    def __call__(self, event: Event) -> None:
        """Take note of one event of terraform."""
        if event.type == "state_lock_acquire":
            report(self._root, "the state lock, which another run holds")
        hook = event.fields.get("hook", {})
        address = hook.get("resource", {}).get("addr", "")
        elapsed = hook.get("elapsed_seconds", 0)
        if event.type == "apply_complete":
            self.applied.append({"address": address, "action": hook["action"], "seconds": elapsed})
            self._log(
                f"{self._root}: {hook['action']} {address} done after {elapsed} s "
                f"({len(self.applied)} of {self._total})"
            )
        if event.type == "apply_errored":
            self._log(f"{self._root}: {hook['action']} {address} failed after {elapsed} s")
        if event.type in ("apply_start", "apply_progress", "apply_complete"):
            report(self._root, f"{hook['action']} {address}, {elapsed} s", len(self.applied), self._total)

    def facts(self) -> dict[str, Any]:
        """Return `{changed, changes, applied}` of what was done before an apply failed."""
        deleted = {step["address"] for step in self.applied if step["action"] == "delete"}
        created = {step["address"] for step in self.applied if step["action"] == "create"}
        changes = {
            "create": len(created - deleted),
            "update": sum(step["action"] == "update" for step in self.applied),
            "replace": len(created & deleted),
            "delete": len(deleted - created),
        }
        return {"changed": bool(self.applied), "changes": changes, "applied": self.applied}

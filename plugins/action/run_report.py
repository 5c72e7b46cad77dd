"""Action that renders a ledger to its HTML page and answers what the run came to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils import _run_directory
from ..plugin_utils._ledger_reader import LedgerError
from ..plugin_utils._report import compose, replace

RUN_VARIABLE = "PRESIDENTIAL_DIGS_RUN"
"""Set by the ledger callback to the directory of the run that is going on."""


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs in the control process, where the ledgers lie."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"ledger", "run", "environment", "runs_directory", "destination", "compare_with"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Render; the result fails with a reason and a hint where there is no ledger to read."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            argument_spec={
                "ledger": {"type": "path"},
                "run": {"type": "str", "default": "current"},
                "environment": {"type": "str"},
                "runs_directory": {"type": "path"},
                "destination": {"type": "path"},
                "compare_with": {"type": "path"},
            }
        )
        try:
            ledger = _ledger(options)
            return self._rendered(ledger, options)
        except (LedgerError, OSError) as error:
            hint = "Give the option ledger a ledger.jsonl, or run one of the runs that .runs/<environment>/ lists."
            failure = {"reason": "LEDGER_UNREADABLE", "message": str(error), "hint": hint}
            return {"failed": True, "changed": False, "msg": str(error), "failure": failure}

    def _rendered(self, ledger: Path, options: dict[str, Any]) -> dict[str, Any]:
        destination = Path(options["destination"] or ledger.parent / _run_directory.REPORT_NAME)
        previous = Path(options["compare_with"]) if options["compare_with"] else None
        summary, page = compose(ledger, destination, previous)
        differs = not destination.is_file() or destination.read_bytes() != page
        if differs and not self._task.check_mode:
            replace(destination, page)
        return {
            "changed": differs and bool(options["destination"]),
            "report": {"path": str(destination), "url": destination.resolve().as_uri(), "size": len(page)},
            "ledger": str(ledger),
            "verdict": summary.verdict,
            "summary": summary.to_result(),
        }


def _ledger(options: dict[str, Any]) -> Path:
    """The ledger that the options mean. Raises FileNotFoundError with a sentence that says what is missing."""
    if options["ledger"]:
        given = Path(options["ledger"])
        return given / _run_directory.LEDGER_NAME if given.is_dir() else given
    current = Path(os.environ[RUN_VARIABLE]) if os.environ.get(RUN_VARIABLE) else None
    if options["run"] == "current":
        if current is None:
            raise FileNotFoundError(
                "this run keeps no ledger: the callback presidential_digs.platform.ledger is not enabled"
            )
        return current / _run_directory.LEDGER_NAME
    return _of_environment(_environment(options, current), options["run"], current) / _run_directory.LEDGER_NAME


def _environment(options: dict[str, Any], current: Path | None) -> Path:
    """The directory that holds the runs of the environment that is meant."""
    if current and not options["environment"] and not options["runs_directory"]:
        return current.parent
    if not options["environment"]:
        raise FileNotFoundError("which environment? Set the option environment, or enable the ledger callback")
    root = Path(options["runs_directory"] or (current.parent.parent if current else ".runs"))
    return root / str(options["environment"])


def _of_environment(environment: Path, wanted: str, current: Path | None) -> Path:
    """The directory of the run called `wanted`; `previous` is the newest that is not the one going on."""
    if wanted != "previous":
        return environment / wanted
    known = [run for run in _run_directory.runs(environment) if current is None or run.resolve() != current.resolve()]
    if not known:
        raise FileNotFoundError(f"{environment}: there is no run before this one")
    return known[-1]

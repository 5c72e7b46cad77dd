"""Run a module inside the task worker: the same result as through AnsiballZ, at a twentieth of the cost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.module_utils.basic import AnsibleModule
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

from ..module_utils._network import warm_up

if TYPE_CHECKING:
    from types import ModuleType

HOOK = "_record_module_result"
"""The method of AnsibleModule that ansible-core >= 2.19.1 calls with a finished result. It is internal: where it is
missing the module takes the ordinary way."""


class InWorkerAction(ActionBase):  # type: ignore[misc]
    """An action that runs the module of the same name.

    Its file calls `action_for` at top level: strategies load action classes before they fork, so the module's imports
    are paid once per run. The module's `main` takes the class to build its `AnsibleModule` from.
    """

    module: ClassVar[ModuleType]

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        way = self._run_here if self.runs_in_worker(variables) else self._run_there
        result = merge_hash(result, way(variables))
        if any(result.get(key) for key in getattr(self.module, "SECRET_RESULTS", ())):
            result["_ansible_no_log"] = True
        return result

    def runs_in_worker(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether this process is where, and as whom, the task asks its module to run."""
        return (
            hasattr(AnsibleModule, HOOK)
            and self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
            and not any(self._task.environment or ())
            and _is_this_python(self._templar.template(task_vars.get("ansible_python_interpreter")))
        )

    def _run_here(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        arguments = plain(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        results: list[dict[str, Any]] = []

        class InWorkerModule(AnsibleModule):  # type: ignore[misc]
            """Takes the task's arguments as they are and hands its result over as an object."""

            def _load_params(self) -> None:
                self.params = arguments

            def _record_module_result(self, o: dict[str, Any]) -> None:
                results.append(o)

        try:
            self.module.main(InWorkerModule)
        except SystemExit as exit_:
            if not results:
                raise RuntimeError(f"{self._task.action} ended ({exit_.code}) without a result") from exit_
        return results[-1]

    def _run_there(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        result: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=wrap_async)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result


def action_for(name: str) -> type[InWorkerAction]:
    """The action class for the action plugin `name` (its `__name__`): it runs the module of the same name."""
    warm_up()
    own_module = import_module(name.replace(".action.", ".modules."))
    return type("ActionModule", (InWorkerAction,), {"module": own_module})


def plain(value: Any) -> Any:
    """A copy without Ansible's tagged types, as AnsiballZ would have delivered it."""
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _is_this_python(interpreter: Any) -> bool:
    """Whether an `ansible_python_interpreter` setting means the Python that runs Ansible.

    Discovery (`auto…`, the default) looks for any Python that can run modules, and this one can.
    """
    if not interpreter:
        return True
    return str(interpreter).startswith("auto") or str(interpreter) == sys.executable

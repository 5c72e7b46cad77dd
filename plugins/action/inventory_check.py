"""Action that refuses a malformed environment before anything is asked of a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.inventory_finding import sentence
from ..plugin_utils.inventory_judgement import home, judge
from ..plugin_utils.inventory_rendering import render
from ..plugin_utils.inventory_schema import read_topics
from ..plugin_utils.inventory_sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

HINT = (
    "Mend the file named first in each line. What Ansible reads: ansible-inventory -i {inventory} --host project --yaml"
)


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs in the control process: it needs the variables as written and the engine that renders them."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"schemas", "prefix"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Judge the inventory; the result fails with one line for each finding."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _result, options = self.validate_argument_spec(
            argument_spec={
                "schemas": {"type": "path", "required": True},
                "prefix": {"type": "str", "default": "platform_"},
            }
        )
        try:
            topics = read_topics(Path(options["schemas"]))
        except FileNotFoundError as error:
            raise AnsibleActionFail(str(error)) from error
        values, unresolved = render(self._templar, variables, options["prefix"])
        inventories = _inventories(variables)
        sources = read_sources(inventories)
        try:
            judged = judge(topics, values, unresolved, sources, options["prefix"])
        except ImportError as error:
            raise AnsibleActionFail(
                f"{error}. Install it into the Python of Ansible: pip install jsonschema"
            ) from error
        findings = [
            finding.located(sources, self._default(topics, inventories, str(finding.path[0]), variables))
            for finding in judged
        ]
        return _refusal(findings, inventories) if findings else _acceptance(values, inventories)

    def _default(self, topics: Any, inventories: list[Path], variable: str, variables: Mapping[str, Any]) -> str:
        """Where to look when no file of the inventory sets `variable`."""
        if variable in variables or not inventories:
            return "extra variables (-e), the environment or a plug-in"
        directory = inventories[0] if inventories[0].is_dir() else inventories[0].parent
        return home(topics, directory, variable)


def _inventories(variables: Mapping[str, Any]) -> list[Path]:
    """The inventory sources that are files, named as seen from the working directory."""
    named = map(Path, variables.get("ansible_inventory_sources") or [])
    return [_from_here(source) for source in named if source.exists()]


def _from_here(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _refusal(findings: list[dict[str, str]], inventories: list[Path]) -> dict[str, Any]:
    lines = [sentence(finding) for finding in findings]
    count = f"{len(lines)} values are refused" if len(lines) > 1 else "1 value is refused"
    hint = HINT.format(inventory=inventories[0] if inventories else "INVENTORY")
    message = f"{count}; no API was called."
    return {
        "failed": True,
        "changed": False,
        "msg": "\n".join([message, *lines, hint]),
        "failure": {"reason": "INVENTORY_REFUSED", "status": None, "message": message, "hint": hint},
        "refused": [
            {"what": f"{finding['key']} = {finding['value']}", "why": f"allowed: {finding['allowed']}", **finding}
            for finding in findings
        ],
        "verdicts": [{"name": "inventory", "verdict": "fail", "evidence": count}],
    }


def _acceptance(values: Mapping[str, Any], inventories: list[Path]) -> dict[str, Any]:
    where = ", ".join(str(inventory) for inventory in inventories)
    evidence = f"{len(values)} values of {where} hold against their schemas and the rules between them"
    return {
        "changed": False,
        "msg": evidence,
        "refused": [],
        "verdicts": [{"name": "inventory", "verdict": "pass", "evidence": evidence}],
    }

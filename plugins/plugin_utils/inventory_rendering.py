"""Render the variables of an environment into plain values, keeping what cannot be rendered beside its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ansible.errors import AnsibleError


class Engine(Protocol):
    """What is needed of Ansible's templating engine."""

    def template(self, variable: Any) -> Any:
        """`variable` with every template in it rendered; raises AnsibleError."""


def render(
    engine: Engine, variables: Mapping[str, Any], prefix: str
) -> tuple[dict[str, Any], dict[str, tuple[Any, str]]]:
    """Rendered variables that begin with `prefix`, and those that cannot be: name to (template, reason)."""
    values: dict[str, Any] = {}
    unresolved: dict[str, tuple[Any, str]] = {}
    for name in sorted(name for name in variables if name.startswith(prefix)):
        try:
            values[name] = plain(engine.template(variables[name]))
        except AnsibleError as error:
            unresolved[name] = (plain(variables[name]), " ".join(str(error).split()))
    return values, unresolved


def plain(value: Any) -> Any:
    """A copy of plain types: Ansible's own carry tags, and render their items only when asked for."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)

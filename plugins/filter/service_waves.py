"""Filter that puts services in the order in which they are rolled out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils.service_graph import CyclicNeeds, waves

DOCUMENTATION = r"""
name: service_waves
short_description: Put services in waves by what they need
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - A service comes in a later wave than all that it needs; the services of a wave can be rolled out side by side.
options:
  _input:
    description: The services by name, each with C(needs).
    type: dict
    required: true
  chosen:
    description: Names to leave in; the order is that of all. Without it all.
    type: list
    elements: str
positional: chosen
"""

EXAMPLES = r"""
- name: Show the order
  ansible.builtin.debug:
    msg: "{{ platform_service_catalog | presidential_digs.platform.service_waves }}"
  # [['auth-service', 'conversation-backend', 'lead-import-service'], ['frontend']]
"""

RETURN = r"""
_value:
  description: Lists of names.
  type: list
"""


def service_waves(catalog: Mapping[str, Any], chosen: list[str] | None = None) -> list[list[str]]:
    """The waves. Raises AnsibleFilterError when services need each other."""
    try:
        return waves(catalog, None if chosen is None else list(chosen))
    except CyclicNeeds as circle:
        raise AnsibleFilterError(f"service_waves: {circle}") from circle


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"service_waves": service_waves}

"""Filter that says who may open a connection to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils.service_graph import reachability

DOCUMENTATION = r"""
name: service_reachability
short_description: Say which service may be reached from where
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Computed from C(needs), C(egress), C(exposure) and C(paths), as the network policies are.
options:
  _input:
    description: The services by name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show who may reach whom
  ansible.builtin.debug:
    msg: "{{ (platform_service_catalog | presidential_digs.platform.service_reachability).allowed }}"
"""

RETURN = r"""
_value:
  description: C(sources), C(targets), and under C(allowed) the targets of each source.
  type: dict
"""


def service_reachability(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """The matrix."""
    return reachability(catalog)


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"service_reachability": service_reachability}

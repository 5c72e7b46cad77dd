"""Filter that lays a JSON merge patch over a mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: merge_patch
short_description: Lay a JSON merge patch (RFC 7396) over a mapping
version_added: 0.2.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Mappings are merged at every depth, anything else is replaced, and V(null) removes the key.
  - P(ansible.builtin.combine#filter) cannot remove, so one alternative could not be put in the place of another.
options:
  _input:
    description: The mapping.
    type: dict
    required: true
  patch:
    description: What is otherwise.
    type: dict
    required: true
positional: patch
"""

EXAMPLES = r"""
- name: An image by reference in the place of one that is built
  ansible.builtin.debug:
    msg: "{{ {'image': {'build': 'workloads/auth-service'}} | presidential_digs.platform.merge_patch(patch) }}"
  vars:
    patch:
      image: {build: null, reference: us-central1-docker.pkg.dev/other/images/auth@sha256:0123}
"""

RETURN = r"""
_value:
  description: A new mapping.
  type: dict
"""


def merge_patch(value: Any, patch: Any) -> dict[str, Any]:
    """`value` with `patch` laid over it. Raises AnsibleFilterError when one of them is no mapping."""
    for name, given in (("value", value), ("patch", patch)):
        if not isinstance(given, Mapping):
            raise AnsibleFilterError(f"merge_patch wants mappings, the {name} is {type(given).__name__}")
    return _merged(value, patch)


def _merged(value: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(value)
    for key, change in patch.items():
        if change is None:
            merged.pop(key, None)
        elif isinstance(change, Mapping):
            before = merged.get(key)
            merged[key] = _merged(before if isinstance(before, Mapping) else {}, change)
        else:
            merged[key] = change
    return merged


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"merge_patch": merge_patch}

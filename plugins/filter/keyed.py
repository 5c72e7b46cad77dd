"""Filter that turns a list of mappings into one mapping, keyed by a field whose value may be a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: keyed
short_description: Turn a list of mappings into a mapping keyed by one of their fields
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Ansible never templates the keys of a mapping, so an inventory keeps what it names by a computed key in a list.
  - This filter makes the mapping that Terraform expects of it. The field that becomes the key is left out of the value.
options:
  _input:
    description: The list.
    type: list
    elements: dict
    required: true
  by:
    description: The field that becomes the key. Every mapping must have it, and no two the same value.
    type: str
    required: true
positional: by
"""

EXAMPLES = r"""
- name: Contacts by mail address
  ansible.builtin.debug:
    msg: "{{ contacts | presidential_digs.platform.keyed('email') }}"
  vars:
    contacts:
      - {email: security@example.com, categories: [SECURITY]}
  # {'security@example.com': {'categories': ['SECURITY']}}
"""

RETURN = r"""
_value:
  description: The mapping, in the order of the list.
  type: dict
"""


def keyed(items: Sequence[Any], by: str) -> dict[str, dict[str, Any]]:
    """Mapping of each item's `by` to the item's other fields.

    Raises AnsibleFilterError when the input is no list of mappings, an item lacks `by`, or two items share its value.
    """
    if isinstance(items, str | Mapping):
        raise AnsibleFilterError(f"keyed wants a list of mappings, found {type(items).__name__}")
    result: dict[str, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, Mapping) or by not in item:
            raise AnsibleFilterError(f"keyed wants mappings that each have the key {by!r}, found {item!r}")
        if item[by] in result:
            raise AnsibleFilterError(f"keyed found {by} = {item[by]!r} twice")
        result[item[by]] = {key: value for key, value in item.items() if key != by}
    return result


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"keyed": keyed}

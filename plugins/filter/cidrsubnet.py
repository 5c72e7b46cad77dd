"""Filter that cuts a range out of a larger one, as Terraform does."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: cidrsubnet
short_description: Cut a range out of a larger one, as Terraform's function of that name does
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - The range is newbits bits longer than the given one and the netnum-th of those.
options:
  _input:
    description: A range in CIDR notation.
    type: str
    required: true
  newbits:
    description: By how many bits the prefix grows.
    type: int
    required: true
  netnum:
    description: Which of them, from 0.
    type: int
    required: true
positional: newbits, netnum
"""

EXAMPLES = r"""
- name: Show the second half
  ansible.builtin.debug:
    msg: "{{ '10.16.0.0/16' | presidential_digs.platform.cidrsubnet(1, 1) }}"
  # 10.16.128.0/17
"""

RETURN = r"""
_value:
  description: The range.
  type: str
"""


def cidrsubnet(cidr: str, newbits: int, netnum: int) -> str:
    """The range. Raises AnsibleFilterError when there is no such one."""
    try:
        network = ipaddress.IPv4Network(cidr)
        length = network.prefixlen + int(newbits)
        first = int(network.network_address) + (int(netnum) << (32 - length))
        cut = ipaddress.IPv4Network((first, length))
    except ValueError as problem:
        raise AnsibleFilterError(f"cidrsubnet({cidr!r}, {newbits}, {netnum}): {problem}") from problem
    if not cut.subnet_of(network):
        raise AnsibleFilterError(f"cidrsubnet({cidr!r}, {newbits}, {netnum}): {cut} is outside")
    return str(cut)


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"cidrsubnet": cidrsubnet}

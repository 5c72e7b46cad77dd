"""Filter that makes the rules of a service's network policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils.network_policies import policy

DOCUMENTATION = r"""
name: service_policy
short_description: Make the rules of a service's network policy
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Lets in who needs the service, the edge where it has paths, and the internet where it is external; lets out to what
    it needs, to names, and to Google and MongoDB where its data says so.
options:
  _input:
    description: The services by name.
    type: dict
    required: true
  name:
    description: The service.
    type: str
    required: true
  network:
    description: Range of the VPC.
    type: str
    required: true
  pods:
    description: The part of the VPC that pods have.
    type: str
    required: true
  mongodb:
    description: Ranges in which databases are.
    type: list
    elements: str
    required: true
positional: name, network, pods, mongodb
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: >-
      {{ platform_service_catalog
         | presidential_digs.platform.service_policy('auth-service', '10.16.0.0/16', '10.16.128.0/17', []) }}
"""

RETURN = r"""
_value:
  description: C(ingress) and C(egress) as in a NetworkPolicy.
  type: dict
"""


def service_policy(
    catalog: Mapping[str, Any], name: str, network: str, pods: str, mongodb: list[str]
) -> dict[str, Any]:
    """The rules."""
    return policy(catalog, name, network, pods, mongodb)


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"service_policy": service_policy}

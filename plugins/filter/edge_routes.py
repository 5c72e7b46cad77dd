"""Filter that says what the edge must know of the services: which host and path leads where, and what is behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: edge_routes
short_description: Turn services into the routes and backends of the edge
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Makes the variables C(hosts) and C(services) of the Terraform root C(edge) from the services of an environment.
  - A service is at the edge when it is not internal and has paths. The one whose paths have V(/) answers what no other
    path takes.
  - The edge asks for health what readiness asks for; a service whose readiness is no HTTP path is healthy when it
    accepts connections.
options:
  _input:
    description: Services by name, as C(platform_service_catalog) has them.
    type: dict
    required: true
  label:
    description: Label of the host in the domain.
    type: str
    required: true
positional: label
"""

EXAMPLES = r"""
- name: What the edge is told
  ansible.builtin.debug:
    msg: "{{ platform_service_catalog | presidential_digs.platform.edge_routes('app') }}"
"""

RETURN = r"""
_value:
  description: C(hosts), the default and the paths by label, and C(services), runtime and health check by name.
  type: dict
"""


def edge_routes(catalog: Mapping[str, Any], label: str) -> dict[str, Any]:
    """`{hosts: {label: {default, services: {name: {paths}}}}, services: {name: {runtime, health_check}}}`.

    Raises AnsibleFilterError when no service, or more than one, has the path `/`.
    """
    if not isinstance(catalog, Mapping):
        raise AnsibleFilterError(f"edge_routes wants services by name, found {type(catalog).__name__}")
    there = {name: each for name, each in catalog.items() if each["exposure"] != "internal" and each["paths"]}
    roots = sorted(name for name, each in there.items() if "/" in each["paths"])
    if len(roots) != 1:
        found = ", ".join(roots) or "none"
        raise AnsibleFilterError(f"edge_routes wants exactly one service with the path /, found {found}")
    routes = {name: _route(each) for name, each in there.items()}
    hosts = {label: {"default": roots[0], "services": {name: each for name, each in routes.items() if each["paths"]}}}
    return {"hosts": hosts, "services": {name: _backend(each) for name, each in there.items()}}


def _route(service: Mapping[str, Any]) -> dict[str, Any]:
    cors = {"cors": service["cors"]} if service.get("cors") else {}
    return {"paths": [path.rstrip("/") for path in service["paths"] if path != "/"], **cors}


def _backend(service: Mapping[str, Any]) -> dict[str, Any]:
    path = (service.get("probes") or {}).get("readiness", {}).get("http")
    return {"runtime": service["runtime"], "health_check": {"path": path} if path else {}}


class FilterModule:
    """The names under which Ansible finds the filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"edge_routes": edge_routes}

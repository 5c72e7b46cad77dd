"""PRIVATE to the collection: the options that the modules for Kubernetes share, each written once."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback

from ._spec import argument_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

CLUSTER_SPEC: Mapping[str, dict[str, Any]] = {
    "project": {"type": "str"},
    "location": {"type": "str"},
    "cluster": {"type": "str"},
    "endpoint": {"type": "str", "choices": ["ip", "dns"]},
    "kubeconfig": {"type": "path", "fallback": (env_fallback, ["PRESIDENTIAL_DIGS_KUBECONFIG"]), "no_log": False},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "cluster_ca_certificate": {"type": "str"},
}
"""Which cluster: by its name at Google, by a kubeconfig, or by its address. A kubeconfig goes before a name."""

NAMESPACE_SPEC: Mapping[str, dict[str, Any]] = {"namespace": {"type": "str", "required": True}}

ROLLOUT_WAIT_SPEC: Mapping[str, dict[str, Any]] = {
    "wait_timeout": {"type": "int", "default": 300},
    "failed_probes": {"type": "int", "default": 15},
    "unschedulable_timeout": {"type": "int", "default": 60},
    "log_lines": {"type": "int", "default": 20},
}
"""What a rollout is given: seconds, failed probes of one container, seconds without a node, and lines of its log."""


def cluster_argument_spec(**own: Any) -> dict[str, Any]:
    """The argument specification of a module that talks to a cluster: authentication, the cluster, its own options."""
    return argument_spec(**deepcopy({**CLUSTER_SPEC, **own}))

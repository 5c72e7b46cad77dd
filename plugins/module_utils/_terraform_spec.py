"""PRIVATE to the collection: the options that the terraform modules share, each written once."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ._plan_policy import DENIABLE_ACTIONS
from ._spec import argument_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

STATE_PLACE_SPEC: Mapping[str, dict[str, Any]] = {
    "state_bucket": {"type": "str"},
    "state_prefix": {"type": "str"},
    "state_file": {"type": "path"},
    "cache_directory": {"type": "path"},
}
"""Where the state is, and where this checkout keeps what several runs share."""

RUN_SPEC: Mapping[str, dict[str, Any]] = {
    "timeout": {"type": "int", "default": 3600},
    "lock_timeout": {"type": "int", "default": 60},
    "parallelism": {"type": "int", "default": 10},
    "sensitive_variables": {"type": "dict", "no_log": True},
}
"""How a command of terraform is run; times in seconds."""

ROOT_SPEC: Mapping[str, dict[str, Any]] = {
    **STATE_PLACE_SPEC,
    **RUN_SPEC,
    "root": {"type": "path", "required": True},
    "work_directory": {"type": "path", "required": True},
    "binary": {"type": "path"},
    "variables": {"type": "dict"},
    "protect": {"type": "bool"},
    "targets": {"type": "list", "elements": "str", "default": []},
}

POLICY_SPEC: Mapping[str, Any] = {
    "type": "dict",
    "options": {
        "deny": {
            "type": "list",
            "elements": "str",
            "choices": list(DENIABLE_ACTIONS),
            "default": ["delete", "replace"],
        },
        "allow": {"type": "list", "elements": "str", "default": []},
        "inventory_key": {"type": "str", "default": "policy.allow", "no_log": False},
    },
}

SAVED_PLAN_SPEC: Mapping[str, dict[str, Any]] = {
    "plan_file": {"type": "path", "required": True},
    "plan_sha256": {"type": "str", "required": True},
}

STATE_RULES: Mapping[str, Any] = {
    "mutually_exclusive": [("state_bucket", "state_file")],
    "required_one_of": [("state_bucket", "state_file")],
    "required_together": [("state_bucket", "state_prefix")],
}


def root_argument_spec(**own: Any) -> dict[str, Any]:
    """The argument specification of a module that opens a root: authentication, the shared options and its own."""
    return argument_spec(**deepcopy({**ROOT_SPEC, **own}))

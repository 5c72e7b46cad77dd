"""PRIVATE to the collection: option names and types that several modules share, each written once."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTH_KINDS = (
    "application",
    "service_account_file",
    "impersonation",
    "workload_identity_federation",
    "access_token",
)

AUTH_SPEC: Mapping[str, dict[str, Any]] = {
    "auth_kind": {
        "type": "str",
        "choices": list(AUTH_KINDS),
        "fallback": (env_fallback, ["PRESIDENTIAL_DIGS_AUTH_KIND"]),
    },
    "access_token": {
        "type": "str",
        "no_log": True,
        "fallback": (env_fallback, ["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"]),
    },
    "service_account_file": {
        "type": "path",
        "fallback": (env_fallback, ["GCP_SERVICE_ACCOUNT_FILE"]),
    },
    "impersonate_service_account": {
        "type": "str",
        "fallback": (env_fallback, ["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"]),
    },
    "workload_identity_file": {
        "type": "path",
        "fallback": (env_fallback, ["GOOGLE_GHA_CREDS_PATH"]),
    },
    "quota_project": {
        "type": "str",
        "fallback": (env_fallback, ["GOOGLE_CLOUD_QUOTA_PROJECT", "GOOGLE_BILLING_PROJECT"]),
    },
    "proxy": {
        "type": "str",
        "fallback": (env_fallback, ["HTTPS_PROXY", "https_proxy"]),
    },
    "ca_certificates": {
        "type": "path",
        "fallback": (env_fallback, ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"]),
    },
    "retry_timeout": {"type": "int", "default": 120},
}
"""How to reach and to authenticate against Google. `retry_timeout` is in seconds, for one call."""

WAIT_SPEC: Mapping[str, dict[str, Any]] = {
    "wait_timeout": {"type": "int", "default": 300},
    "wait_interval": {"type": "float", "default": 1.0},
}
"""Deadline of a wait and the pause between two looks, both in seconds."""

STATE_SPEC: Mapping[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def argument_spec(**own: Any) -> dict[str, Any]:
    """The argument specification of a module that talks to Google: `AUTH_SPEC` and the module's own options."""
    clash = sorted(set(AUTH_SPEC) & set(own))
    if clash:
        raise ValueError(f"options defined twice: {', '.join(clash)}")
    return deepcopy({**AUTH_SPEC, **own})

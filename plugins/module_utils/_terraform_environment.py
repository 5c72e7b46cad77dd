"""PRIVATE to the collection: the environment of terraform: what it inherits, what it must not, and who it acts as."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Variables that would change what a root does without the inventory knowing; dropped with a warning that names them.
FOREIGN = re.compile(r"^TF_(VAR_.+|CLI_ARGS(_.+)?|WORKSPACE|DATA_DIR|STATE_PERSIST_INTERVAL)$")
# Logs of terraform hold requests with tokens; they go only where the operator names a file for them.
LOGGING = re.compile(r"^TF_LOG(_CORE|_PROVIDER.*)?$")

SETTINGS: Mapping[str, str] = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}

# An option and the variables by which hashicorp/google and the gcs backend learn the same
# (google/provider/provider.go of the provider, internal/backend/remote-state/gcs/backend.go of terraform).
CREDENTIAL_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "access_token": ("GOOGLE_OAUTH_ACCESS_TOKEN",),
    "service_account_file": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "workload_identity_file": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "impersonate_service_account": ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT"),
}
REACH_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "quota_project": ("GOOGLE_BILLING_PROJECT",),
    "proxy": ("HTTPS_PROXY",),
    "ca_certificates": ("SSL_CERT_FILE",),
}
# Which option a kind of authentication reads. `application` reads none: terraform finds the default credentials itself.
OPTIONS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "application": (),
    "service_account_file": ("service_account_file",),
    "impersonation": tuple(CREDENTIAL_VARIABLES),
    "workload_identity_federation": ("workload_identity_file",),
    "access_token": ("access_token",),
}
# All that could outrank the credentials asked for.
OUTRANKING_VARIABLES = (
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_BACKEND_CREDENTIALS",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
    "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
)


def terraform_environment(params: Mapping[str, Any], data_directory: Path) -> tuple[dict[str, str], list[str]]:
    """Return the environment for terraform and the names of the inherited variables that were left out of it."""
    inherited = dict(os.environ)
    foreign = sorted(name for name in inherited if FOREIGN.match(name))
    if "TF_LOG_PATH" not in inherited:
        foreign += sorted(name for name in inherited if LOGGING.match(name))
    kept = {name: value for name, value in inherited.items() if name not in foreign}
    kept |= {**SETTINGS, "TF_DATA_DIR": str(data_directory)}
    _authenticate(kept, params)
    for name, value in (params.get("sensitive_variables") or {}).items():
        kept[f"TF_VAR_{name}"] = variable_text(value)
    return kept, foreign


def variable_text(value: Any) -> str:
    """Return a value as terraform reads it from TF_VAR_…: texts as they are, everything else as an expression.

    JSON is such an expression, but for `${` and `%{`, which would begin a template in it.
    """
    if isinstance(value, str):
        return str(value)
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _authenticate(environment: dict[str, str], params: Mapping[str, Any]) -> None:
    kind = params.get("auth_kind")
    if kind:
        for name in OUTRANKING_VARIABLES:
            environment.pop(name, None)
    for option in OPTIONS_OF_KIND[kind] if kind else CREDENTIAL_VARIABLES:
        _set(environment, CREDENTIAL_VARIABLES[option], params.get(option))
    for option, names in REACH_VARIABLES.items():
        _set(environment, names, params.get(option))
    if params.get("quota_project"):
        environment["USER_PROJECT_OVERRIDE"] = "true"
    if params.get("proxy"):
        environment.setdefault("NO_PROXY", "localhost,127.0.0.0/8")


def _set(environment: dict[str, str], names: tuple[str, ...], value: str | None) -> None:
    if value:
        environment.update(dict.fromkeys(names, value))

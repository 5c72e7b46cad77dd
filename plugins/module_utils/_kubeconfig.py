"""PRIVATE to the collection: read one context of a kubeconfig file, the credentials of an exec plugin included."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._failure import Failure, invalid

try:
    import yaml
except ImportError as error:
    MISSING_YAML: ImportError | None = error
else:
    MISSING_YAML = None

# Seconds. A plugin may ask a person to sign in; nobody is there.
EXEC_TIMEOUT = 60


@dataclass
class User:
    """Who asks. Exactly one of a token, a file with one, a command that gives one, and a certificate is used."""

    given_token: str = field(default="", repr=False)
    token_file: str = ""
    command: dict[str, Any] = field(default_factory=dict, repr=False)
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)

    def token(self) -> str:
        """The bearer token, empty without one."""
        if not self.given_token and self.token_file:
            self.given_token = Path(self.token_file).read_text(encoding="utf-8").strip()
        if not self.given_token and self.command:
            self.given_token = _told_by(self.command)
        return self.given_token


@dataclass(frozen=True)
class Context:
    """A context: its cluster and its user."""

    name: str
    address: str
    user: User
    authority: str = ""
    proxy: str = ""
    without_verification: bool = False


def read_kubeconfig(path: Path, name: str) -> Context:
    """The context `name` of a file, the current one when empty. Raises Failure naming what the file lacks."""
    if MISSING_YAML is not None:
        raise Failure("LIBRARY_MISSING", f"A kubeconfig needs PyYAML: {MISSING_YAML}.", hint="Install PyYAML.")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise Failure("INVALID_OPTION", f"kubeconfig: {path} cannot be read: {problem.strerror}.") from problem
    except yaml.YAMLError as problem:
        raise Failure("INVALID_OPTION", f"kubeconfig: {path} is not YAML.") from problem
    if not isinstance(document, dict):
        raise Failure("INVALID_OPTION", f"kubeconfig: {path} is no mapping.")
    chosen = name or str(document.get("current-context") or "")
    context = _named(document, "contexts", "context", chosen, "context")
    cluster = _named(document, "clusters", "cluster", str(context.get("cluster", "")), f"kubeconfig {path}")
    user = _named(document, "users", "user", str(context.get("user", "")), f"kubeconfig {path}")
    return Context(
        name=chosen,
        address=str(cluster.get("server", "")).rstrip("/"),
        user=User(
            given_token=str(user.get("token") or ""),
            token_file=_beside(path, user.get("tokenFile")),
            command=dict(user.get("exec") or {}),
            certificate=_inline_or_file(path, user, "client-certificate"),
            private_key=_inline_or_file(path, user, "client-key"),
        ),
        authority=_inline_or_file(path, cluster, "certificate-authority"),
        proxy=str(cluster.get("proxy-url") or ""),
        without_verification=bool(cluster.get("insecure-skip-tls-verify")),
    )


def _named(document: dict[str, Any], listed: str, key: str, name: str, option: str) -> dict[str, Any]:
    entries = {str(entry.get("name")): entry.get(key) or {} for entry in document.get(listed) or ()}
    if name not in entries:
        raise invalid(option, name, f"one of {listed}: {', '.join(sorted(entries)) or 'there is none'}")
    return dict(entries[name])


def _beside(kubeconfig: Path, file: Any) -> str:
    """A path in a kubeconfig is relative to the kubeconfig."""
    return str(kubeconfig.parent / str(file)) if file else ""


def _inline_or_file(path: Path, entry: dict[str, Any], key: str) -> str:
    if entry.get(f"{key}-data"):
        return base64.b64decode(entry[f"{key}-data"]).decode("ascii")
    return Path(_beside(path, entry[key])).read_text(encoding="ascii") if entry.get(key) else ""


def _told_by(command: dict[str, Any]) -> str:
    """The token that an exec plugin (client.authentication.k8s.io) prints."""
    arguments = [str(command.get("command", "")), *map(str, command.get("args") or ())]
    own = {str(pair["name"]): str(pair["value"]) for pair in command.get("env") or ()}
    asked = {"apiVersion": command.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    try:
        done = subprocess.run(
            arguments,
            env={**os.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(asked)},
            capture_output=True,
            text=True,
            timeout=EXEC_TIMEOUT,
            check=False,
        )
        return str(json.loads(done.stdout)["status"]["token"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as problem:
        message = f"The command {arguments[0]!r} of the kubeconfig gave no token ({type(problem).__name__})."
        hint = str(command.get("installHint") or "Run it by hand to see what it says.")
        raise Failure("CREDENTIALS_REFUSED", message, hint=hint) from problem

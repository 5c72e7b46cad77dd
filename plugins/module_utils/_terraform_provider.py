"""PRIVATE to the collection: which provider a plan used: the registry's, an attached stand-in, a developer's build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ._terraform_root import LOCK_FILE, hcl_blocks
from ._terraform_ui import Event, diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

BUILT_IN = "terraform.io/builtin/"
OVERRIDE_WARNING = "Provider development overrides are in effect"

# Set by `python -m local_cloud env` beside TF_REATTACH_PROVIDERS.
STAND_IN_VERSION_VARIABLE = "PRESIDENTIAL_DIGS_PROVIDER_VERSION"


def provider_of(
    sources: Iterable[str], environment: Mapping[str, str], directory: Path, events: Iterable[Event]
) -> dict[str, str | None]:
    """Return `{kind, source, version}` of the first provider that is not part of terraform itself.

    `kind` is `stand-in` when the provider is attached through TF_REATTACH_PROVIDERS, `development` under dev_overrides,
    `registry` otherwise, and `built-in` when the root needs no other.
    """
    source = next((name for name in sources if not name.startswith(BUILT_IN)), None)
    if source is None:
        return {"kind": "built-in", "source": f"{BUILT_IN}terraform", "version": None}
    if _is_attached(source, environment):
        return {"kind": "stand-in", "source": source, "version": _version_stood_in_for(source, environment)}
    if any(item.summary == OVERRIDE_WARNING for item in diagnostics(events, "warning")):
        return {"kind": "development", "source": source, "version": None}
    return {"kind": "registry", "source": source, "version": _locked_version(source, directory)}


def _version_stood_in_for(source: str, environment: Mapping[str, str]) -> str | None:
    """The variable is hashicorp/google's; any other provider has its own, with its name at the end."""
    if source.endswith("hashicorp/google"):
        return environment.get(STAND_IN_VERSION_VARIABLE)
    return environment.get(f"{STAND_IN_VERSION_VARIABLE}_{source.rpartition('/')[2].upper()}")


def _is_attached(source: str, environment: Mapping[str, str]) -> bool:
    attached: Mapping[str, Any] = json.loads(environment.get("TF_REATTACH_PROVIDERS") or "{}")
    return any(source == name or source.endswith(f"/{name}") for name in attached)


def _locked_version(source: str, directory: Path) -> str | None:
    lock_file = directory / LOCK_FILE
    if not lock_file.exists():
        return None
    blocks = hcl_blocks(lock_file.read_text(encoding="utf-8"))
    return next((b.attributes.get("version") for b in blocks if b.type == "provider" and b.label == source), None)

"""What a role contains: predefined roles as patterns in roles.yml, custom roles from the IAM profile."""

from __future__ import annotations

import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from local_cloud.emulator.permissions import naming

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator

_PREDEFINED = Path(__file__).parent / "roles.yml"


class Roles:
    """Roles by name, as sets of permissions (predefined ones spelled out over every permission that the emulator
    knows)."""

    def __init__(self, emulator: Emulator) -> None:
        """Custom roles come from `emulator`'s store."""
        self._emulator = emulator

    @cached_property
    def _patterns(self) -> dict[str, list[str]]:
        loaded: dict[str, list[str]] = yaml.safe_load(_PREDEFINED.read_text(encoding="utf-8"))
        return loaded

    @cached_property
    def _spelled_out(self) -> dict[str, frozenset[str]]:
        return {role: frozenset(self._matching(patterns)) for role, patterns in self._patterns.items()}

    def _matching(self, patterns: list[str]) -> set[str]:
        """A leading `!` takes away what an earlier pattern gave."""
        held: set[str] = set()
        for pattern in patterns:
            found = set(fnmatch.filter(self.known(), pattern.removeprefix("!")))
            held = held - found if pattern.startswith("!") else held | found
        return held

    def known(self) -> frozenset[str]:
        """Every permission that some served method needs."""
        return self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        from local_cloud.emulator.engine import VERBS

        found: set[str] = set()
        for profile in self._emulator.profiles.values():
            for version in profile.versions:
                document = self._emulator.routes.document(profile.api, version)
                found |= naming.served(profile, iter(document.methods.values()), VERBS)
        return frozenset(found)

    def predefined(self) -> list[str]:
        """Names of the predefined roles."""
        return sorted(self._patterns)

    def permissions_of(self, role: str) -> frozenset[str] | None:
        """The permissions of a role, or None when it does not exist or is deleted."""
        if role.startswith("roles/"):
            return self._spelled_out.get(role)
        stored = self._emulator.store.get("iam", role)
        if stored is None or stored.body.get("stage") == "DISABLED":
            return None
        return frozenset(stored.body.get("includedPermissions", []))

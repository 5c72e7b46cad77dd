"""The second gate: may this caller do this here, and is there quota left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator


class Access:
    """Permissions of callers on resources."""

    def __init__(self, emulator: Emulator) -> None:
        """Permissions are computed from the policies in `emulator`'s store."""
        self._emulator = emulator

    def require(self, call: Call) -> None:
        """ApiError 403 when the mode is `enforce` and the caller lacks a permission the method needs."""

    def quota(self, call: Call) -> None:
        """ApiError 403 or 429 when the call would go over a quota."""

    def held(self, call: Call, permissions: Sequence[str]) -> list[str]:
        """Those of `permissions` that the caller has on the resource in the path."""
        return list(permissions)

    def permissions_of(self, role: str) -> frozenset[str] | None:
        """The permissions of a role, or None when there is no such role."""
        return None

    def predefined_roles(self) -> list[str]:
        """Names of the predefined roles this cloud knows."""
        return []

    def known_permissions(self) -> frozenset[str]:
        """Every permission that some predefined role has."""
        return frozenset()

"""PRIVATE to the collection: the one exception that modules raise for what an operator can act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Failure(Exception):
    """What failed, on what, why, and what to do next.

    `reason` is the API's own word where there is one (`SERVICE_DISABLED`, `conditionNotMet`), else one of ours in
    the same spelling (`INVALID_OPTION`, `WAIT_TIMEOUT`, `CONNECTION_FAILED`). `status` is the HTTP status, or None
    when no answer came. `request` names the call (`GET https://host/path`), never its body. `facts` are further
    result keys a module wants to hand over with the failure, for example the last object it observed.
    """

    reason: str
    message: str
    status: int | None = None
    hint: str = ""
    request: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def to_result(self) -> dict[str, Any]:
        """The value of a result's `failure` key (docs/architecture.md §3)."""
        return {
            "reason": self.reason,
            "status": self.status,
            "message": self.message,
            "hint": self.hint,
            "request": self.request,
        }


def invalid(option: str, found: object, allowed: str) -> Failure:
    """A refusal of an option's value, before any call was made; `found` must not be a secret."""
    return Failure("INVALID_OPTION", f"{option}: {found!r} is not allowed. Allowed: {allowed}.")

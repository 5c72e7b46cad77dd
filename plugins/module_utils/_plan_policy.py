"""PRIVATE to the collection: plan policy as data: actions that a plan may not take, and the addresses excepted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._terraform_plan import Change

# What may be denied; reading and doing nothing need no permission.
DENIABLE_ACTIONS = ("create", "update", "replace", "delete", "forget")

# What each action does, in words for the operator.
DEEDS: Mapping[str, str] = {
    "create": "created",
    "update": "changed in place",
    "replace": "destroyed and created again",
    "delete": "destroyed",
    "forget": "dropped from state and left without an owner",
}

REPLACEMENT_PATHS_SHOWN = 3


@dataclass(frozen=True)
class Policy:
    """`deny` lists actions, `allow` address globs they do not hold for, `inventory_key` where `allow` is written."""

    deny: tuple[str, ...]
    allow: tuple[str, ...]
    inventory_key: str

    @classmethod
    def from_params(cls, params: Mapping[str, Any] | None) -> Policy:
        """Build from the `policy` option; without one everything is allowed."""
        if params is None:
            return cls(deny=(), allow=(), inventory_key="policy.allow")
        return cls(tuple(params["deny"]), tuple(params["allow"]), params["inventory_key"])

    def judge(self, changes: Iterable[Change]) -> list[Refusal]:
        """Return one refusal for every change that a denied action makes to an address that is not excepted."""
        return [
            Refusal(change.address, change.action, f"deny: {change.action}", self.inventory_key, change.replace_paths)
            for change in changes
            if change.action in self.deny and not any(matches(glob, change.address) for glob in self.allow)
        ]


@dataclass(frozen=True)
class Refusal:
    """One change that the policy does not let through."""

    address: str
    action: str
    rule: str
    inventory_key: str
    replace_paths: tuple[str, ...]

    def to_result(self) -> dict[str, str]:
        """Return the entry of `refused` that the ledger keeps."""
        return {
            "what": f"{self.action} {self.address}",
            "why": f"{self.address} would be {DEEDS[self.action]}{self._because()}; rule {self.rule!r}",
            "address": self.address,
            "action": self.action,
            "rule": self.rule,
            "hint": f"to allow it, add {self.address!r} to {self.inventory_key}",
        }

    def _because(self) -> str:
        shown = ", ".join(self.replace_paths[:REPLACEMENT_PATHS_SHOWN])
        return f" (because {shown} cannot be changed in place)" if shown else ""


def refusal_failure(refusals: list[Refusal]) -> Failure:
    """Return the failure `PLAN_REFUSED` that names every address, action and rule, and the key that would allow it."""
    lines = [refusal.to_result()["why"] for refusal in refusals]
    addresses = ", ".join(repr(refusal.address) for refusal in refusals)
    return Failure(
        reason="PLAN_REFUSED",
        message=f"The plan policy refuses {len(refusals)} of the planned changes: " + "; ".join(lines) + ".",
        hint=f"If this is meant, add to {refusals[0].inventory_key} in the inventory of this environment: {addresses}.",
    )


def matches(glob: str, address: str) -> bool:
    """Tell whether a resource address matches; only `*` and `?` are special, since brackets are part of addresses."""
    pattern = re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, address) is not None

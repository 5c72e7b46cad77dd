"""What secrets do beyond their data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values


def secret_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """Automatic replication that says nothing more is a block all the same."""
    replication = answer.get("replication") or {}
    if replication.get("automatic") != {}:
        return answer
    return {**answer, "replication": {"automatic": {"customerManagedEncryption": None}}}

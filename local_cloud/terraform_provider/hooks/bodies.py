"""What an encoder is told about the request it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values


@dataclass(frozen=True)
class Writing:
    """One resource being created or updated: `verb` is `create` or `update`, `prior` None while it is created."""

    verb: str
    state: Values
    prior: Values | None
    changed: frozenset[str]
    engine: Engine


def unchanged(body: dict[str, Any], _state: Values, _writing: Writing) -> dict[str, Any]:
    """The body as the specification makes it."""
    return body

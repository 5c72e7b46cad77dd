"""An environment as shell lines."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Only set when the stand-in serves Terraform, and to be unset otherwise.
REATTACH = "TF_REATTACH_PROVIDERS"


def exports(variables: Mapping[str, str]) -> str:
    """Lines for `eval`."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    if REATTACH not in variables:
        lines.append(f"unset {REATTACH}")
    return "\n".join(lines)

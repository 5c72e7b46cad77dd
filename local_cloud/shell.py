"""An environment as shell lines."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Only set when the stand-in serves Terraform, and to be unset otherwise.
REATTACH = "TF_REATTACH_PROVIDERS"
STAND_IN_VERSION = "PRESIDENTIAL_DIGS_PROVIDER_VERSION"
ATLAS_STAND_IN_VERSION = f"{STAND_IN_VERSION}_MONGODBATLAS"


def exports(variables: Mapping[str, str]) -> str:
    """Lines for `eval`."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines += [f"unset {name}" for name in (STAND_IN_VERSION, ATLAS_STAND_IN_VERSION, REATTACH) if name not in variables]
    return "\n".join(lines)

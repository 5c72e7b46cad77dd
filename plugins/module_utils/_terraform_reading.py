"""PRIVATE to the collection: read the outputs of a root from its state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._terraform_plan import masked_outputs, plain_values
from ._terraform_session import Backend, open_session, state_is_there

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_outputs(params: Mapping[str, Any], hidden_by_task: bool) -> dict[str, Any]:
    """Return the result of terraform_output; `hidden_by_task` says that the task has `no_log`.

    Raises Failure `REVEAL_NEEDS_NO_LOG`, `OUTPUT_UNKNOWN` and what init may say.
    """
    revealed = frozenset(params["reveal"])
    if revealed and not hidden_by_task:
        raise Failure(
            reason="REVEAL_NEEDS_NO_LOG",
            message=f"The outputs {', '.join(sorted(revealed))} would be printed by this task.",
            hint="Set no_log: true on the task that reveals them.",
        )
    if not state_is_there(params):
        backend = Backend.from_params(params)
        return _answer(params, {}, {"backend": backend.type, "location": backend.location, "exists": False})
    session = open_session(params)
    document = json.loads(session.terraform.capture(["output", "-json"], seconds=params["timeout"]))
    unknown = sorted(revealed - set(document))
    if unknown:
        raise Failure(
            reason="OUTPUT_UNKNOWN",
            message=f"Root {session.root.name} has no output {', '.join(unknown)}.",
            hint=f"Its state has: {', '.join(sorted(document)) or 'none'}.",
        )
    return _answer(params, masked_outputs(document, revealed), session.state)


def _answer(params: Mapping[str, Any], outputs: dict[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    values = plain_values(outputs) | {name: outputs[name]["value"] for name in params["reveal"] if name in outputs}
    return {"changed": False, "outputs": outputs, "output_values": values, "state": dict(state)}

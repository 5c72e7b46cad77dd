"""PRIVATE to the collection: run a module's function and turn what it returns or raises into a result, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ._failure import Failure
from ._masking import masked, masked_diff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule, function: Callable[[AnsibleModule], Mapping[str, Any]]) -> NoReturn:
    """Exit the module with the result of `function(module)`: `{changed, diff: {before, after}, <noun>: …}`.

    `diff` is masked here, by key names and by every no_log value. A `Failure` becomes `msg` and `failure`; its
    `facts` become further result keys. Any other exception is a fault of ours and is reported as one.
    """
    result: dict[str, Any] = {}
    try:
        result.update(function(module))
    except Failure as failure:
        module.fail_json(msg=str(failure), failure=failure.to_result(), **failure.facts)
    except Exception as problem:  # noqa: BLE001  (the boundary: this too must be a masked, structured result)
        module.fail_json(msg=f"Unforeseen error in {module._name}.", exception=problem, failure=_unforeseen(problem))
    secrets = {str(value) for value in module.no_log_values}
    if "diff" in result:
        result["diff"] = masked_diff(result["diff"]["before"], result["diff"]["after"], secrets)
    result.setdefault("changed", False)
    module.exit_json(**result)
    raise AssertionError("exit_json returned")


def _unforeseen(problem: Exception) -> dict[str, Any]:
    return Failure(
        "UNFORESEEN",
        f"{type(problem).__name__}: {masked(str(problem))}",
        hint="This is a fault of the module: report it with the output of -vvv.",
    ).to_result()

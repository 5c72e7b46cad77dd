"""What repositories do beyond their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]


def repository_body(body: Body, _state: Values, _writing: Writing) -> Body:
    """Cleanup policies are an object by id in the API."""
    policies = body.get("cleanupPolicies")
    if policies:
        body["cleanupPolicies"] = {
            policy["id"]: {key: value for key, value in policy.items() if key != "id"} for policy in policies
        }
    elif policies is not None:
        body["cleanupPolicies"] = {}
    return body


def repository_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """Cleanup policies are blocks with an id in the state."""
    policies = answer.get("cleanupPolicies") or {}
    return {**answer, "cleanupPolicies": [{"id": name, **policy} for name, policy in policies.items()]}

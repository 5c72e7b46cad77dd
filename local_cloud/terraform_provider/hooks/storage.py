"""What buckets do beyond their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.normalisations import last_segment
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]
# Conditions that mean something when they are 0: condition field -> the argument that says so.
ZERO_CONDITIONS: Final = {
    "age": "send_age_if_zero",
    "daysSinceCustomTime": "send_days_since_custom_time_if_zero",
    "daysSinceNoncurrentTime": "send_days_since_noncurrent_time_if_zero",
    "numNewerVersions": "send_num_newer_versions_if_zero",
}
# Removing one of these from the configuration clears it in the API.
CLEARED: Final = {
    "retention_policy": "retentionPolicy",
    "cors": "cors",
    "logging": "logging",
    "encryption": "encryption",
    "rpo": "rpo",
}
ACCESS: Final = frozenset({"uniform_bucket_level_access", "public_access_prevention"})


def bucket_body(body: Body, state: Values, writing: Writing) -> Body:
    """Access settings go together, conditions of 0 are sent on request, removed settings as null."""
    creating = writing.verb == "create"
    if creating or writing.changed & ACCESS:
        body["iamConfiguration"] = _access(state)
    if creating or "lifecycle_rule" in writing.changed:
        _send_zero_conditions(body, state)
    if creating:
        body.get("retentionPolicy", {}).pop("isLocked", None)
        return body
    for name, field in CLEARED.items():
        if name in writing.changed and field not in body:
            body[field] = None
    if "autoclass" in writing.changed and "autoclass" not in body:
        body["autoclass"] = {"enabled": False}
    for name, field, value in (
        ("requester_pays", "billing", {"requesterPays": False}),
        ("default_event_based_hold", "defaultEventBasedHold", False),
        ("lifecycle_rule", "lifecycle", {"rule": []}),
    ):
        if name in writing.changed:
            body.setdefault(field, value)
    if "effective_labels" in writing.changed:
        _clear_labels(body, writing)
    return body


def _access(state: Values) -> Body:
    access: Body = {"uniformBucketLevelAccess": {"enabled": state.get("uniform_bucket_level_access") is True}}
    prevention = state.get("public_access_prevention")
    if prevention and prevention is not UNKNOWN:
        access["publicAccessPrevention"] = prevention
    return access


def _send_zero_conditions(body: Body, state: Values) -> None:
    rules = state.get("lifecycle_rule") or ()
    for sent, rule in zip((body.get("lifecycle") or {}).get("rule") or (), rules, strict=True):
        condition = rule["condition"][0]
        for field, argument in ZERO_CONDITIONS.items():
            if condition.get(argument) is True:
                sent.setdefault("condition", {}).setdefault(field, 0)


def _clear_labels(body: Body, writing: Writing) -> None:
    """In a patch a label goes away only when it is null."""
    before = (writing.prior or {}).get("effective_labels") or {}
    after = writing.state.get("effective_labels") or {}
    gone = {key: None for key in before if key not in after}
    body["labels"] = {**after, **gone} or None


def bucket_answer(answer: Mapping[str, Any], before: Values) -> Mapping[str, Any]:
    """What the API leaves out or spells differently."""
    access = answer.get("iamConfiguration") or {}
    return {
        **answer,
        "iamConfiguration": access,
        "objectRetention": {"enabled": (answer.get("objectRetention") or {}).get("mode") == "Enabled"},
        "hierarchicalNamespace": answer.get("hierarchicalNamespace") or {"enabled": False},
        "url": f"gs://{last_segment(str(answer.get('name') or before['name']))}",
    }

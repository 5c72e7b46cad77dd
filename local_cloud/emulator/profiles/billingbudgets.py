"""Billing Budgets: budgets of a billing account with thresholds and recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profile import Body, Profile, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets#thresholdrule
_LARGEST_THRESHOLD = 100.0


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    for rule in wanted.get("thresholdRules", []):
        percent = rule.get("thresholdPercent", 0)
        if not 0 <= percent <= _LARGEST_THRESHOLD:
            raise invalid(
                f"Request contains an invalid argument: thresholdPercent {percent} is not between 0 and"
                f" {_LARGEST_THRESHOLD:g}."
            )
    if not wanted.get("amount"):
        raise invalid("Request contains an invalid argument: a budget needs an amount.")


def _rules(call: Call, body: Body) -> Body:
    """Every threshold has a basis; a topic's notifications have a schema version."""
    for rule in body.get("thresholdRules", []):
        rule.setdefault("spendBasis", "CURRENT_SPEND")
    return body


def _credit_types(call: Call, body: Body) -> str | None:
    period = (body.get("budgetFilter") or {}).get("creditTypes")
    return None if period else "INCLUDE_ALL_CREDITS"


def _period(call: Call, body: Body) -> str | None:
    return None if (body.get("budgetFilter") or {}).get("customPeriod") else "MONTH"


PROFILE = Profile(
    permission_prefix="billing",
    api="billingbudgets",
    versions=("v1", "v1beta1"),
    enablement="consumer",
    types=(
        ResourceType(
            "billingAccounts.budgets",
            id_source="uuid",
            defaults={"budgetFilter.creditTypesTreatment": _credit_types, "budgetFilter.calendarPeriod": _period},
            check=_check,
            before_write=_rules,
            not_found='budget "{name}" not found',
            keep_zero=("amount.lastPeriodAmount",),
        ),
    ),
)

"""PRIVATE to the collection: which billing account pays for a project (Cloud Billing v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._client import segment
from ._compare import overlay
from ._failure import Failure, invalid
from ._resource import Resource

HOST = "cloudbilling.googleapis.com"

BILLING_ACCOUNT = re.compile(r"(?:billingAccounts/)?([0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6})")


def billing_account_name(given: str) -> str:
    """`billingAccounts/ID` for either spelling; refuses anything else."""
    match = BILLING_ACCOUNT.fullmatch(given)
    if match is None:
        raise invalid("billing_account", given, "012345-6789AB-CDEF01, with or without billingAccounts/ before it")
    return f"billingAccounts/{match.group(1)}"


class BillingLink(Resource):
    noun = "billing_link"

    @property
    def subject(self) -> str:
        return f"billing of project {self.project}"

    @property
    def path(self) -> str:
        return f"/v1/projects/{segment(self.project)}/billingInfo"

    def validate(self) -> None:
        given = self.params.get("billing_account")
        if given:
            billing_account_name(given)

    def fetch(self) -> dict[str, Any] | None:
        info = self.client.get(HOST, self.path)
        return info if info.get("billingAccountName") else None

    def is_ready(self, found: Mapping[str, Any]) -> bool:
        """A link to a closed account is made, but pays for nothing."""
        if not found.get("billingEnabled"):
            raise Failure(
                "BILLING_DISABLED",
                f"Project {self.project} is linked to {found.get('billingAccountName')}, which is not open.",
                hint="Open the billing account in the console, or link another one.",
            )
        return True

    def desired(self) -> dict[str, Any]:
        return {"billingAccountName": billing_account_name(self.params["billing_account"])}

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        known = {"name": f"projects/{self.project}/billingInfo", "projectId": self.project, "billingEnabled": True}
        return overlay(known, desired)

    def create(self, desired: dict[str, Any]) -> None:
        self.client.put(HOST, self.path, body=desired)

    def update(self, _before: dict[str, Any], desired: dict[str, Any], _changed: list[str]) -> None:
        self.create(desired)

    def remove(self, _before: dict[str, Any]) -> None:
        self.client.put(HOST, self.path, body={"billingAccountName": ""})

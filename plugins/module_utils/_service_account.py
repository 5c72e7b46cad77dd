"""PRIVATE to the collection: service accounts (IAM v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._client import segment
from ._compare import declared, overlay
from ._failure import invalid
from ._resource import Resource

HOST = "iam.googleapis.com"

ACCOUNT_ID = re.compile(r"[a-z](?:[a-z0-9-]{4,28}[a-z0-9])")
UNIQUE_ID = re.compile(r"[0-9]{10,30}")


class ServiceAccount(Resource):
    noun = "service_account"

    @property
    def email(self) -> str:
        return f"{self.params['account_id']}@{self.project}.iam.gserviceaccount.com"

    @property
    def subject(self) -> str:
        return f"service account {self.email}"

    @property
    def collection(self) -> str:
        return f"/v1/projects/{segment(self.project)}/serviceAccounts"

    @property
    def path(self) -> str:
        return f"{self.collection}/{segment(self.email)}"

    def validate(self) -> None:
        account_id = str(self.params["account_id"])
        if not ACCOUNT_ID.fullmatch(account_id):
            raise invalid("account_id", account_id, "6 to 30 lower-case letters, digits and hyphens, a letter first")
        lost = self.params.get("undelete_unique_id")
        if lost and not UNIQUE_ID.fullmatch(lost):
            raise invalid("undelete_unique_id", lost, "the number that was the account's unique id")

    def fetch(self) -> dict[str, Any] | None:
        return self.client.find(HOST, self.path)

    def is_ready(self, found: Mapping[str, Any]) -> bool:
        return bool(found.get("email"))

    def desired(self) -> dict[str, Any]:
        return declared(
            displayName=self.params.get("display_name"),
            description=self.params.get("description"),
            disabled=self.params.get("disabled"),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        known = {
            "name": f"projects/{self.project}/serviceAccounts/{self.email}",
            "projectId": self.project,
            "email": self.email,
        }
        return overlay(known, desired)

    def create(self, desired: dict[str, Any]) -> None:
        if lost := self.params.get("undelete_unique_id"):
            path = f"{self.collection}/{segment(lost)}:undelete"
            answer = self.client.create(HOST, path, body={}, find=self.fetch)
            back = self.fetch() or answer
            left = [key for key in desired if back.get(key) != desired[key]]
            self.update(back, desired, left)
            return
        texts = {key: value for key, value in desired.items() if key != "disabled" and value}
        body = {"accountId": self.params["account_id"], "serviceAccount": texts}
        self.client.create(HOST, self.collection, body=body, find=self.fetch)
        if desired.get("disabled"):
            self._switch(on=False)

    def update(self, _before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        texts = {key: desired[key] for key in changed if key in ("displayName", "description")}
        if texts:
            body = {"serviceAccount": texts, "updateMask": ",".join(texts)}
            self.client.patch(HOST, self.path, body=body)
        if "disabled" in changed:
            self._switch(on=not desired["disabled"])

    def remove(self, _before: dict[str, Any]) -> None:
        self.client.delete(HOST, self.path)

    def _switch(self, *, on: bool) -> None:
        self.client.post(HOST, f"{self.path}:{'enable' if on else 'disable'}", body={})

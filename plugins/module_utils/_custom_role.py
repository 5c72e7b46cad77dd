"""PRIVATE to the collection: custom roles of a project or an organisation (IAM v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._client import segment
from ._compare import declared, overlay
from ._failure import Failure, invalid
from ._resource import Resource

HOST = "iam.googleapis.com"

ROLE_ID = re.compile(r"[a-zA-Z0-9_.]{3,64}")
PERMISSION = re.compile(r"(?:[a-z]+\.googleapis\.com/)?[a-z][a-zA-Z0-9]*(?:\.[a-zA-Z0-9]+)+")
STAGES = ("ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP")


class CustomRole(Resource):
    noun = "custom_role"

    @property
    def parent(self) -> str:
        organization = self.params.get("organization")
        if organization:
            return f"organizations/{segment(str(organization).removeprefix('organizations/'))}"
        return f"projects/{segment(self.project)}"

    @property
    def name(self) -> str:
        return f"{self.parent}/roles/{self.params['role_id']}"

    @property
    def subject(self) -> str:
        return f"role {self.name}"

    def validate(self) -> None:
        role_id = str(self.params["role_id"])
        if not ROLE_ID.fullmatch(role_id):
            raise invalid("role_id", role_id, "3 to 64 letters, digits, _ and .")
        for permission in self.params.get("included_permissions") or ():
            if not PERMISSION.fullmatch(permission):
                raise invalid(
                    "included_permissions", permission, "permissions such as storage.buckets.get, no wildcard"
                )

    def fetch(self) -> dict[str, Any] | None:
        found = self.client.find(HOST, f"/v1/{self.name}")
        if found and "includedPermissions" in found:
            found["includedPermissions"] = sorted(found["includedPermissions"])
        return found

    def desired(self) -> dict[str, Any]:
        permissions = self.params.get("included_permissions")
        return declared(
            title=self.params.get("title"),
            description=self.params.get("description"),
            includedPermissions=None if permissions is None else sorted(set(permissions)),
            stage=self.params.get("stage"),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        return overlay({"name": self.name}, desired)

    def restored(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in found.items() if key != "deleted"}

    def create(self, desired: dict[str, Any]) -> None:
        body = {"roleId": self.params["role_id"], "role": desired}
        try:
            self.client.create(HOST, f"/v1/{self.parent}/roles", body=body, find=self.fetch)
        except Failure as failure:
            raise _explained(failure, self.subject) from failure

    def update(self, before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        body = {key: desired[key] for key in changed} | declared(etag=before.get("etag"))
        self.client.patch(HOST, f"/v1/{self.name}", query={"updateMask": ",".join(changed)}, body=body)

    def restore(self, _found: dict[str, Any]) -> None:
        self.client.post(HOST, f"/v1/{self.name}:undelete", body={})

    def remove(self, _before: dict[str, Any]) -> None:
        self.client.delete(HOST, f"/v1/{self.name}")


def _explained(failure: Failure, subject: str) -> Failure:
    if failure.status in (400, 409) and "recently been deleted" in failure.message:
        failure.hint = f"{subject} was deleted 7 to 44 days ago, which blocks its id: choose another role_id."
    return failure

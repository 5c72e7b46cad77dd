"""PRIVATE to the collection: Google Cloud projects (Cloud Resource Manager v3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ._client import Client, segment
from ._compare import declared, overlay
from ._failure import Failure, invalid
from ._resource import PROJECTS, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
PARENT = re.compile(r"(?:organizations|folders)/[0-9]+")
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
"""cloud.google.com/resource-manager/docs/creating-managing-projects and …/creating-managing-labels."""


class Project(Resource):
    noun = "project"
    whole = frozenset({"labels"})

    @property
    def id(self) -> str:
        return str(self.params["project_id"])

    @property
    def subject(self) -> str:
        return f"project {self.id}"

    @property
    def project(self) -> str | None:
        return None

    @property
    def path(self) -> str:
        return f"/v3/projects/{segment(self.id)}"

    def validate(self) -> None:
        if not PROJECT_ID.fullmatch(self.id):
            raise invalid("project_id", self.id, "6 to 30 lower-case letters, digits and hyphens, a letter first")
        parent = self.params.get("parent")
        if parent and not PARENT.fullmatch(parent):
            raise invalid("parent", parent, "organizations/NUMBER or folders/NUMBER")
        refuse_bad_labels(self.params.get("labels"))

    def fetch(self) -> dict[str, Any] | None:
        return find_project(self.client, self.id)

    def is_gone(self, found: Mapping[str, Any]) -> bool:
        return found.get("state") in ("DELETE_REQUESTED", "DELETE_IN_PROGRESS")

    def is_ready(self, found: Mapping[str, Any]) -> bool:
        return found.get("state") == "ACTIVE"

    def desired(self) -> dict[str, Any]:
        return declared(
            projectId=self.id,
            displayName=self.params.get("name"),
            parent=self.params.get("parent"),
            labels=self.params.get("labels"),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        return overlay({"displayName": self.id, "state": "ACTIVE"}, desired, self.whole)

    def restored(self, found: Mapping[str, Any]) -> dict[str, Any]:
        back = {key: value for key, value in found.items() if key != "deleteTime"}
        return back | {"state": "ACTIVE"}

    def create(self, desired: dict[str, Any]) -> None:
        body = {"displayName": self.id, **desired}
        self.finish(PROJECTS, "v3", self.client.create(PROJECTS, "/v3/projects", body=body, find=self.fetch))

    def update(self, _before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        if "parent" in changed:
            body = {"destinationParent": desired["parent"]}
            self.finish(PROJECTS, "v3", self.client.post(PROJECTS, f"{self.path}:move", body=body))
        fields = [key for key in changed if key != "parent"]
        if fields:
            query = {"updateMask": ",".join(fields)}
            body = {key: desired[key] for key in fields}
            self.finish(PROJECTS, "v3", self.client.patch(PROJECTS, self.path, query=query, body=body))

    def restore(self, found: dict[str, Any]) -> None:
        if found.get("state") == "DELETE_IN_PROGRESS":
            raise Failure("CANNOT_UNDELETE", f"{self.subject} is being deleted for good.", hint="Choose another id.")
        self.finish(PROJECTS, "v3", self.client.post(PROJECTS, f"{self.path}:undelete", body={}))

    def remove(self, _before: dict[str, Any]) -> None:
        self.finish(PROJECTS, "v3", self.client.delete(PROJECTS, self.path) or {})


def find_project(client: Client, project_id: str) -> dict[str, Any] | None:
    """The project, or None when there is none that this identity can see.

    The API answers 403 both for a project that does not exist and for one that is hidden; the search tells them apart
    as far as that is possible: it lists what may be seen.
    """
    try:
        return client.find(PROJECTS, f"/v3/projects/{segment(project_id)}")
    except Failure as failure:
        if failure.status != 403 or failure.reason in ("SERVICE_DISABLED", "USER_PROJECT_DENIED"):
            raise
    found = client.items(PROJECTS, "/v3/projects:search", "projects", query={"query": f"id:{project_id}"})
    return next((item for item in found if item.get("projectId") == project_id), None)


def refuse_bad_labels(labels: Mapping[str, str] | None) -> None:
    for key, value in (labels or {}).items():
        if not LABEL_KEY.fullmatch(str(key)):
            raise invalid(f"labels.{key}", key, "1 to 63 lower-case letters, digits, _ and -, a letter first")
        if not LABEL_VALUE.fullmatch(str(value)):
            raise invalid(f"labels.{key}", value, "up to 63 lower-case letters, digits, _ and -")

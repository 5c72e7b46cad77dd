"""PRIVATE to the collection: Cloud Storage buckets (JSON API v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._client import segment
from ._compare import declared, overlay
from ._failure import Failure, invalid
from ._progress import report
from ._project import refuse_bad_labels
from ._resource import Resource

HOST = "storage.googleapis.com"

BUCKET_NAME = re.compile(r"(?!goog)(?!.*(?:google|--$))[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
"""cloud.google.com/storage/docs/buckets#naming; 222 characters when the name has dots, 63 between two of them."""

SOFT_DELETE = (604_800, 7_776_000)
"""Seconds: 7 to 90 days; 0 switches soft delete off."""

_CLASSES = ["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"]

BUCKET_SPEC: Mapping[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "project": {"type": "str"},
    "location": {"type": "str"},
    "storage_class": {"type": "str", "choices": _CLASSES},
    "versioning": {"type": "bool"},
    "uniform_bucket_level_access": {"type": "bool"},
    "public_access_prevention": {"type": "str", "choices": ["enforced", "inherited"]},
    "lifecycle_rules": {
        "type": "list",
        "elements": "dict",
        "options": {
            "action": {
                "type": "dict",
                "required": True,
                "options": {
                    "type": {
                        "type": "str",
                        "required": True,
                        "choices": ["Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"],
                    },
                    "storage_class": {"type": "str", "choices": _CLASSES},
                },
                "required_if": [["type", "SetStorageClass", ["storage_class"]]],
            },
            "condition": {
                "type": "dict",
                "required": True,
                "options": {
                    "age": {"type": "int"},
                    "created_before": {"type": "str"},
                    "custom_time_before": {"type": "str"},
                    "days_since_custom_time": {"type": "int"},
                    "days_since_noncurrent_time": {"type": "int"},
                    "noncurrent_time_before": {"type": "str"},
                    "is_live": {"type": "bool"},
                    "matches_prefix": {"type": "list", "elements": "str"},
                    "matches_storage_class": {"type": "list", "elements": "str"},
                    "matches_suffix": {"type": "list", "elements": "str"},
                    "num_newer_versions": {"type": "int"},
                },
            },
        },
    },
    "retention_period": {"type": "int"},
    "soft_delete_retention": {"type": "int"},
    "default_kms_key_name": {"type": "str"},
    "labels": {"type": "dict"},
    "delete_objects": {"type": "bool", "default": False},
}

_CONDITION = {
    "age": "age",
    "created_before": "createdBefore",
    "custom_time_before": "customTimeBefore",
    "days_since_custom_time": "daysSinceCustomTime",
    "days_since_noncurrent_time": "daysSinceNoncurrentTime",
    "noncurrent_time_before": "noncurrentTimeBefore",
    "is_live": "isLive",
    "matches_prefix": "matchesPrefix",
    "matches_storage_class": "matchesStorageClass",
    "matches_suffix": "matchesSuffix",
    "num_newer_versions": "numNewerVersions",
}
"""Option of a lifecycle condition → field of the API."""


class Bucket(Resource):
    noun = "bucket"
    whole = frozenset({"labels"})
    immutable = frozenset({"location"})

    @property
    def name(self) -> str:
        return str(self.params["name"])

    @property
    def subject(self) -> str:
        return f"bucket {self.name}"

    @property
    def path(self) -> str:
        return f"/storage/v1/b/{segment(self.name)}"

    def validate(self) -> None:
        if not BUCKET_NAME.fullmatch(self.name) or any(len(part) > 63 for part in self.name.split(".")):
            raise invalid("name", self.name, "3 to 63 lower-case letters, digits, - and _, not `google` anywhere")
        refuse_bad_labels(self.params.get("labels"))
        kept = self.params.get("soft_delete_retention")
        if kept is not None and kept != 0 and not SOFT_DELETE[0] <= kept <= SOFT_DELETE[1]:
            raise invalid("soft_delete_retention", kept, "0, or 604800 to 7776000 seconds (7 to 90 days)")
        for index, rule in enumerate(self.params.get("lifecycle_rules") or ()):
            if not declared(**rule["condition"]):
                raise invalid(f"lifecycle_rules[{index}].condition", {}, "at least one condition")

    def fetch(self) -> dict[str, Any] | None:
        return self.client.find(HOST, self.path)

    def desired(self) -> dict[str, Any]:
        params = self.params
        uniform = params.get("uniform_bucket_level_access")
        return _filled(
            name=self.name,
            location=params["location"].upper() if params.get("location") else None,
            storageClass=params.get("storage_class"),
            versioning=_filled(enabled=params.get("versioning")),
            iamConfiguration=_filled(
                uniformBucketLevelAccess=_filled(enabled=uniform),
                publicAccessPrevention=params.get("public_access_prevention"),
            ),
            lifecycle=_lifecycle(params.get("lifecycle_rules")),
            retentionPolicy=_seconds("retentionPeriod", params.get("retention_period")),
            softDeletePolicy=_kept_deleted(params.get("soft_delete_retention")),
            encryption=_filled(defaultKmsKeyName=params.get("default_kms_key_name")),
            labels=params.get("labels"),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        known = {"kind": "storage#bucket", "id": self.name, "location": "US", "storageClass": "STANDARD"}
        return overlay(known, desired, self.whole)

    def create(self, desired: dict[str, Any]) -> None:
        if not self.project:
            raise Failure("INVALID_OPTION", f"{self.subject} does not exist: making it needs the option project.")
        query = {"project": self.project}
        self.client.create(HOST, "/storage/v1/b", query=query, body=_without_nothing(desired), find=self.fetch)

    def update(self, before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        body: dict[str, Any] = {key: desired[key] for key in changed}
        if "labels" in changed:
            dropped = set(before.get("labels") or ()) - set(desired["labels"])
            body["labels"] = {**desired["labels"], **dict.fromkeys(sorted(dropped))}
        if "retentionPolicy" in changed and not desired["retentionPolicy"]:
            body["retentionPolicy"] = None
        query = {"ifMetagenerationMatch": before.get("metageneration")}
        self.client.patch(HOST, self.path, query=query, body=body)

    def remove(self, _before: dict[str, Any]) -> None:
        if self.params.get("delete_objects"):
            self._delete_objects()
        self.client.delete(HOST, self.path)

    def _delete_objects(self) -> None:
        versions = list(self.client.items(HOST, f"{self.path}/o", "items", query={"versions": "true"}))
        for done, version in enumerate(versions):
            report(self.subject, f"deletion of {version['name']}", done, len(versions))
            path = f"{self.path}/o/{segment(version['name'])}"
            self.client.delete(HOST, path, query={"generation": version["generation"]})


def _filled(**fields: Any) -> dict[str, Any]:
    """The fields that were declared; a nested object of which nothing was declared counts as not declared."""
    return {key: value for key, value in fields.items() if value is not None and (value or not _is_part(key))}


def _is_part(key: str) -> bool:
    return key in ("versioning", "iamConfiguration", "uniformBucketLevelAccess", "encryption")


def _seconds(field: str, value: int | None) -> dict[str, str] | None:
    """A duration as the API gives it back (int64 as a string); 0 declares that there is none."""
    if value is None:
        return None
    return {field: str(value)} if value else {}


def _kept_deleted(value: int | None) -> dict[str, str] | None:
    """Soft delete is switched off by a retention of zero, which the API keeps as such."""
    return None if value is None else {"retentionDurationSeconds": str(value)}


def _lifecycle(rules: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    if rules is None:
        return None
    return {"rule": [_rule(rule) for rule in rules]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    action = declared(type=rule["action"]["type"], storageClass=rule["action"].get("storage_class"))
    condition = {_CONDITION[key]: value for key, value in declared(**rule["condition"]).items()}
    return {"action": action, "condition": condition}


def _without_nothing(desired: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in desired.items() if value not in ({}, [], "")}

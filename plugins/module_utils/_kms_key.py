"""PRIVATE to the collection: keys of Cloud KMS (v1), which are kept for ever: what goes is their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ._client import segment
from ._compare import declared, overlay
from ._failure import invalid
from ._resource import Resource

HOST = "cloudkms.googleapis.com"

KEY_ID = re.compile(r"[a-zA-Z0-9_-]{1,63}")
LOCATION = re.compile(r"[a-z][a-z0-9-]*")
PROTECTION_LEVELS = ("SOFTWARE", "HSM")

DAY = 86_400
ENDED = ("DESTROYED", "DESTROY_SCHEDULED")
"""States of a version that is not to be destroyed again."""


class KmsKey(Resource):
    noun = "kms_key"
    whole = frozenset({"labels"})
    immutable = frozenset({"purpose", "versionTemplate", "destroyScheduledDuration"})

    @property
    def ring(self) -> str:
        location = f"projects/{segment(str(self.project))}/locations/{segment(self.params['location'])}"
        return f"{location}/keyRings/{segment(self.params['key_ring'])}"

    @property
    def key(self) -> str:
        return f"{self.ring}/cryptoKeys/{segment(self.params['name'])}"

    @property
    def subject(self) -> str:
        return f"key {self.key}"

    def validate(self) -> None:
        for option in ("name", "key_ring"):
            if not KEY_ID.fullmatch(str(self.params[option])):
                raise invalid(option, self.params[option], "1 to 63 letters, digits, _ and -")
        if not LOCATION.fullmatch(str(self.params["location"])):
            raise invalid("location", self.params["location"], "a location such as us-central1, us or global")
        rotation, wait = self.params.get("rotation_days"), self.params.get("destroy_after_days")
        if rotation is not None and not 1 <= rotation <= 36_500:
            raise invalid("rotation_days", rotation, "1 to 36500")
        if wait is not None and not 1 <= wait <= 120:
            raise invalid("destroy_after_days", wait, "1 to 120")

    def fetch(self) -> dict[str, Any] | None:
        found = self.client.find(HOST, f"/v1/{self.key}")
        if found is not None:
            # When the next rotation is due moves with every rotation, and nobody declares it.
            found.pop("nextRotationTime", None)
        return found

    def is_gone(self, found: Mapping[str, Any]) -> bool:
        """A key without an enabled primary version encrypts nothing."""
        return bool((found.get("primary") or {}).get("state") != "ENABLED")

    def desired(self) -> dict[str, Any]:
        rotation, wait = self.params.get("rotation_days"), self.params.get("destroy_after_days")
        level = self.params.get("protection_level")
        return declared(
            purpose="ENCRYPT_DECRYPT",
            rotationPeriod=None if rotation is None else f"{rotation * DAY}s",
            destroyScheduledDuration=None if wait is None else f"{wait * DAY}s",
            versionTemplate=None
            if level is None
            else {"protectionLevel": level, "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"},
            labels=self.params.get("labels"),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        return overlay({"name": self.key}, desired, self.whole)

    def restored(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in found.items() if key != "primary"}

    def create(self, desired: dict[str, Any]) -> None:
        location, _collection, ring = self.ring.rpartition("/keyRings/")
        if self._ring() is None:
            self.client.create(HOST, f"/v1/{location}/keyRings", query={"keyRingId": ring}, body={}, find=self._ring)
        body = desired | self._first_rotation(desired)
        query = {"cryptoKeyId": self.params["name"]}
        self.client.create(HOST, f"/v1/{self.ring}/cryptoKeys", query=query, body=body, find=self.fetch)

    def _ring(self) -> dict[str, Any] | None:
        return self.client.find(HOST, f"/v1/{self.ring}")

    def _first_rotation(self, desired: Mapping[str, Any]) -> dict[str, Any]:
        """A period needs the time of its first rotation."""
        period = desired.get("rotationPeriod")
        if not period:
            return {}
        first = datetime.now(UTC) + timedelta(seconds=int(period.removesuffix("s")))
        return {"nextRotationTime": first.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def update(self, before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        body = {key: desired.get(key) for key in changed}
        if "rotationPeriod" in changed:
            body |= self._first_rotation(desired)
        self.client.patch(HOST, f"/v1/{self.key}", query={"updateMask": ",".join(body)}, body=body)

    def restore(self, found: dict[str, Any]) -> None:
        """Take the destruction of the primary version back, or make a new one where it is too late for that."""
        primary = found.get("primary") or {}
        name, state = primary.get("name", ""), primary.get("state")
        if state == "DESTROY_SCHEDULED":
            self.client.post(HOST, f"/v1/{name}:restore", body={})
        if state in ("DESTROY_SCHEDULED", "DISABLED"):
            self.client.patch(HOST, f"/v1/{name}", query={"updateMask": "state"}, body={"state": "ENABLED"})
            return
        made = self.client.post(HOST, f"/v1/{self.key}/cryptoKeyVersions", body={})
        number = made["name"].rpartition("/")[2]
        self.client.post(HOST, f"/v1/{self.key}:updatePrimaryVersion", body={"cryptoKeyVersionId": number})

    def remove(self, before: dict[str, Any]) -> None:
        """Schedule every version for destruction and stop the rotation; ring and key stay."""
        if before.get("rotationPeriod"):
            off = {"updateMask": "rotationPeriod,nextRotationTime"}
            self.client.patch(HOST, f"/v1/{self.key}", query=off, body={})
        for version in self.client.items(HOST, f"/v1/{self.key}/cryptoKeyVersions", "cryptoKeyVersions"):
            if version["state"] not in ENDED:
                self.client.post(HOST, f"/v1/{version['name']}:destroy", body={})

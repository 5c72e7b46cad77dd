"""Keys: a purpose, a template for their versions, the primary among these, and rotation when its time has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError, failed_precondition, invalid
from local_cloud.emulator.profile import Body, Handler, ResourceType
from local_cloud.emulator.profiles.keys import versions

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

COLLECTION = "projects.locations.keyRings.cryptoKeys"
_PURPOSE, _ALGORITHM = "ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION"
_ID = r"[a-zA-Z0-9_-]{1,63}"
# https://cloud.google.com/kms/docs/key-rotation and .../destroy-restore, in seconds
_SHORTEST_ROTATION, _LONGEST_ROTATION = 86_400.0, 3_153_600_000.0
_LONGEST_WAIT = 10_368_000.0


def _seconds(value: str) -> float:
    return float(value.removesuffix("s"))


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    if wanted.get("purpose") in (None, "", "CRYPTO_KEY_PURPOSE_UNSPECIFIED"):
        raise invalid("The field 'crypto_key.purpose' is required but was not given.", location="purpose")
    template = wanted["versionTemplate"]
    if (wanted["purpose"], template.get("algorithm")) != (_PURPOSE, _ALGORITHM):
        raise ApiError(
            501,
            f"The local cloud makes keys of purpose {_PURPOSE} with algorithm {_ALGORITHM} alone, not"
            f" {wanted['purpose']} with {template.get('algorithm')} (local_cloud/emulator/profiles/keys/keys.py).",
            status="UNIMPLEMENTED",
            reason="notImplemented",
        )
    _check_times(wanted)


def _check_times(wanted: Body) -> None:
    period = wanted.get("rotationPeriod")
    if period and not _SHORTEST_ROTATION <= _seconds(period) <= _LONGEST_ROTATION:
        raise invalid(
            f"rotation_period must be in range [{_SHORTEST_ROTATION:.0f}s, {_LONGEST_ROTATION:.0f}s].",
            location="rotationPeriod",
        )
    if _seconds(wanted["destroyScheduledDuration"]) > _LONGEST_WAIT:
        raise invalid(
            f"destroy_scheduled_duration is at most {_LONGEST_WAIT:.0f}s.", location="destroyScheduledDuration"
        )


def _first_version(call: Call, body: Body) -> Body:
    """The version that every key begins with, unless it is asked not to."""
    name = call.memory["name"]
    if body.get("rotationPeriod") and not body.get("nextRotationTime"):
        body = {**body, "nextRotationTime": call.stamp(call.now + timedelta(seconds=_seconds(body["rotationPeriod"])))}
    if "primary" in body or call.method.verb != "create" or call.query.get("skipInitialVersionCreation") == "true":
        return body
    return {**body, "primary": versions.new(call, name, body["versionTemplate"])["name"]}


def current(call: Call, stored: Stored) -> Body:
    """A key as it is now: rotated once when its rotation is due."""
    body = stored.body
    due = body.get("nextRotationTime")
    if not due or not body.get("rotationPeriod") or datetime.fromisoformat(due) > call.now:
        return body
    period = timedelta(seconds=_seconds(body["rotationPeriod"]))
    primary = versions.new(call, stored.name, body["versionTemplate"])["name"]
    rotated = {**body, "primary": primary, "nextRotationTime": call.stamp(call.now + period)}
    call.store.put("cloudkms", stored.name, COLLECTION, rotated)
    return rotated


def _view(call: Call, _body: Body) -> Body:
    """The primary version is shown whole."""
    body = dict(current(call, call.stored(call.memory["shown"])))
    if primary := body.pop("primary", ""):
        body["primary"] = versions.current(call, call.stored(primary))
    return body


def update_primary(call: Call) -> Body:
    """`cryptoKeys.updatePrimaryVersion`."""
    stored = call.stored()
    number = str(call.required("cryptoKeyVersionId")).rpartition("/")[2]
    version = f"{stored.name}/cryptoKeyVersions/{number}"
    state = versions.current(call, call.stored(version))["state"]
    if state != "ENABLED":
        raise failed_precondition(f"{version} is not enabled, current state is: {state}.")
    call.store.put("cloudkms", stored.name, COLLECTION, {**stored.body, "primary": version})
    call.memory["shown"] = stored.name
    return _view(call, {})


TYPE = ResourceType(
    COLLECTION,
    label="CryptoKey",
    id_pattern=_ID,
    defaults={
        "versionTemplate.algorithm": _ALGORITHM,
        "versionTemplate.protectionLevel": "SOFTWARE",
        "destroyScheduledDuration": "2592000s",
    },
    immutable=("purpose", "destroyScheduledDuration", "importOnly", "versionTemplate.protectionLevel"),
    check=_check,
    before_write=_first_version,
    view=_view,
    not_found="CryptoKey {name} not found.",
    exists="CryptoKey {name} already exists.",
)
METHODS: dict[str, Handler] = {f"{COLLECTION}.updatePrimaryVersion": update_primary}

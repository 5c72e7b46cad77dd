"""Versions of a key: made with real key material, switched off, scheduled for destruction, brought back."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import failed_precondition, invalid
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

COLLECTION = "projects.locations.keyRings.cryptoKeys.cryptoKeyVersions"
_KEY_BYTES = 32
# States that updateCryptoKeyVersion may move between; destroy and restore have methods of their own.
_SWITCHED = ("ENABLED", "DISABLED")


def new(call: Call, key: str, template: Body, state: str = "ENABLED") -> Body:
    """The next version of `key`, with fresh key material; the version as it is kept."""
    number = call.store.count(f"cloudkms/{key}/cryptoKeyVersions")
    name = f"{key}/cryptoKeyVersions/{number}"
    body = {
        "name": name,
        "state": state,
        "protectionLevel": template.get("protectionLevel", "SOFTWARE"),
        "algorithm": template.get("algorithm", "GOOGLE_SYMMETRIC_ENCRYPTION"),
        "createTime": call.stamp(),
        "generateTime": call.stamp(),
    }
    call.store.put("cloudkms", name, COLLECTION, body)
    call.store.put_blob(_material(name), secrets.token_bytes(_KEY_BYTES))
    return body


def _material(name: str) -> str:
    return f"cloudkms/{name}"


def material(call: Call, name: str) -> bytes:
    """The key material of an enabled version; ApiError 400 otherwise."""
    state = current(call, call.stored(name))["state"]
    found = call.store.blob(_material(name))
    if state != "ENABLED" or found is None:
        raise failed_precondition(f"{name} is not enabled, current state is: {state}.")
    return found


def current(call: Call, stored: Stored) -> Body:
    """A version as it is now: one whose time has come is destroyed, and its key material with it."""
    body = stored.body
    if body["state"] != "DESTROY_SCHEDULED" or datetime.fromisoformat(body["destroyTime"]) > call.now:
        return body
    left = {key: value for key, value in body.items() if key != "destroyTime"}
    ended = {**left, "state": "DESTROYED", "destroyEventTime": body["destroyTime"]}
    call.store.put("cloudkms", stored.name, COLLECTION, ended)
    call.store.remove_blob(_material(stored.name))
    return ended


def _view(call: Call, _body: Body) -> Body:
    return current(call, call.stored(call.memory["shown"]))


def create(call: Call) -> Body:
    """`cryptoKeyVersions.create`: it encrypts nothing until the key names it as its primary."""
    key = call.stored(call.name.removesuffix("/cryptoKeyVersions"))
    state = call.body.get("state") or "ENABLED"
    if state not in _SWITCHED:
        raise invalid(f"Invalid value '{state}': a version begins {' or '.join(_SWITCHED)}.", location="state")
    return new(call, key.name, key.body["versionTemplate"], state)


def patch(call: Call) -> Body:
    """`cryptoKeyVersions.patch`: on and off."""
    stored = call.stored()
    before, state = current(call, stored), call.body.get("state", "")
    if state not in _SWITCHED or before["state"] not in _SWITCHED:
        raise failed_precondition(
            f"{stored.name} is {before['state']} and cannot become {state or 'unset'}: only ENABLED and DISABLED"
            " follow each other."
        )
    return _kept(call, stored, {**before, "state": state})


def destroy(call: Call) -> Body:
    """`cryptoKeyVersions.destroy`: the material goes after the key's waiting time, and can be restored until then."""
    stored = call.stored()
    before = current(call, stored)
    if before["state"] not in _SWITCHED:
        raise failed_precondition(f"{stored.name} cannot be destroyed, current state is: {before['state']}.")
    key = call.stored(stored.name.rpartition("/cryptoKeyVersions/")[0])
    wait = timedelta(seconds=float(key.body["destroyScheduledDuration"].removesuffix("s")))
    return _kept(call, stored, {**before, "state": "DESTROY_SCHEDULED", "destroyTime": call.stamp(call.now + wait)})


def restore(call: Call) -> Body:
    """`cryptoKeyVersions.restore`: back, but switched off."""
    stored = call.stored()
    before = current(call, stored)
    if before["state"] != "DESTROY_SCHEDULED":
        raise failed_precondition(f"{stored.name} cannot be restored, current state is: {before['state']}.")
    return _kept(
        call, stored, {key: value for key, value in before.items() if key != "destroyTime"} | {"state": "DISABLED"}
    )


def _kept(call: Call, stored: Stored, body: Body) -> Body:
    call.store.put("cloudkms", stored.name, COLLECTION, body)
    return verbs.show(call, call.stored())


TYPE = ResourceType(COLLECTION, label="CryptoKeyVersion", view=_view, not_found="CryptoKeyVersion {name} not found.")
METHODS: dict[str, Handler] = {
    f"{COLLECTION}.create": create,
    f"{COLLECTION}.patch": patch,
    f"{COLLECTION}.destroy": destroy,
    f"{COLLECTION}.restore": restore,
}

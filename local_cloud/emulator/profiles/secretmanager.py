"""Secret Manager: secrets, their versions and aliases; payloads are kept apart from the resources and never shown but
by `access`."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import google_crc32c

from local_cloud.emulator import verbs
from local_cloud.emulator.conventions import digest
from local_cloud.emulator.errors import aborted, failed_precondition, invalid, not_found
from local_cloud.emulator.profile import Body, Profile, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

_SECRETS, _VERSIONS = "projects.secrets", "projects.secrets.versions"
# https://cloud.google.com/secret-manager/quotas
_LARGEST_PAYLOAD = 65_536
_ROTATION_AT_LEAST = timedelta(hours=1)


def _check_secret(call: Call, before: Body | None, wanted: Body) -> None:
    replication = wanted.get("replication") or {}
    if ("automatic" in replication) == ("userManaged" in replication):
        raise invalid("secret.replication: exactly one of automatic and userManaged must be set.")
    if "userManaged" in replication:
        locations = [replica.get("location") for replica in replication["userManaged"].get("replicas") or []]
        if not locations or len(set(locations)) != len(locations):
            raise invalid("secret.replication.userManaged.replicas: each replica needs a location of its own.")
    rotation = wanted.get("rotation") or {}
    if rotation and not wanted.get("topics"):
        raise invalid("secret.topics: a topic is required when rotation is set.")
    if rotation.get("rotationPeriod") and not rotation.get("nextRotationTime"):
        raise invalid("secret.rotation.nextRotationTime: it is required when rotationPeriod is set.")
    if rotation.get("rotationPeriod") and _seconds(rotation["rotationPeriod"]) < _ROTATION_AT_LEAST.total_seconds():
        raise invalid("secret.rotation.rotationPeriod: it must be at least 3600s.")
    for alias, number in (wanted.get("versionAliases") or {}).items():
        if call.store.get("secretmanager", f"{call.memory.get('name', call.name)}/versions/{number}") is None:
            raise invalid(f"secret.versionAliases: alias '{alias}' points to version {number}, which does not exist.")


def _seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))


def _expire(call: Call, body: Body) -> Body:
    """`ttl` is only input: what is kept is the moment."""
    ttl = body.pop("ttl", None)
    if ttl:
        body["expireTime"] = call.stamp(call.now + timedelta(seconds=_seconds(ttl)))
    return body


def _secret_of(call: Call) -> Stored:
    return call.stored("/".join(call.name.split("/")[:4]))


def add_version(call: Call) -> Body:
    """`secrets.addVersion`: the next number, with the payload kept as a blob."""
    secret = _secret_of(call)
    payload = call.body.get("payload") or {}
    data = _decoded(payload.get("data", ""))
    checksum = google_crc32c.value(data)
    if payload.get("dataCrc32c") and int(payload["dataCrc32c"]) != checksum:
        raise invalid("payload.dataCrc32c: the checksum does not match the data.")
    number = call.store.count(f"secretmanager/{secret.name}/{secret.body['createTime']}")
    name = f"{secret.name}/versions/{number}"
    version: Body = {
        "name": call.shown_name(name),
        "createTime": call.stamp(),
        "state": "ENABLED",
        "replicationStatus": _replication_status(secret.body),
    }
    if payload.get("dataCrc32c"):
        version["clientSpecifiedPayloadChecksum"] = True
    version["etag"] = digest([version, number])
    call.store.put("secretmanager", name, _VERSIONS, version)
    call.store.put_blob(_payload_key(version), data)
    return version


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise invalid("payload.data: it must be base64.") from None
    if not data:
        raise invalid("payload.data: a secret version needs data.")
    if len(data) > _LARGEST_PAYLOAD:
        raise invalid(f"payload.data: {len(data)} bytes; the largest payload is {_LARGEST_PAYLOAD} bytes.")
    return data


def _replication_status(secret: Body) -> Body:
    managed = (secret.get("replication") or {}).get("userManaged")
    if managed is None:
        return {"automatic": {}}
    return {"userManaged": {"replicas": [{"location": replica["location"]} for replica in managed["replicas"]]}}


def _payload_key(version: Body) -> str:
    return f"secret-payload/{version['name']}/{version['createTime']}"


def _version(call: Call) -> Stored:
    """The version in the path: its number, `latest` or an alias."""
    secret = _secret_of(call)
    wanted = call.name.rpartition("/")[2]
    if wanted == "latest":
        found = [
            item
            for item in call.store.children("secretmanager", _VERSIONS, f"{secret.name}/versions")
            if item.body["state"] != "DESTROYED"
        ]
        if found:
            return max(found, key=lambda item: int(item.name.rpartition("/")[2]))
    number = (secret.body.get("versionAliases") or {}).get(wanted, wanted)
    stored = call.store.get("secretmanager", f"{secret.name}/versions/{number}")
    if stored is None:
        shown = call.shown_name(f"{secret.name}/versions/{wanted}")
        raise not_found(f"Secret Version [{shown}] not found.")
    return _as_due(call, stored)


def _as_due(call: Call, stored: Stored) -> Stored:
    """The version, destroyed when its delayed destruction is due."""
    body = _view_version(call, stored.body)
    if body == stored.body:
        return stored
    call.store.remove_blob(_payload_key(body))
    return call.store.put("secretmanager", stored.name, _VERSIONS, {**body, "destroyTime": call.stamp()})


def get_version(call: Call) -> Body:
    """`versions.get`: state and times, never the payload."""
    return _version(call).body


def access_version(call: Call) -> Body:
    """`versions.access`: the payload of an enabled version with its checksum."""
    stored = _version(call)
    if stored.body["state"] != "ENABLED":
        raise failed_precondition(f"Secret Version [{stored.body['name']}] is in {stored.body['state']} state.")
    data = call.store.blob(_payload_key(stored.body)) or b""
    payload = {"data": base64.b64encode(data).decode(), "dataCrc32c": str(google_crc32c.value(data))}
    return {"name": stored.body["name"], "payload": payload}


def _in_state(state: str) -> Any:
    def change(call: Call) -> Body:
        stored = _version(call)
        body = dict(stored.body)
        if call.body.get("etag") and call.body["etag"] != body["etag"]:
            raise aborted("The etag provided does not match the current etag of the secret version.")
        if body["state"] == "DESTROYED" and state != "DESTROYED":
            raise failed_precondition(f"Secret Version [{body['name']}] is in DESTROYED state.")
        delay = _secret_of(call).body.get("versionDestroyTtl") if state == "DESTROYED" else None
        if delay and body["state"] != "DESTROYED":
            body |= {
                "state": "DISABLED",
                "scheduledDestroyTime": call.stamp(call.now + timedelta(seconds=_seconds(delay))),
            }
        else:
            body["state"] = state
            body.pop("scheduledDestroyTime", None)
        if body["state"] == "DESTROYED":
            body["destroyTime"] = call.stamp()
            call.store.remove_blob(_payload_key(body))
        body["etag"] = digest([{key: body[key] for key in body if key != "etag"}, stored.generation + 1])
        call.store.put("secretmanager", stored.name, _VERSIONS, body)
        return body

    return change


def _view_version(call: Call, body: Body) -> Body:
    """A version whose destruction was delayed and is due shows as destroyed."""
    due = body.get("scheduledDestroyTime")
    if due and datetime.fromisoformat(due) <= call.now:
        return {**{key: body[key] for key in body if key != "scheduledDestroyTime"}, "state": "DESTROYED"}
    return body


def _forget(call: Call, secret: Body) -> Body:
    """Payloads go with their secret."""
    for version in call.memory.get("versions", []):
        call.store.remove_blob(_payload_key(version))
    return secret


def delete_secret(call: Call) -> Any:
    """`secrets.delete`: with every version and payload."""
    secret = call.stored()
    below = call.store.children("secretmanager", _VERSIONS, f"{secret.name}/versions")
    call.memory["versions"] = [item.body for item in below]
    return verbs.delete(call)


_VERSION_METHODS = {
    "get": get_version,
    "access": access_version,
    "enable": _in_state("ENABLED"),
    "disable": _in_state("DISABLED"),
    "destroy": _in_state("DESTROYED"),
}

PROFILE = Profile(
    api="secretmanager",
    project_names="number",
    types=(
        ResourceType(
            _SECRETS,
            keep_zero=("replication.automatic",),
            immutable=("replication",),
            id_pattern=r"[a-zA-Z0-9_-]{1,255}",
            references={"topics[].name": "pubsub:projects.topics"},
            check=_check_secret,
            before_write=_expire,
            after_delete=_forget,
            not_found="Secret [{shown}] not found.",
            exists="Secret [{shown}] already exists.",
        ),
        ResourceType(_VERSIONS, id_source="sequence", view=_view_version),
    ),
    methods={
        f"{_SECRETS}.addVersion": add_version,
        f"{_SECRETS}.delete": delete_secret,
        **{f"{_VERSIONS}.{verb}": method for verb, method in _VERSION_METHODS.items()},
    },
    permissions={f"{_SECRETS}.addVersion": ("secretmanager.versions.add",)},
)

"""What a project has in Cloud Storage beside buckets: its service agent, and HMAC keys of its service accounts."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from local_cloud.emulator.conventions import digest
from local_cloud.emulator.errors import invalid, not_found
from local_cloud.emulator.http import Response
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler
from local_cloud.emulator.profiles.identities import accounts

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

_KEYS = "projects.hmacKeys"
_STATES = ("ACTIVE", "INACTIVE")


def service_agent(call: Call) -> Body:
    """`projects.serviceAccount.get`."""
    number = call.emulator.project_number(call.project)
    if number is None:
        raise not_found(f"Project not found: {call.project}")
    return {
        "kind": "storage#serviceAccount",
        "email_address": f"service-{number}@gs-project-accounts.iam.gserviceaccount.com",
    }


def create(call: Call) -> Body:
    """`hmacKeys.create?serviceAccountEmail=`: the secret is in this answer and nowhere else."""
    email = call.query.get("serviceAccountEmail", "")
    if accounts.by_email(call.emulator, email) is None:
        raise not_found(f"Service Account '{email}' not found.")
    digested = hashlib.sha256(call.emulator.uuid(call).encode()).digest()
    access_id = f"GOOG1E{base64.b32encode(digested * 2)[:55].decode()}"
    body = {
        "kind": "storage#hmacKeyMetadata",
        "id": f"{call.project}/{access_id}",
        "accessId": access_id,
        "projectId": call.project,
        "serviceAccountEmail": email,
        "selfLink": call.self_link(f"projects/{call.project}/hmacKeys/{access_id}"),
        "state": "ACTIVE",
        "timeCreated": call.stamp(),
    }
    kept = _keep(call, f"{call.name}/{access_id}", body)
    secret = base64.b64encode(hashlib.sha256(digested + call.number().encode()).digest()[:30]).decode()
    return {"kind": "storage#hmacKey", "metadata": kept, "secret": secret}


def _keep(call: Call, name: str, body: Body) -> Body:
    body = {**body, "updated": call.stamp()}
    body["etag"] = digest([name, body["state"], body["updated"]])
    return call.store.put("storage", name, _KEYS, body).body


def _stored(call: Call) -> Stored:
    stored = call.store.get("storage", call.name)
    if stored is None:
        raise not_found(f"Access ID not found in project {call.project}.")
    return stored


def get(call: Call) -> Body:
    """`hmacKeys.get`."""
    return _stored(call).body


def list_(call: Call) -> Body:
    """`hmacKeys.list`, of one service account where it is named."""
    email = call.query.get("serviceAccountEmail", "")
    found = [
        item.body
        for item in call.store.children("storage", _KEYS, call.name)
        if not email or item.body["serviceAccountEmail"] == email
    ]
    return {"kind": "storage#hmacKeysMetadata", **page(call, found, "items")}


def update(call: Call) -> Body:
    """`hmacKeys.update`: ACTIVE or INACTIVE."""
    state = call.body.get("state")
    if state not in _STATES:
        raise invalid(f"Invalid argument: state '{state}' is not one of {', '.join(_STATES)}.", location="state")
    return _keep(call, call.name, {**_stored(call).body, "state": state})


def delete(call: Call) -> Response:
    """`hmacKeys.delete`, of an inactive key."""
    if _stored(call).body["state"] != "INACTIVE":
        raise invalid("Cannot delete keys in 'ACTIVE' state.")
    call.store.remove("storage", call.name)
    return Response.empty(204)


METHODS: dict[str, Handler] = {
    "projects.serviceAccount.get": service_agent,
    f"{_KEYS}.create": create,
    f"{_KEYS}.get": get,
    f"{_KEYS}.list": list_,
    f"{_KEYS}.update": update,
    f"{_KEYS}.delete": delete,
}


def policy_names(call: Call) -> list[tuple[str, str]]:
    """The project in the path."""
    return [("cloudresourcemanager", f"projects/{call.project}")]


PERMISSIONS = {"projects.serviceAccount.get": ("resourcemanager.projects.get",)}

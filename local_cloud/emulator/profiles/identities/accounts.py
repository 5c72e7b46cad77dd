"""Service accounts: aliases of their names, soft delete by unique id, disabling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, failed_precondition, invalid, not_found
from local_cloud.emulator.profile import Body, ResourceType, SoftDelete

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

COLLECTION = "projects.serviceAccounts"
# https://cloud.google.com/iam/docs/service-accounts-create
ACCOUNT_ID = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
# https://cloud.google.com/iam/docs/service-accounts-delete-undelete
_RETENTION = 30.0
# https://cloud.google.com/iam/quotas
_MOST_KEYS = 10
_EMAIL = re.compile(r"[^@/]+@(?P<project>[a-z0-9.:-]+?)\.iam\.gserviceaccount\.com")


def canonical_name(emulator: Emulator, name: str) -> str:
    """`projects/-/serviceAccounts/…` and unique ids resolved to `projects/P/serviceAccounts/EMAIL`."""
    parts = name.split("/")
    if len(parts) < 4 or parts[0] != "projects" or parts[2] != "serviceAccounts":
        return name
    if parts[3].isdigit():
        known = emulator.store.fact(f"service-account/{parts[3]}")
        parts[3] = known or parts[3]
    match = _EMAIL.fullmatch(parts[3])
    if parts[1] == "-" and match:
        parts[1] = match["project"]
    return "/".join(parts)


def by_email(emulator: Emulator, email: str) -> Body | None:
    """The live account of an e-mail address, or None."""
    name = canonical_name(emulator, f"projects/-/serviceAccounts/{email}")
    stored = emulator.store.get("iam", name)
    return stored.body if stored else None


def create(call: Call) -> Body:
    """`projects.serviceAccounts.create`."""
    account_id = str(call.required("accountId"))
    if not re.fullmatch(ACCOUNT_ID, account_id):
        message = (
            f'Service account ID "{account_id}" is invalid: it must be 6 to 30 lower-case letters, digits or hyphens'
            f" and match {ACCOUNT_ID}."
        )
        raise invalid(message, location="accountId")
    given = call.body.get("serviceAccount") or {}
    email = f"{account_id}@{call.project}.iam.gserviceaccount.com"
    name = f"projects/{call.project}/serviceAccounts/{email}"
    before = call.store.get("iam", name, deleted=True)
    if before and before.deleted_at is None:
        message = f"Service account {account_id} already exists within project projects/{call.project}."
        detail = {"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceName": name}
        raise ApiError(409, message, details=(detail,))
    unique = f"1{call.number()}{call.number()[-1]}"[:21]
    body = {
        "name": name,
        "projectId": call.project,
        "uniqueId": unique,
        "email": email,
        "oauth2ClientId": unique,
        **{key: given[key] for key in ("displayName", "description") if given.get(key)},
    }
    call.store.put_fact(f"service-account/{unique}", email)
    return dict(verbs.keep(call, name, body, before=None).body)


def patch(call: Call) -> Body:
    """`projects.serviceAccounts.patch`: only what the mask names, and the answer shows only that."""
    stored = call.stored()
    given = call.body.get("serviceAccount") or {}
    mask = [path for path in str(call.body.get("updateMask") or "").split(",") if path]
    if not mask:
        raise invalid("The request has no updateMask; it may name displayName and description.", location="updateMask")
    body = dict(stored.body)
    for path in mask:
        key = {"display_name": "displayName"}.get(path, path)
        if key not in ("displayName", "description"):
            raise invalid(f"The field '{path}' of a service account cannot be updated.", location="updateMask")
        body[key] = given.get(key, "")
    kept = verbs.keep(call, stored.name, body, stored).body
    return {
        key: kept[key]
        for key in ("name", "displayName", "description", "email", "projectId", "uniqueId", "etag")
        if key in kept
    }


def set_disabled(call: Call) -> Body:
    """`:enable` and `:disable`."""
    stored = call.stored()
    verbs.keep(call, stored.name, {**stored.body, "disabled": call.method.verb == "disable"}, stored)
    return {}


def undelete(call: Call) -> Body:
    """`:undelete`, by unique id, while no other account took the name."""
    stored = call.store.get("iam", call.name, deleted=True)
    if stored is None:
        raise not_found("Unknown service account")
    if stored.deleted_at is None:
        raise failed_precondition(f"Service account {stored.body['email']} is not deleted.")
    call.store.put("iam", stored.name, COLLECTION, stored.body)
    return {"restoredAccount": stored.body}


def most_keys_reached(call: Call, account: str) -> bool:
    """Whether an account has as many user-managed keys as it may have."""
    return len(call.store.children("iam", f"{COLLECTION}.keys", f"{account}/keys")) >= _MOST_KEYS


TYPE = ResourceType(
    COLLECTION,
    label="service account",
    writable=("disabled",),
    not_found="Unknown service account",
    soft_delete=SoftDelete(_RETENTION, gettable=False),
)
METHODS = {
    f"{COLLECTION}.create": create,
    f"{COLLECTION}.patch": patch,
    f"{COLLECTION}.enable": set_disabled,
    f"{COLLECTION}.disable": set_disabled,
    f"{COLLECTION}.undelete": undelete,
}

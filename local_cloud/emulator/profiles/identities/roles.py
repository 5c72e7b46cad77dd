"""Custom roles: names that stay taken after deletion, undelete, and the predefined roles beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, failed_precondition, invalid, not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, ResourceType, SoftDelete

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

PARENTS = ("projects.roles", "organizations.roles")
# https://cloud.google.com/iam/docs/creating-custom-roles
_ROLE_ID = r"[a-zA-Z0-9_.]{3,64}"
_PERMISSION = re.compile(r"[a-z][a-zA-Z0-9-]*(\.[a-zA-Z0-9-]+)*\.[a-zA-Z0-9]+")
_RETENTION = 7.0


def create(call: Call) -> Body:
    """`roles.create`; the id of a deleted role stays taken until it is purged."""
    role_id = str(call.required("roleId"))
    if not re.fullmatch(_ROLE_ID, role_id):
        raise invalid(f"The role name must match {_ROLE_ID}; '{role_id}' does not.", location="roleId")
    name = f"{call.name}/{role_id}"
    before = call.store.get("iam", name, deleted=True)
    if before and before.deleted_at is not None:
        raise failed_precondition(
            f"You can't create a role with role_id ({role_id}) where there is an existing role with that role_id in a"
            " deleted state."
        )
    if before:
        raise ApiError(409, f"A role named {role_id} in {'/'.join(call.name.split('/')[:2])} already exists.")
    role = {
        key: value for key, value in (call.body.get("role") or {}).items() if key not in ("name", "deleted", "etag")
    }
    role = {"name": name, **role}
    role.setdefault("stage", "ALPHA")
    _check(role)
    return verbs.show(call, verbs.keep(call, name, role, before=None))


def _check(role: Body) -> None:
    for permission in role.get("includedPermissions") or []:
        if not _PERMISSION.fullmatch(permission):
            raise invalid(f"Permission {permission} is not valid.", location="role.includedPermissions")


def patch(call: Call) -> Body:
    """`roles.patch` with an optional mask."""
    stored = call.stored(deleted=True)
    if stored.deleted_at is not None:
        raise failed_precondition(f"You can't update the role [{stored.name}] because it is in a deleted state.")
    answer = verbs.update(call)
    return answer if isinstance(answer, dict) else {}


def show_listed(call: Call) -> Body:
    """`roles.list` leaves the permissions out unless `view=FULL`."""
    deleted = call.query.get("showDeleted") == "true"
    found = [
        verbs.show(call, item)
        for item in call.store.children("iam", call.resource_type.collection, call.name, deleted=deleted)
    ]
    if call.query.get("view") != "FULL":
        found = [{key: value for key, value in role.items() if key != "includedPermissions"} for role in found]
    return page(call, found, "roles")


def predefined(call: Call) -> Body:
    """`roles.get` of a predefined role."""
    permissions = call.emulator.access.permissions_of(call.name)
    if permissions is None:
        raise not_found(f"The role named {call.name} was not found.")
    return {
        "name": call.name,
        "title": call.name.partition("/")[2],
        "includedPermissions": sorted(permissions),
        "stage": "GA",
        "etag": "AA==",
    }


def all_predefined(call: Call) -> Body:
    """`roles.list` of the predefined roles this cloud knows."""
    roles = [
        {"name": name, "title": name.partition("/")[2], "stage": "GA", "etag": "AA=="}
        for name in call.emulator.access.predefined_roles()
    ]
    return page(call, roles, "roles")


TYPES = tuple(
    ResourceType(
        collection,
        label="role",
        output_only=("deleted",),
        soft_delete=SoftDelete(_RETENTION, {"deleted": True}),
        not_found="The role named {name} was not found.",
    )
    for collection in PARENTS
)
METHODS = {
    **{f"{collection}.create": create for collection in PARENTS},
    **{f"{collection}.patch": patch for collection in PARENTS},
    **{f"{collection}.list": show_listed for collection in PARENTS},
    "roles.get": predefined,
    "roles.list": all_predefined,
    "roles.queryGrantableRoles": all_predefined,
}

"""What keeps a resource from being deleted: liens on projects, what is in a folder, holds on tag values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, failed_precondition, invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

# The only restriction there is (https://cloud.google.com/resource-manager/docs/project-liens).
_DELETION = "resourcemanager.projects.delete"
_HOLDS = "tagValues.tagHolds"


def _project(call: Call, parent: str) -> str:
    """The kept name of `projects/ID-or-NUMBER`; ApiError 403 when it is not there."""
    name = call.emulator.canonical(call.profile, parent)
    if not name.startswith("projects/") or call.store.get("cloudresourcemanager", name) is None:
        raise ApiError(403, "The caller does not have permission")
    return name


def create_lien(call: Call) -> Body:
    """`liens.create`: with a reason, an origin and the deletion of a project as what is restricted."""
    project = _project(call, str(call.required("parent")))
    if call.body.get("restrictions") != [_DELETION]:
        raise invalid(f"restrictions must be exactly [{_DELETION}].", location="restrictions")
    number = call.emulator.project_number(project.partition("/")[2])
    name = f"liens/p{number}-l{call.emulator.uuid(call)}"
    body = {
        "name": name,
        "parent": f"projects/{number}",
        "restrictions": [_DELETION],
        "reason": call.required("reason"),
        "origin": call.required("origin"),
        "createTime": call.stamp(),
    }
    return call.store.put("cloudresourcemanager", name, "liens", body).body


def list_liens(call: Call) -> Body:
    """`liens.list?parent=`."""
    number = call.emulator.project_number(_project(call, call.query.get("parent", "")).partition("/")[2])
    return page(call, _liens(call, number), "liens")


def _liens(call: Call, number: str | None) -> list[Body]:
    found = call.store.children("cloudresourcemanager", "liens")
    return [item.body for item in found if item.body["parent"] == f"projects/{number}"]


def delete_project(call: Call) -> Body | Response:
    """`projects.delete`, unless a lien is on the project."""
    liens = _liens(call, call.emulator.project_number(call.project))
    if liens:
        origins = ", ".join(sorted({lien["origin"] for lien in liens}))
        raise failed_precondition(
            f"A lien to prevent deletion was placed on the project by [{origins}]. Remove the lien to allow deletion."
        )
    return verbs.delete(call)


def delete_folder(call: Call) -> Body | Response:
    """`folders.delete`, unless a live folder or project is in it."""
    name = call.stored().name
    for collection in ("folders", "projects"):
        for item in call.store.children("cloudresourcemanager", collection):
            if item.body.get("parent") == name:
                raise _not_empty(name, item.name)
    return verbs.delete(call)


def _not_empty(folder: str, inside: str) -> ApiError:
    violation = {"type": "FOLDER_TO_DELETE_NON_EMPTY_VIOLATION", "subject": folder}
    description = f"The folder {folder} cannot be deleted: it still holds {inside}."
    detail = {
        "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
        "violations": [{**violation, "description": description}],
    }
    return ApiError(400, description, status="FAILED_PRECONDITION", details=(detail,))


def refuse_held(call: Call) -> None:
    """ApiError 400 for a tag value that somebody holds."""
    held = call.store.children("cloudresourcemanager", _HOLDS, f"{call.name}/tagHolds")
    if held:
        raise failed_precondition(f"Cannot delete tag value {call.name} while {held[0].body['holder']} holds it.")


TYPES = (ResourceType("liens"), ResourceType(_HOLDS, label="tagHold", schema="TagHold", id_source="uuid"))
METHODS: dict[str, Handler] = {
    "liens.create": create_lien,
    "liens.list": list_liens,
    "projects.delete": delete_project,
    "folders.delete": delete_folder,
}

"""Cloud Resource Manager: organisations, folders and projects; v1 spells what v3 keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, failed_precondition, invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Adapter, Body, Profile, ResourceType, SoftDelete
from local_cloud.emulator.profiles.organisation import holds, tags

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

ORGANIZATION = "organizations/123456789012"
DOMAIN = "presidential-digs.example"
OWNER = f"user:owner@{DOMAIN}"
# What the person who sets an organisation up is given
# (https://cloud.google.com/resource-manager/docs/quickstart-organizations, "setup" roles).
_OWNER_ROLES = (
    "roles/billing.user",
    "roles/iam.organizationRoleAdmin",
    "roles/owner",
    "roles/resourcemanager.organizationAdmin",
    "roles/resourcemanager.projectCreator",
    "roles/resourcemanager.folderAdmin",
)
# Days until a deleted project is gone: https://cloud.google.com/resource-manager/docs/creating-managing-projects
_PROJECT_RETENTION = 30.0
_PROJECT_ID = r"(?:[a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"


def _seed(emulator: Emulator) -> None:
    organization = {
        "name": ORGANIZATION,
        "displayName": DOMAIN,
        "directoryCustomerId": "C01digs00",
        "state": "ACTIVE",
        "createTime": "2026-01-01T00:00:00.000000Z",
        "updateTime": "2026-01-01T00:00:00.000000Z",
    }
    emulator.store.put("cloudresourcemanager", ORGANIZATION, "organizations", organization)
    bindings = [{"role": role, "members": [OWNER]} for role in _OWNER_ROLES]
    emulator.store.put_policy(
        "cloudresourcemanager", ORGANIZATION, {"version": 1, "bindings": bindings, "etag": "BwXorganise="}
    )


def _number(call: Call, body: Body) -> str:
    """Twelve digits, as project numbers have."""
    return str(100_000_000_000 + int(call.number()) % 900_000_000_000)


def _check_parent(call: Call, before: Body | None, wanted: Body) -> None:
    parent = wanted.get("parent", "")
    if before is None and parent and call.store.get("cloudresourcemanager", parent) is None:
        raise ApiError(403, f"The caller does not have permission to act as parent {parent}, or it does not exist.")
    if before is not None and before.get("state") != "ACTIVE":
        raise failed_precondition(f"Project {wanted.get('projectId')} is not active.")


def _register(call: Call, body: Body) -> Body:
    """Remember number ↔ id, and make the creator its owner."""
    project, number = body["projectId"], body["name"].partition("/")[2]
    call.store.put_fact(f"project-number/{project}", number)
    call.store.put_fact(f"project-id/{number}", project)
    principal = call.request.principal
    if principal:
        owner = {"role": "roles/owner", "members": [principal.member]}
        call.store.put_policy(
            "cloudresourcemanager",
            f"projects/{project}",
            {"version": 1, "bindings": [owner], "etag": call.emulator.uuid(call)[:12]},
        )
    return body


def _write_project(call: Call, body: Body) -> Body:
    if "name" not in body or not body["name"].removeprefix("projects/").isdigit():
        known = call.emulator.project_number(body["projectId"])  # a project keeps its number through every change
        body["name"] = f"projects/{known or _number(call, body)}"
    return body


def _to_v3(call: Call, body: Body) -> Body:
    parent = body.pop("parent", None)
    result = {
        key: value
        for key, value in body.items()
        if key not in ("name", "projectNumber", "lifecycleState", "createTime", "tags")
    }
    if "name" in body:
        result["displayName"] = body["name"]
    if parent:
        result["parent"] = f"{parent.get('type')}s/{parent.get('id')}"
    return result


def _to_v1(call: Call, body: Body) -> Body:
    kind, _, identifier = body.get("parent", "").partition("/")
    result = {
        "projectNumber": body["name"].partition("/")[2],
        "projectId": body["projectId"],
        "lifecycleState": body.get("state", "ACTIVE"),
        "name": body.get("displayName") or body["projectId"],
        "createTime": body["createTime"],
    }
    if body.get("labels"):
        result["labels"] = body["labels"]
    if kind:
        result["parent"] = {"type": kind.removesuffix("s"), "id": identifier}
    return result


def _projects_v1(call: Call) -> Body:
    """v1 `projects.list` filters on v1's own fields and lists every project."""
    found = call.store.children("cloudresourcemanager", "projects", deleted=True)
    return page(call, [verbs.show(call, item) for item in found], "projects")


def _projects_v3(call: Call) -> Body:
    parent = call.query.get("parent", "")
    found = call.store.children("cloudresourcemanager", "projects", deleted=call.query.get("showDeleted") == "true")
    return page(
        call, [verbs.show(call, item) for item in found if not parent or item.body.get("parent") == parent], "projects"
    )


def _search(call: Call) -> Body:
    found = call.store.children("cloudresourcemanager", call.resource_type.collection, deleted=True)
    shown = [verbs.show(call, item) for item in found]
    query = call.query.get("query", "") or str(call.body.get("query") or call.body.get("filter") or "")
    call.query = {**call.query, "filter": query}
    return page(call, shown, call.resource_type.collection)


def _ancestry(call: Call) -> Body:
    stored = call.stored()
    chain = [{"resourceId": {"type": "project", "id": stored.body["projectId"]}}]
    parent = stored.body.get("parent", "")
    while parent:
        kind, _, identifier = parent.partition("/")
        chain.append({"resourceId": {"type": kind.removesuffix("s"), "id": identifier}})
        above = call.store.get("cloudresourcemanager", parent)
        parent = above.body.get("parent", "") if above else ""
    return {"ancestor": chain}


def _move(call: Call) -> Body:
    stored = call.stored()
    destination = call.required("destinationParent")
    if call.store.get("cloudresourcemanager", destination) is None:
        raise invalid(f"The destination {destination} does not exist.")
    kept = verbs.keep(call, stored.name, {**stored.body, "parent": destination}, stored)
    answer = verbs.respond(call, kept.name, "move", kept)
    return answer if isinstance(answer, dict) else {}


def _metadata(call: Call, target: str, verb: str, result: Body | None) -> Body:
    if call.document.version == "v1":
        call.memory["type_url"] = "google.cloudresourcemanager.v1"
        status = f"type.googleapis.com/{call.memory['type_url']}.ProjectCreationStatus"
        return {"@type": status, "createTime": call.stamp(), "gettable": True, "ready": True}
    kind = call.method.verb[0].upper() + call.method.verb[1:]
    noun = call.resource_type.noun
    return {"@type": f"type.googleapis.com/{call.profile.type_url}.{kind}{noun[0].upper()}{noun[1:]}Metadata"}


_GONE = "The caller does not have permission"


def _hidden(call: Call) -> Body:
    """A project that is not there and one the caller may not see look the same: 403."""
    stored = call.store.get("cloudresourcemanager", call.name, deleted=True)
    if stored is None:
        raise ApiError(403, _GONE)
    return verbs.show(call, stored)


def _policy_names(call: Call) -> list[tuple[str, str]]:
    """A creation is asked of the parent, everything else of the resource itself."""
    if call.method.verb in ("create", "list") and call.type is not None:
        parent = call.body.get("parent") or call.query.get("parent") or ""
        name = f"{parent.get('type')}s/{parent.get('id')}" if isinstance(parent, dict) else str(parent)
        return [("cloudresourcemanager", call.emulator.canonical(call.profile, name))]
    if call.name.startswith("liens/"):
        lien = call.store.get("cloudresourcemanager", call.name)
        return [("cloudresourcemanager", call.emulator.canonical(call.profile, lien.body["parent"]))] if lien else []
    return [("cloudresourcemanager", call.name)]


PROFILE = Profile(
    permission_prefix="resourcemanager",
    permission_nouns={"tagBindings": "tagValueBindings"},
    permissions={
        "projects.create": ("resourcemanager.projects.create",),
        "projects.getAncestry": ("resourcemanager.projects.get",),
        "v1:projects.list": (),
        "projects.search": (),
        **{f"liens.{verb}": ("resourcemanager.projects.updateLiens",) for verb in ("create", "delete")},
        **{f"liens.{verb}": ("resourcemanager.projects.get",) for verb in ("get", "list")},
        "folders.search": (),
        "organizations.search": (),
        "tagBindings.list": (),
        "v3:tagKeys.patch": ("resourcemanager.tagKeys.get", "resourcemanager.tagKeys.update"),
    },
    policy_names=_policy_names,
    api="cloudresourcemanager",
    versions=("v3", "v1"),
    enablement="consumer",
    type_url="google.cloud.resourcemanager.v3",
    operation_metadata=_metadata,
    types=(
        ResourceType("organizations"),
        *tags.TYPES,
        *holds.TYPES,
        ResourceType(
            "folders",
            id_source="numeric",
            defaults={"state": "ACTIVE"},
            writable=("state",),
            soft_delete=SoftDelete(_PROJECT_RETENTION, {"state": "DELETE_REQUESTED"}),
        ),
        ResourceType(
            "projects",
            id_source="body:projectId",
            id_pattern=_PROJECT_ID,
            defaults={"displayName": lambda call, body: body["projectId"]},
            computed={"state": "ACTIVE"},
            immutable=("projectId",),
            soft_delete=SoftDelete(_PROJECT_RETENTION, {"state": "DELETE_REQUESTED"}),
            check=_check_parent,
            before_write=_write_project,
            after_create=_register,
            exists="Requested entity already exists",
        ),
    ),
    done_at_once=("folders.delete", "tagKeys.patch", "tagValues.patch", "tagBindings.create", "tagBindings.delete"),
    adapters={"v1": {"projects": Adapter(_to_v3, _to_v1)}},
    methods={
        "v1:projects.list": _projects_v1,
        "v3:projects.list": _projects_v3,
        "projects.get": _hidden,
        "projects.search": _search,
        "folders.search": _search,
        "organizations.search": _search,
        "projects.getAncestry": _ancestry,
        "projects.move": _move,
        "folders.move": _move,
        **tags.METHODS,
        **holds.METHODS,
    },
    seed=_seed,
)

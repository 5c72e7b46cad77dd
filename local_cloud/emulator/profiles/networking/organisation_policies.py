"""Hierarchical firewall policies: they belong to the organisation or a folder, not to a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import already_exists, invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, ResourceType
from local_cloud.emulator.profiles.networking import firewall_policies

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

COLLECTION = "firewallPolicies"


def _parent(call: Call, body: Body) -> str:
    """The node that owns the policy; ApiError 400 when it is not there."""
    parent = call.query.get("parentId", "")
    if call.store.get("cloudresourcemanager", parent) is None:
        raise invalid(
            f"Invalid value for field 'parentId': '{parent}'. It must be an organization or folder that exists.",
            location="parentId",
        )
    return parent


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    """The short name is the policy's name below its parent."""
    firewall_policies.check_rules(call, before, wanted)
    short = wanted.get("shortName") or wanted.get("displayName")
    if not short:
        raise invalid(
            "Invalid value for field 'resource.shortName': ''. Required field 'shortName' not specified.",
            location="shortName",
        )
    for other in call.store.children("compute", COLLECTION) if before is None else ():
        if (other.body["parent"], other.body["shortName"]) == (wanted["parent"], short):
            raise already_exists(f"The resource '{wanted['parent']}/firewallPolicies/{short}' already exists")


def _finish(call: Call, body: Body) -> Body:
    """The id is the name, and both display names are one."""
    body["name"] = body["id"]
    body["shortName"] = body["displayName"] = body.get("shortName") or body["displayName"]
    body["selfLinkWithId"] = f"{body['selfLink']}/{body['id']}"
    return firewall_policies.finish(call, body)


def list_(call: Call) -> Body:
    """`firewallPolicies.list?parentId=`."""
    parent = call.query.get("parentId", "")
    found = [
        verbs.show(call, item)
        for item in call.store.children("compute", COLLECTION)
        if not parent or item.body["parent"] == parent
    ]
    return {"kind": "compute#firewallPolicyList", **page(call, found, "items")}


def list_associations(call: Call) -> Body:
    """`firewallPolicies.listAssociations?targetResource=`."""
    target = call.query.get("targetResource", "")
    found = [
        association
        for item in call.store.children("compute", COLLECTION)
        for association in item.body.get("associations", [])
        if not target or association["attachmentTarget"] == target
    ]
    return {
        "kind": "compute#firewallPoliciesListAssociationsResponse",
        **({"associations": found} if found else {}),
    }


def move(call: Call) -> Body | Response:
    """`firewallPolicies.move?parentId=`."""
    stored = call.stored()
    kept = verbs.keep(call, stored.name, {**stored.body, "parent": _parent(call, {})}, stored)
    return verbs.respond(call, kept.name, "move", kept)


def policy_names(call: Call) -> list[tuple[str, str]]:
    """The policy itself, then the node that owns it, or that is to own it."""
    stored = call.store.get("compute", call.name)
    parent = stored.body["parent"] if stored else call.query.get("parentId") or call.query.get("targetResource") or ""
    return [("compute", call.name), ("cloudresourcemanager", str(parent))]


TYPE = ResourceType(
    COLLECTION,
    label="firewall_policy",
    id_source="numeric",
    output_only=("associations",),
    defaults={"parent": _parent},
    check=_check,
    before_write=_finish,
)
METHODS = {
    **firewall_policies.METHODS,
    "list": list_,
    "listAssociations": list_associations,
    "move": move,
}
OPERATION_TYPES = {
    "insert": "createFirewallPolicy",
    "patch": "updateFirewallPolicy",
    "delete": "deleteFirewallPolicy",
}

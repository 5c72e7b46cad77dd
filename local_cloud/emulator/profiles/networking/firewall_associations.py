"""What firewall policies are associated with: networks, folders, the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import already_exists, invalid, not_found
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body
    from local_cloud.emulator.store import Stored

_NODES = ("organizations/", "folders/")


def target_of(call: Call, value: str) -> str:
    """The relative name of an association's target: a folder or organisation as it is, a network in any spelling."""
    return value if value.startswith(_NODES) else relative_name(call, "compute", "networks", value)


def _attachment(call: Call) -> tuple[str, str]:
    """(target as it is shown, name that the association has by default); ApiError 400 when it is not there."""
    given = str(call.required("attachmentTarget"))
    name = target_of(call, given)
    hierarchical = name.startswith(_NODES)
    if call.store.get("cloudresourcemanager" if hierarchical else "compute", name) is None:
        raise invalid(
            f"Invalid value for field 'resource.attachmentTarget': '{given}'. The referenced"
            f" {'node' if hierarchical else 'network'} resource cannot be found."
        )
    return (name, name.replace("s/", "-")) if hierarchical else (call.self_link(name), name.rpartition("/")[2])


def _keep(call: Call, stored: Stored, associations: list[Body]) -> Body | Response:
    kept = verbs.keep(call, stored.name, {**stored.body, "associations": associations}, stored)
    return verbs.respond(call, kept.name, call.method.verb, kept)


def add(call: Call) -> Body | Response:
    """`addAssociation`: a target has one policy of a kind, unless it is replaced."""
    stored = call.stored()
    target, name = _attachment(call)
    for other in call.store.children("compute", call.resource_type.collection):
        _refuse_second(call, other, target)
    shown = stored.body.get("shortName") or stored.body["name"]
    association = {
        "name": call.body.get("name") or name,
        "attachmentTarget": target,
        "firewallPolicyId": stored.body["id"],
        "shortName": shown,
        "displayName": shown,
    }
    return _keep(call, stored, [*_without(stored, association["name"]), association])


def _without(stored: Stored, name: str) -> list[Body]:
    return [item for item in stored.body.get("associations", []) if item["name"] != name]


def _refuse_second(call: Call, other: Stored, target: str) -> None:
    """409 for a target that has a policy; it loses that one when the association is to be replaced."""
    held = [item for item in other.body.get("associations", []) if item["attachmentTarget"] == target]
    if not held:
        return
    if call.query.get("replaceExistingAssociation", "").lower() != "true":
        raise already_exists(
            f"An association with '{target}' already exists on firewall policy '{other.body['name']}'."
        )
    left = [item for item in other.body["associations"] if item not in held]
    verbs.keep(call, other.name, {**other.body, "associations": left}, other)


def get(call: Call) -> Body:
    """`getAssociation?name=`."""
    stored, name = call.stored(), call.query.get("name", "")
    for association in stored.body.get("associations", []):
        if association["name"] == name:
            return dict(association)
    raise not_found(f"The association '{name}' of firewall policy '{stored.body['name']}' was not found")


def remove(call: Call) -> Body | Response:
    """`removeAssociation?name=`."""
    stored, association = call.stored(), get(call)
    return _keep(call, stored, _without(stored, association["name"]))


METHODS = {"addAssociation": add, "getAssociation": get, "removeAssociation": remove}

"""Groups (projects) of Atlas, their database users and access lists."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from local_cloud.atlas import kinds
from local_cloud.atlas.kinds import ENTRIES, GROUPS, ORGANISATION, SCRAM, SERVICE, USERS, Body
from local_cloud.atlas.refusals import AtlasError, invalid
from local_cloud.atlas.scram import verifiers

if TYPE_CHECKING:
    from local_cloud.atlas.asking import Asked
    from local_cloud.emulator.store import Stored

_GROUP_NAME = re.compile(r"[\w .()&@+:,'-]{1,64}")
# What a new group's settings are.
_SETTINGS: Body = {
    "isCollectDatabaseSpecificsStatisticsEnabled": True,
    "isDataExplorerEnabled": True,
    "isExtendedStorageSizesEnabled": False,
    "isPerformanceAdvisorEnabled": True,
    "isRealtimePerformancePanelEnabled": True,
    "isSchemaAdvisorEnabled": True,
}


def list_organisations(asked: Asked) -> list[Body]:
    """The one organisation."""
    return [{"id": ORGANISATION, "name": "Presidential Digs", "isDeleted": False, "links": []}]


def list_groups(asked: Asked) -> list[Body]:
    """Every group."""
    return [_group(asked, one) for one in asked.store.children(SERVICE, GROUPS)]


def group_by_name(asked: Asked) -> Body:
    """The group of a name."""
    for one in asked.store.children(SERVICE, GROUPS):
        if one.body["name"] == asked.parts["name"]:
            return _group(asked, one)
    name = asked.parts["name"]
    raise AtlasError(404, "GROUP_NAME_NOT_FOUND", f"No group with name {name} exists.", [name])


def create_group(asked: Asked) -> Body:
    """A new group of the organisation, with a name that no other has."""
    given = asked.given
    name = str(given.get("name", ""))
    if not _GROUP_NAME.fullmatch(name):
        raise invalid("name", "1 to 64 letters, digits, spaces and ._()&@+:,'-")
    if given.get("orgId") != ORGANISATION:
        raise AtlasError(404, "ORG_NOT_FOUND", f"No organization with ID {given.get('orgId')} exists.")
    if any(one.body["name"] == name for one in asked.store.children(SERVICE, GROUPS)):
        raise AtlasError(409, "GROUP_ALREADY_EXISTS", f"A group with name {name} already exists.", [name])
    made = {"tags": [], **given, "id": kinds.identifier(asked.store), "created": kinds.stamp(asked.now)}
    made["_settings"] = dict(_SETTINGS)
    asked.keep_group(made)
    return _shown_group(asked, made)


def get_group(asked: Asked) -> Body:
    """One group."""
    return _shown_group(asked, _stored(asked))


def update_group(asked: Asked) -> Body:
    """Another name, other tags."""
    changed = {**_stored(asked), **{key: value for key, value in asked.given.items() if key in ("name", "tags")}}
    asked.keep_group(changed)
    return _shown_group(asked, changed)


def delete_group(asked: Asked) -> None:
    """The end of a group that has no cluster any more."""
    group = asked.group
    if asked.store.children(SERVICE, kinds.CLUSTERS, f"groups/{group}/clusters"):
        detail = "There are active clusters in this group; terminate them first."
        raise AtlasError(409, "CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS", detail)
    for below in asked.store.below(SERVICE, kinds.group_name(group)):
        asked.store.remove(SERVICE, below.name)
    asked.store.remove(SERVICE, kinds.group_name(group))


def get_settings(asked: Asked) -> Body:
    """What the people of a group may use."""
    return dict(_stored(asked)["_settings"])


def update_settings(asked: Asked) -> Body:
    """Change some of it."""
    group = _stored(asked)
    for key, value in asked.given.items():
        if key not in _SETTINGS or not isinstance(value, bool):
            raise invalid(key, f"true or false, for one of {', '.join(_SETTINGS)}")
    group["_settings"] = {**group["_settings"], **asked.given}
    asked.keep_group(group)
    return dict(group["_settings"])


def _stored(asked: Asked) -> Body:
    stored = asked.store.get(SERVICE, kinds.group_name(asked.group))
    assert stored is not None
    return dict(stored.body)


def _group(asked: Asked, stored: Stored) -> Body:
    return _shown_group(asked, stored.body)


def _shown_group(asked: Asked, body: Body) -> Body:
    count = len(asked.store.children(SERVICE, kinds.CLUSTERS, f"groups/{body['id']}/clusters"))
    return {**kinds.shown(body), "clusterCount": count, "links": []}


# Database users


def list_users(asked: Asked) -> list[Body]:
    """Every user of a group."""
    return [_user(one.body) for one in asked.store.children(SERVICE, USERS, f"groups/{asked.group}/databaseUsers")]


def create_user(asked: Asked) -> Body:
    """A new user with a password."""
    group, given = asked.group, asked.given
    user, database = str(given.get("username", "")), str(given.get("databaseName", ""))
    if not user:
        raise invalid("username", "it is missing")
    if database != "admin":
        raise invalid("databaseName", "admin, the database of users with a password")
    name = kinds.user_name(group, database, user)
    if asked.store.get(SERVICE, name):
        raise AtlasError(409, "USER_ALREADY_EXISTS", f"A user named {user} already exists.", [user])
    if not given.get("password"):
        raise invalid("password", "users are let in by their password here, so one is needed")
    return _keep_user(asked, name, {"roles": [], "scopes": [], "labels": [], **given, "groupId": group})


def get_user(asked: Asked) -> Body:
    """One user, without the password."""
    return _user(_stored_user(asked).body)


def update_user(asked: Asked) -> Body:
    """Other roles, scopes or password."""
    stored = _stored_user(asked)
    fixed = {key: stored.body[key] for key in ("username", "databaseName", "groupId")}
    return _keep_user(asked, stored.name, {**stored.body, **asked.given, **fixed})


def delete_user(asked: Asked) -> None:
    """The end of a user."""
    asked.store.remove(SERVICE, _stored_user(asked).name)


def _keep_user(asked: Asked, name: str, body: Body) -> Body:
    password = body.pop("password", None)
    if password is not None and len(str(password)) < 8:
        raise invalid("password", "at least 8 characters")
    for role in body["roles"]:
        if not role.get("roleName") or not role.get("databaseName"):
            raise invalid("roles", "roleName and databaseName are both needed")
    if password is not None:
        body[SCRAM] = verifiers(str(body["username"]), str(password))
    asked.store.put(SERVICE, name, USERS, body)
    return _user(body)


def _stored_user(asked: Asked) -> Stored:
    database, user = asked.parts["database"], asked.parts["user"]
    stored = asked.store.get(SERVICE, kinds.user_name(asked.group, database, user))
    if stored is None:
        raise AtlasError(404, "USERNAME_NOT_FOUND", f"No user with username {user} exists.", [user])
    return stored


def _user(body: Body) -> Body:
    own = {"awsIAMType": "NONE", "ldapAuthType": "NONE", "oidcAuthType": "NONE", "x509Type": "NONE", "links": []}
    return {**kinds.shown(body), **own}


# Access lists


def list_entries(asked: Asked) -> list[Body]:
    """Every entry."""
    return [kinds.shown(one.body) for one in asked.store.children(SERVICE, ENTRIES, f"groups/{asked.group}/accessList")]


def create_entries(asked: Asked) -> list[Body]:
    """Add entries; those that are there are replaced."""
    group = asked.group
    if not isinstance(asked.body, list) or not asked.body:
        raise AtlasError(400, "MALFORMED_JSON", "The body must be a list of entries.")
    for given in asked.body:
        entry = _network(given)
        shown = {"cidrBlock": entry, "comment": given.get("comment", ""), "groupId": group}
        if entry.endswith("/32"):
            shown["ipAddress"] = entry.removesuffix("/32")
        asked.store.put(SERVICE, kinds.entry_name(group, entry), ENTRIES, shown)
    return list_entries(asked)


def get_entry(asked: Asked) -> Body:
    """One entry."""
    return kinds.shown(_entry(asked).body)


def delete_entry(asked: Asked) -> None:
    """Take an entry away."""
    asked.store.remove(SERVICE, _entry(asked).name)


def _entry(asked: Asked) -> Stored:
    wanted = asked.parts["entry"]
    entry = wanted if "/" in wanted else f"{wanted}/32"
    stored = asked.store.get(SERVICE, kinds.entry_name(asked.group, entry))
    if stored is None:
        detail = f"IP Address {wanted} not on Atlas access list for group."
        raise AtlasError(404, "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND", detail, [wanted])
    return stored


def _network(given: Any) -> str:
    """`203.0.113.5/32`; AtlasError for what is no address or network."""
    value = str(given.get("cidrBlock") or given.get("ipAddress") or "") if isinstance(given, dict) else ""
    try:
        return str(ipaddress.ip_network(value, strict=True))
    except ValueError as error:
        raise invalid("cidrBlock", str(error)) from error

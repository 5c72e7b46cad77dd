"""Schemas of topics: every definition stays as a revision."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import failed_precondition, invalid, not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

COLLECTION = "projects.schemas"
# https://cloud.google.com/pubsub/docs/create-schema
_ID = r"(?!goog)[a-zA-Z][a-zA-Z0-9._~%+-]{2,254}"
_MESSAGE = re.compile(r"\bmessage\s+\w+\s*\{")
# https://cloud.google.com/pubsub/quotas#resource_limits
_MOST_REVISIONS = 20


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    """An Avro definition is JSON with a type, a protocol buffer's holds a message."""
    definition = str(wanted.get("definition", ""))
    if wanted.get("type") == "AVRO":
        try:
            sound = "type" in json.loads(definition)
        except (ValueError, TypeError):
            sound = False
    else:
        sound = wanted.get("type") == "PROTOCOL_BUFFER" and bool(_MESSAGE.search(definition))
    if not sound:
        raise invalid("Invalid schema definition: it is not a schema of its type.", location="definition")


def _revise(call: Call, body: Body) -> Body:
    """A write is a new revision."""
    revision = call.emulator.uuid(call)[:8]
    body = {**body, "revisionId": revision, "revisionCreateTime": call.stamp()}
    call.store.put_fact(_key(call.memory["name"]), [body, *_revisions(call, call.memory["name"])])
    return body


def _key(name: str) -> str:
    return f"schema-revisions/{name}"


def _revisions(call: Call, name: str) -> list[Body]:
    """Every revision, the newest first."""
    return list(call.store.fact(_key(name)) or [])


def _forget(call: Call, body: Body) -> Body:
    call.store.put_fact(_key(call.name), [])
    return body


def _viewed(call: Call, body: Body) -> Body:
    """Lists leave the definition out unless `view=FULL`."""
    default = "FULL" if call.method.verb in ("get", "create", "commit", "rollback") else "BASIC"
    if call.query.get("view", default) == "FULL":
        return body
    return {key: value for key, value in body.items() if key != "definition"}


def _at(call: Call, name: str, revision: str) -> Body:
    for body in _revisions(call, name):
        if body["revisionId"] == revision:
            return body
    raise not_found(f"Resource not found (resource={name.rpartition('/')[2]}@{revision}).")


def get(call: Call) -> Body:
    """`schemas.get`, of the newest revision or of `NAME@REVISION`."""
    name, _, revision = call.name.partition("@")
    stored = call.stored(name)
    return _viewed(call, _at(call, name, revision)) if revision else verbs.show(call, stored)


def _keep(call: Call, change: Body) -> Body:
    stored = call.stored()
    if len(_revisions(call, stored.name)) >= _MOST_REVISIONS:
        raise failed_precondition(f"The schema has {_MOST_REVISIONS} revisions; delete one first.")
    kept: Body = {key: change[key] for key in ("type", "definition") if key in change}
    return verbs.show(call, verbs.keep(call, stored.name, {**stored.body, **kept}, stored))


def commit(call: Call) -> Body:
    """`schemas.commit`: a new definition of the same type."""
    given = call.body.get("schema") or {}
    if given.get("type") not in (None, call.stored().body["type"]):
        raise invalid("The type of a schema cannot change.", location="schema.type")
    return _keep(call, given)


def rollback(call: Call) -> Body:
    """`schemas.rollback`: an old definition as a new revision."""
    return _keep(call, _at(call, call.stored().name, str(call.required("revisionId"))))


def list_revisions(call: Call) -> Body:
    """`schemas.listRevisions`."""
    return page(call, [_viewed(call, body) for body in _revisions(call, call.stored().name)], "schemas")


def delete_revision(call: Call) -> Body | Response:
    """`schemas.deleteRevision`: any but the last."""
    name, _, named = call.name.partition("@")
    stored = call.stored(name)
    gone = _at(call, name, named or call.query.get("revisionId", ""))
    left = [body for body in _revisions(call, name) if body["revisionId"] != gone["revisionId"]]
    if not left:
        raise invalid("The only revision of a schema cannot be deleted; delete the schema.")
    call.store.put_fact(_key(name), left)
    call.store.put("pubsub", stored.name, COLLECTION, left[0])
    return left[0]


def validate(call: Call) -> Body:
    """`schemas:validate`."""
    _check(call, None, call.body.get("schema") or {})
    return {}


TYPE = ResourceType(
    COLLECTION,
    id_source="query:schemaId",
    id_pattern=_ID,
    not_found="Resource not found (resource={id}).",
    exists="Resource already exists in the project (resource={id}).",
    check=_check,
    before_write=_revise,
    after_delete=_forget,
    view=_viewed,
)
METHODS: dict[str, Handler] = {
    f"{COLLECTION}.get": get,
    f"{COLLECTION}.commit": commit,
    f"{COLLECTION}.rollback": rollback,
    f"{COLLECTION}.listRevisions": list_revisions,
    f"{COLLECTION}.deleteRevision": delete_revision,
    f"{COLLECTION}.validate": validate,
}

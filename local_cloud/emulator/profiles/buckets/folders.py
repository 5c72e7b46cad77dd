"""Folders of a bucket with a hierarchical namespace, and managed folders: names end in a slash."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import not_found
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Response

_COLLECTIONS = ("folders", "managedFolders")


def canonical_name(emulator: Emulator, name: str) -> str:
    """`b/B/folders/a/` and `b/B/folders/a` are one."""
    parts = name.split("/")
    return name.rstrip("/") if len(parts) > 3 and parts[2] in _COLLECTIONS else name


def _create(call: Call) -> Body | Response:
    if call.store.get("storage", f"b/{call.parameters['bucket']}") is None:
        raise not_found("The specified bucket does not exist.")
    call.body = {**call.body, "name": str(call.required("name")).rstrip("/")}
    return verbs.create(call)


def _shown_name(call: Call, body: Body) -> Body:
    """The name with its slash, the link with the slash escaped where it is a managed folder."""
    name = str(body["name"]).rstrip("/")
    path = f"b/{call.parameters['bucket']}/{call.method.collection}/{quote(name, safe='')}"
    link = call.self_link(path) + ("%2F" if call.method.collection == "managedFolders" else "")
    return {**body, "name": f"{name}/", "selfLink": link, "id": f"{call.parameters['bucket']}/{name}/"}


def _type(collection: str) -> ResourceType:
    return ResourceType(
        collection,
        id_source="body:name",
        computed={"bucket": lambda call, body: call.parameters["bucket"], "metageneration": "1"},
        output_only=("bucket", "createTime", "id", "metageneration", "pendingRenameInfo", "selfLink", "updateTime"),
        before_write=_shown_name,
        not_found="The specified folder does not exist.",
        exists="The folder you tried to create already exists.",
    )


PLAIN, MANAGED = (_type(collection) for collection in _COLLECTIONS)
METHODS: dict[str, Handler] = {f"{collection}.insert": _create for collection in _COLLECTIONS}

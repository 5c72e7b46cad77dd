"""Cloud Storage: buckets, objects, uploads, IAM, and the object read at the host's root."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from local_cloud.emulator.errors import unauthenticated
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.buckets import access, folders, objects, settings, uploads

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

_HOST = "storage.googleapis.com"
_API_PATHS = ("/storage/", "/upload/", "/download/", "/batch/", "/resumable/")


def _object_at_root(emulator: Emulator, request: Request) -> Response | None:
    """`GET /BUCKET/OBJECT` at the host's root, which Go's storage client reads with."""
    if request.host != _HOST or request.method not in ("GET", "HEAD") or request.path.startswith(_API_PATHS):
        return None
    bucket, _, name = request.path.lstrip("/").partition("/")
    if not bucket or not name:
        return None
    if request.principal is None:
        return unauthenticated().response("legacy")
    query = "&".join(part for part in (request.query, "alt=media") if part)
    answer = emulator.forward(request, f"/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}", query)
    if answer.status == 404:
        code, text = (
            ("NoSuchKey", "The specified key does not exist.")
            if emulator.store.get("storage", f"b/{unquote(bucket)}")
            else ("NoSuchBucket", "The specified bucket does not exist.")
        )
        return Response.text(
            404,
            f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{text}</Message></Error>",
            "application/xml; charset=UTF-8",
        )
    return answer


def _anywhere_caches(call: Call) -> Body:
    """No bucket has a cache."""
    return {"kind": "storage#anywhereCaches"}


PROFILE = Profile(
    permissions=access.PERMISSIONS,
    policy_names=access.policy_names,
    api="storage",
    style="legacy",
    proto3=False,
    enablement="consumer",
    empty_status=204,
    raw=_object_at_root,
    canonical_name=folders.canonical_name,
    types=(
        settings.TYPE,
        ResourceType("notifications", label="notification", output_only=("etag", "id", "selfLink")),
        folders.PLAIN,
        folders.MANAGED,
    ),
    methods={
        **settings.METHODS,
        **objects.METHODS,
        **access.METHODS,
        **folders.METHODS,
        "objects.insert": uploads.insert,
        "anywhereCaches.list": _anywhere_caches,
    },
)

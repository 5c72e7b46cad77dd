"""Objects at the root of Cloud Storage's host: read and written with a token or a signed URL, read by all if public."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode

from local_cloud.emulator.profiles.buckets import objects, signed_urls
from local_cloud.emulator.profiles.buckets.xml_errors import XmlError, of_json

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Request, Response

_HOST = "storage.googleapis.com"
_API_PATHS = ("/storage/", "/upload/", "/download/", "/batch/", "/resumable/")
_VERBS = ("GET", "HEAD", "PUT", "DELETE")
# The query may replace these headers of an answer.
_REPLACED = {"response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition"}
_CONDITIONS = {
    "x-goog-if-generation-match": "ifGenerationMatch",
    "x-goog-if-metageneration-match": "ifMetagenerationMatch",
}
_READ = "storage.objects.get"


def answer(emulator: Emulator, request: Request) -> Response | None:
    """The answer to `/BUCKET/OBJECT` at the host's root (or `/OBJECT` at `BUCKET.storage.googleapis.com`); None for
    what belongs to the JSON API."""
    place = _place(request)
    if place is None:
        return None
    bucket, name = place
    try:
        caller = request.principal
        if signed_urls.is_signed(request):
            caller = signed_urls.signer(emulator, request, request.host)
        if emulator.store.get("storage", f"b/{bucket}") is None:
            raise XmlError(404, "NoSuchBucket", "The specified bucket does not exist.")
        if caller is None:
            return _public(emulator, request, bucket, name)
        return _shown(request, _forwarded(emulator, replace(request, principal=caller, host=_HOST), bucket, name))
    except XmlError as error:
        return error.response()


def _place(request: Request) -> tuple[str, str] | None:
    if request.method not in _VERBS:
        return None
    if request.host.endswith(f".{_HOST}"):
        bucket, name = request.host.removesuffix(f".{_HOST}"), request.path.lstrip("/")
    elif request.host == _HOST and not request.path.startswith(_API_PATHS):
        bucket, _, name = request.path.lstrip("/").partition("/")
    else:
        return None
    return (unquote(bucket), unquote(name)) if bucket and name else None


def _forwarded(emulator: Emulator, request: Request, bucket: str, name: str) -> Response:
    """The JSON API's answer to the same request."""
    query = {key: value for key, value in parse_qsl(request.query) if key in ("generation", "userProject")}
    query |= {key: request.headers[header] for header, key in _CONDITIONS.items() if header in request.headers}
    if request.method == "PUT":
        query |= {"uploadType": "media", "name": name}
        done = emulator.forward(
            replace(request, method="POST"), f"/upload/storage/v1/b/{quote(bucket)}/o", urlencode(query)
        )
        return replace(done, headers={"ETag": f'"{done.parsed()["etag"]}"'}, body=b"") if done.status == 200 else done
    path = f"/storage/v1/b/{quote(bucket)}/o/{quote(name, safe='')}"
    media = {"alt": "media"} if request.method != "DELETE" else {}
    verb = "GET" if request.method == "HEAD" else request.method
    return emulator.forward(replace(request, method=verb), path, urlencode(query | media))


def _shown(request: Request, found: Response) -> Response:
    if found.status >= 400:
        return of_json(found)
    wanted = dict(parse_qsl(request.query))
    found = found.with_headers({header: wanted[key] for key, header in _REPLACED.items() if key in wanted})
    if request.method == "HEAD":
        return replace(found, headers={**found.headers, "Content-Length": str(len(found.body))}, body=b"")
    return found


def _public(emulator: Emulator, request: Request, bucket: str, name: str) -> Response:
    """What anybody may read; 403 for the rest, whether or not it is there."""
    stored = emulator.store.get("storage", objects.live_name(bucket, name))
    if request.method in ("GET", "HEAD") and stored is not None and _is_public(emulator, bucket, name):
        return _shown(request, objects.content(emulator.store, request, stored.body))
    details = (
        f"Anonymous caller does not have {_READ} access to the Google Cloud Storage object. Permission '{_READ}' denied"
        " on resource (or it may not exist)."
    )
    raise XmlError(403, "AccessDenied", "Access denied.", Details=details)


def _is_public(emulator: Emulator, bucket: str, name: str) -> bool:
    """Whether the bucket's policy, or where access is not uniform the object's list, lets everybody read."""
    stored = emulator.store.get("storage", f"b/{bucket}")
    assert stored is not None
    access = stored.body["iamConfiguration"]
    if access["publicAccessPrevention"] == "enforced":
        return False
    policy = emulator.store.policy("storage", f"b/{bucket}") or {}
    for binding in policy.get("bindings", []):
        granted = emulator.access.permissions_of(binding["role"]) or frozenset()
        if "allUsers" in binding.get("members", []) and "condition" not in binding and _READ in granted:
            return True
    if access["uniformBucketLevelAccess"]["enabled"]:
        return False
    entry = emulator.store.get("storage", f"{objects.live_name(bucket, name)}/acl/allUsers")
    return entry is not None and bool(entry.body.get("role"))

"""Objects: content with a generation, versions where the bucket keeps them, preconditions on every write."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from google_crc32c import value as crc32c

from local_cloud.emulator.errors import ApiError, not_found, preconditions_unmet
from local_cloud.emulator.http import Response
from local_cloud.emulator.paging import page
from local_cloud.emulator.paths import get_path, merged
from local_cloud.emulator.profile import Body, Handler

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Request
    from local_cloud.emulator.store import Store, Stored

COLLECTION = "objects"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_WRITABLE = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "eventBasedHold",
    "metadata",
    "storageClass",
    "temporaryHold",
)


def bucket_of(call: Call) -> Stored:
    """The bucket in the path; 404 when there is none."""
    stored = call.store.get("storage", f"b/{call.parameters['bucket']}")
    if stored is None:
        raise not_found("The specified bucket does not exist.")
    return stored


def live_name(bucket: str, name: str) -> str:
    """The store's name of an object's live version."""
    return f"b/{bucket}/o/{name}"


def find(call: Call, bucket: str, name: str) -> Stored:
    """The live object, or the version `generation` asks for; Google's 404 otherwise."""
    stored = call.store.get("storage", live_name(bucket, name))
    generation = call.query.get("generation")
    if generation and (stored is None or stored.body["generation"] != generation):
        stored = call.store.get("storage", f"b/{bucket}/versions/{generation}/{name}")
    if stored is None:
        raise not_found(f"No such object: {bucket}/{name}")
    return stored


def preconditions(call: Call, current: Body | None) -> None:
    """412 when an `if(Meta)Generation(Not)Match` condition does not hold; generation 0 means "no live object"."""
    values = {
        "Generation": str(current["generation"]) if current else "0",
        "Metageneration": str(current["metageneration"]) if current else "",
    }
    for kind, value in values.items():
        wanted, unwanted = call.query.get(f"if{kind}Match"), call.query.get(f"if{kind}NotMatch")
        if (wanted is not None and wanted != value) or (unwanted is not None and unwanted == value):
            raise preconditions_unmet()


def write(call: Call, name: str, metadata: Body, content: bytes) -> Body:
    """Keep new content under `name` and return the object; the old version stays where the bucket keeps versions."""
    bucket = bucket_of(call)
    before = call.store.get("storage", live_name(bucket.body["name"], name))
    preconditions(call, before.body if before else None)
    if before:
        _refuse_held(call, bucket, before)
        _retire(call, bucket, before)
    generation = str(int(call.now.timestamp() * 1_000_000) + call.store.count("generation") % 1000)
    body = {
        **{key: value for key, value in metadata.items() if key in _WRITABLE},
        **_facts(call, bucket.body["name"], name, generation, content),
        "storageClass": metadata.get("storageClass") or bucket.body["storageClass"],
        "contentType": metadata.get("contentType") or "application/octet-stream",
    }
    call.store.put_blob(f"{bucket.body['name']}/{generation}", content)
    call.store.put("storage", live_name(bucket.body["name"], name), COLLECTION, body)
    return body


def _facts(call: Call, bucket: str, name: str, generation: str, content: bytes) -> Body:
    quoted = quote(name, safe="")
    md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "selfLink": call.self_link(f"b/{bucket}/o/{quoted}"),
        "mediaLink": (
            f"https://storage.googleapis.com/download/storage/v1/b/{bucket}/o/{quoted}?generation={generation}&alt=media"
        ),
        "name": name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "size": str(len(content)),
        "md5Hash": md5,
        "crc32c": base64.b64encode(crc32c(content).to_bytes(4, "big")).decode(),
        "etag": base64.b64encode(f"{generation}/1".encode()).decode(),
        "timeCreated": call.stamp(),
        "updated": call.stamp(),
        "timeStorageClassUpdated": call.stamp(),
        "timeFinalized": call.stamp(),
    }


def _refuse_held(call: Call, bucket: Stored, stored: Stored) -> None:
    if stored.body.get("temporaryHold") or stored.body.get("eventBasedHold"):
        raise ApiError(
            403,
            f"Object '{stored.body['bucket']}/{stored.body['name']}' is under active Event-Based hold or Temporary"
            " hold.",
            reason="objectUnderActiveHold",
        )
    seconds = int(get_path(bucket.body, "retentionPolicy.retentionPeriod") or 0)
    age = call.now.timestamp() - int(stored.body["generation"]) / 1_000_000
    if seconds and age < seconds:
        message = (
            f"Object '{stored.body['bucket']}/{stored.body['name']}' is subject to bucket's retention policy and cannot"
            " be deleted or overwritten yet."
        )
        raise ApiError(403, message, reason="retentionPolicyNotMet")


def _retire(call: Call, bucket: Stored, stored: Stored) -> None:
    """A replaced or deleted object becomes a noncurrent version, or goes."""
    generation = stored.body["generation"]
    call.store.remove("storage", stored.name)
    if get_path(bucket.body, "versioning.enabled"):
        name = f"b/{bucket.body['name']}/versions/{generation}/{stored.body['name']}"
        call.store.put("storage", name, COLLECTION, {**stored.body, "timeDeleted": call.stamp()})
    else:
        call.store.remove_blob(f"{bucket.body['name']}/{generation}")


def get(call: Call) -> Body | Response:
    """`objects.get`, metadata or (`alt=media`) content."""
    bucket = bucket_of(call).body["name"]
    stored = find(call, bucket, call.parameters["object"])
    preconditions(call, stored.body)
    if call.query.get("alt") == "media" or call.method.upload:
        return content(call.store, call.request, stored.body)
    return stored.body


def content(store: Store, request: Request, body: Body) -> Response:
    """An object's content, whole or the asked range, with its hashes and generation in the headers."""
    whole = store.blob(f"{body['bucket']}/{body['generation']}") or b""
    headers = {
        "Content-Type": body["contentType"],
        "ETag": f'"{body["etag"]}"',
        "X-Goog-Generation": body["generation"],
        "X-Goog-Metageneration": body["metageneration"],
        "X-Goog-Storage-Class": body["storageClass"],
        "X-Goog-Stored-Content-Length": body["size"],
        "X-Goog-Stored-Content-Encoding": body.get("contentEncoding") or "identity",
        "X-Goog-Hash": f"crc32c={body['crc32c']},md5={body['md5Hash']}",
        "Accept-Ranges": "bytes",
    }
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if not match or match.groups() == ("", ""):
        return Response(200, headers, whole)
    start, end = _bounds(match, len(whole))
    if start >= len(whole):
        return Response(416, {"Content-Range": f"bytes */{len(whole)}"}, b"")
    return Response(206, {**headers, "Content-Range": f"bytes {start}-{end}/{len(whole)}"}, whole[start : end + 1])


def _bounds(match: re.Match[str], size: int) -> tuple[int, int]:
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def list_(call: Call) -> Body:
    """`objects.list` with prefix, delimiter and versions."""
    bucket = bucket_of(call).body["name"]
    prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter", "")
    versions = call.query.get("versions") == "true"
    found = [
        item.body
        for item in call.store.below("storage", f"b/{bucket}")
        if item.collection == COLLECTION
        and item.body["name"].startswith(prefix)
        and (versions or "timeDeleted" not in item.body)
    ]
    found.sort(key=lambda body: (body["name"], int(body["generation"])))
    named = [body["name"] for body in found]
    if call.query.get("includeFoldersAsPrefixes", "").lower() == "true":
        named += [
            item.body["name"]
            for collection in ("folders", "managedFolders")
            for item in call.store.children("storage", collection, f"b/{bucket}/{collection}")
            if item.body["name"].startswith(prefix)
        ]
    folders = sorted({_folder(name, prefix, delimiter) for name in named if delimiter} - {""})
    plain = [body for body in found if not delimiter or not _folder(body["name"], prefix, delimiter)]
    answer: Body = {"kind": "storage#objects", **page(call, plain, "items")}
    return {**answer, "prefixes": folders} if folders else answer


def _folder(name: str, prefix: str, delimiter: str) -> str:
    head, found, _ = name.removeprefix(prefix).partition(delimiter)
    return f"{prefix}{head}{delimiter}" if found else ""


def delete(call: Call) -> Response:
    """`objects.delete`, the live version or one generation."""
    bucket = bucket_of(call)
    stored = find(call, bucket.body["name"], call.parameters["object"])
    preconditions(call, stored.body)
    _refuse_held(call, bucket, stored)
    if "/versions/" in stored.name or call.query.get("generation"):
        call.store.remove("storage", stored.name)
        call.store.remove_blob(f"{bucket.body['name']}/{stored.body['generation']}")
    else:
        _retire(call, bucket, stored)
    return Response.empty(204)


def patch(call: Call) -> Body:
    """`objects.patch` and `objects.update`: metadata only."""
    bucket = bucket_of(call).body["name"]
    stored = find(call, bucket, call.parameters["object"])
    preconditions(call, stored.body)
    change = {key: value for key, value in call.body.items() if key in _WRITABLE}
    metageneration = str(int(stored.body["metageneration"]) + 1)
    body: dict[str, Any] = {**merged(stored.body, change), "metageneration": metageneration, "updated": call.stamp()}
    call.store.put("storage", stored.name, COLLECTION, body)
    return body


def copy(call: Call) -> Body:
    """`objects.copy` and `objects.rewrite`, always in one step."""
    source = find(call, call.parameters["sourceBucket"], call.parameters["sourceObject"])
    content = call.store.blob(f"{source.body['bucket']}/{source.body['generation']}") or b""
    call.parameters = {**call.parameters, "bucket": call.parameters["destinationBucket"]}
    body = write(call, call.parameters["destinationObject"], {**source.body, **call.body}, content)
    if call.method.verb == "copy":
        return body
    size = body["size"]
    return {
        "kind": "storage#rewriteResponse",
        "done": True,
        "totalBytesRewritten": size,
        "objectSize": size,
        "resource": body,
    }


def compose(call: Call) -> Body:
    """`objects.compose`."""
    bucket = call.parameters["destinationBucket"]
    parts = [find(call, bucket, item["name"]) for item in call.body.get("sourceObjects") or []]
    content = b"".join(call.store.blob(f"{bucket}/{part.body['generation']}") or b"" for part in parts)
    call.parameters = {**call.parameters, "bucket": bucket}
    return write(call, call.parameters["destinationObject"], call.body.get("destination") or {}, content)


METHODS: dict[str, Handler] = {
    "objects.get": get,
    "objects.list": list_,
    "objects.delete": delete,
    "objects.patch": patch,
    "objects.update": patch,
    "objects.copy": copy,
    "objects.rewrite": copy,
    "objects.compose": compose,
}

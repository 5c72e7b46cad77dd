"""Uploads: simple, multipart and resumable."""

from __future__ import annotations

import email.parser
import email.policy
import json
import re
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.http import Response
from local_cloud.emulator.profile import Body
from local_cloud.emulator.profiles.buckets import objects

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def insert(call: Call) -> Body | Response:
    """`objects.insert` by any of the three protocols."""
    objects.bucket_of(call)
    kind = call.query.get("uploadType", "")
    if kind == "multipart":
        metadata, content = _parts(call)
        return objects.write(call, _name(call, metadata), metadata, content)
    if kind == "resumable":
        return _continue(call) if "uploadId" in call.query else _start(call)
    if kind == "media" or call.request.body:
        metadata = {
            "contentType": call.request.headers.get("content-type", ""),
            "contentEncoding": call.query.get("contentEncoding"),
        }
        return objects.write(
            call, _name(call, {}), {key: value for key, value in metadata.items() if value}, call.request.body
        )
    raise invalid("Upload requests must have an uploadType of media, multipart or resumable.", location="uploadType")


def _name(call: Call, metadata: Body) -> str:
    name = call.query.get("name") or metadata.get("name")
    if not name:
        raise invalid("Required", location="name")
    return str(name)


def _parts(call: Call) -> tuple[Body, bytes]:
    """Metadata and content of a `multipart/related` body; the content stays bytes whatever it is."""
    header = call.request.headers.get("content-type", "")
    boundary = (
        email.parser.HeaderParser(policy=email.policy.HTTP).parsestr(f"Content-Type: {header}\n").get_param("boundary")
    )
    if not boundary:
        raise invalid("A multipart upload needs a boundary in its Content-Type.")
    pieces = call.request.body.split(b"--" + str(boundary).encode())
    if len(pieces) < 4:
        raise invalid("A multipart upload has two parts: metadata in JSON, then the content.")
    _, metadata = _split(pieces[1])
    headers, content = _split(pieces[2])
    body: Body = json.loads(metadata or b"{}")
    kind = re.search(rb"(?im)^content-type:\s*([^\r\n]+)", headers)
    if kind and "contentType" not in body:
        body["contentType"] = kind[1].decode().strip()
    return body, content


def _split(piece: bytes) -> tuple[bytes, bytes]:
    piece = piece.removeprefix(b"\r\n").removeprefix(b"\n")
    separator = b"\r\n\r\n" if b"\r\n\r\n" in piece else b"\n\n"
    headers, _, content = piece.partition(separator)
    return headers, content[: -len(separator) // 2] if content.endswith(separator[: len(separator) // 2]) else content


def _start(call: Call) -> Response:
    """A resumable session: its URL is in the Location header."""
    metadata: Body = json.loads(call.request.body or b"{}")
    metadata.setdefault("contentType", call.request.headers.get("x-upload-content-type", "application/octet-stream"))
    session = call.emulator.uuid(call)
    bucket = call.parameters["bucket"]
    conditions = {key: value for key, value in call.query.items() if key.startswith("if")}
    call.store.put_fact(
        f"upload/{session}",
        {"bucket": bucket, "name": _name(call, metadata), "metadata": metadata, "conditions": conditions},
    )
    call.store.put_blob(f"upload/{session}", b"")
    location = f"https://storage.googleapis.com/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session}"
    return Response(200, {"Location": location, "X-GUploader-UploadID": session}, b"")


def _continue(call: Call) -> Body | Response:
    """One chunk of a session, or the question how far it is."""
    session = call.query["uploadId"]
    known = call.store.fact(f"upload/{session}")
    if not known:
        raise ApiError(410, "The upload session does not exist any more.", reason="gone", status="")
    received = call.store.blob(f"upload/{session}") or b""
    match = _CONTENT_RANGE.fullmatch(call.request.headers.get("content-range", ""))
    total = match[3] if match else str(len(call.request.body))
    if match is None:
        received = call.request.body
    elif match[1] is not None:
        if int(match[1]) > len(received):
            raise ApiError(503, f"The chunk starts at {match[1]}, only {len(received)} bytes have arrived.")
        received = received[: int(match[1])] + call.request.body
    if total == "*" or len(received) < int(total):
        call.store.put_blob(f"upload/{session}", received)
        return Response(308, {"Range": f"bytes=0-{len(received) - 1}"} if received else {}, b"")
    call.store.remove_blob(f"upload/{session}")
    call.store.put_fact(f"upload/{session}", None)
    call.query = {**call.query, **known["conditions"]}
    return objects.write(call, known["name"], known["metadata"], received)

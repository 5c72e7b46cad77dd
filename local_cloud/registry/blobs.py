"""Blobs: started, sent in pieces or at once, mounted from another repository, and read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from local_cloud.emulator.http import Response
from local_cloud.registry.names import DIGEST
from local_cloud.registry.refusals import RegistryError, invalid_digest, unknown_blob

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.emulator.http import Request
    from local_cloud.registry.files import Files
    from local_cloud.registry.names import Target
    from local_cloud.registry.opening import Opened

Content = AsyncIterator[bytes]
_RANGE = re.compile(r"(\d+)-(\d+)")


async def start(
    target: Target, opened: Opened, files: Files, query: Mapping[str, str], source: Opened | None, content: Content
) -> Response:
    """POST: a blob mounted from `source`, one that is sent with its digest at once, or a new upload."""
    mount = query.get("mount", "")
    if mount:
        _require_digest(mount)
        if source is not None and files.mount(source.directory, opened.directory, mount):
            return _created(target, mount)
    identifier = files.begin(opened.directory)
    digest = query.get("digest", "")
    if not digest:
        return _accepted(target, identifier, 0)
    await files.append(opened.directory, identifier, content)
    return await _finished(target, opened, files, identifier, digest)


async def upload(
    request: Request, target: Target, opened: Opened, files: Files, query: Mapping[str, str], content: Content
) -> Response:
    """GET, PATCH, PUT and DELETE of an upload under way."""
    size = files.received(opened.directory, target.reference)
    if size is None:
        raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", f"there is no upload {target.reference}")
    if request.method == "DELETE":
        files.cancel(opened.directory, target.reference)
        return Response.empty(204)
    if request.method == "GET":
        return _at(target, target.reference, size, 204)
    _require_next(request, size)
    size = await files.append(opened.directory, target.reference, content)
    if request.method == "PATCH":
        return _accepted(target, target.reference, size)
    return await _finished(target, opened, files, target.reference, query.get("digest", ""))


def get(target: Target, opened: Opened, files: Files) -> Response:
    """GET and HEAD of a blob; ranges are the server's matter."""
    return of_file(files.find(opened.directory, target.reference), target.reference, "application/octet-stream")


def of_file(path: Path | None, digest: str, media_type: str) -> Response:
    """A file as an answer; RegistryError 404 without one."""
    if path is None:
        raise unknown_blob(digest)
    headers = {
        "Content-Type": media_type,
        "Docker-Content-Digest": digest,
        "ETag": f'"{digest}"',
        "Accept-Ranges": "bytes",
    }
    return Response(200, headers, file=path)


def _require_next(request: Request, size: int) -> None:
    """RegistryError 416 for a piece that does not begin where the last one ended."""
    given = request.headers.get("content-range", "")
    match = _RANGE.search(given)
    if given and (match is None or int(match[1]) != size):
        headers = {"Range": f"0-{max(size - 1, 0)}"}
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", f"{given!r} does not begin at byte {size}", headers)


async def _finished(target: Target, opened: Opened, files: Files, identifier: str, digest: str) -> Response:
    _require_digest(digest)
    if await files.finish(opened.directory, identifier, digest) is None:
        raise invalid_digest(f"the content of the upload is not {digest}")
    return _created(target, digest)


def _require_digest(digest: str) -> None:
    if not DIGEST.fullmatch(digest):
        raise invalid_digest(f"{digest!r} is not sha256: with 64 hexadecimal digits")


def _created(target: Target, digest: str) -> Response:
    headers = {"Location": f"/v2/{target.name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return Response.empty(201, headers)


def _accepted(target: Target, identifier: str, size: int) -> Response:
    return _at(target, identifier, size, 202)


def _at(target: Target, identifier: str, size: int, status: int) -> Response:
    headers = {
        "Location": f"/v2/{target.name}/blobs/uploads/{identifier}",
        "Docker-Upload-UUID": identifier,
        "Range": f"0-{max(size - 1, 0)}",
    }
    return Response.empty(status, headers)

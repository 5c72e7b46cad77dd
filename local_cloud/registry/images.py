"""Images: manifests pushed, read and deleted by tag or digest, tags listed, and what refers to an image."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.http import Response
from local_cloud.emulator.profiles.artifacts import contents, repositories
from local_cloud.registry import blobs, manifests
from local_cloud.registry.names import DIGEST
from local_cloud.registry.refusals import RegistryError, invalid_digest, unknown_manifest

if TYPE_CHECKING:
    from local_cloud.emulator.http import Request
    from local_cloud.emulator.store import Stored
    from local_cloud.registry.files import Files
    from local_cloud.registry.names import Target
    from local_cloud.registry.opening import Opened


def get(target: Target, opened: Opened, files: Files) -> Response:
    """GET and HEAD of a manifest."""
    version = opened.version(target.reference)
    if version is None:
        raise unknown_manifest(target.reference)
    digest = version.name.rpartition("/")[2]
    return blobs.of_file(files.find(opened.directory, digest), digest, str(version.body["metadata"]["mediaType"]))


async def put(
    request: Request, target: Target, opened: Opened, files: Files, content: AsyncIterator[bytes]
) -> Response:
    """PUT of a manifest under a tag or its digest: everything it refers to must be there."""
    manifest = manifests.parse(await _read(content), request.headers.get("content-type", ""))
    manifests.require_blobs(manifest, files, opened.directory)
    for descriptor in manifest.manifests():
        if opened.version(str(descriptor["digest"])) is None:
            raise unknown_manifest(str(descriptor["digest"]))
    digest = files.keep(opened.directory, manifest.content)
    by_digest = target.reference.startswith("sha256:")
    if by_digest and target.reference != digest:
        raise invalid_digest(f"the manifest is {digest}, not {target.reference}")
    call = opened.call
    described = manifests.metadata(manifest, files, opened.directory)
    size = files.size(opened.directory)
    with call.store.transaction():
        version = contents.put_version(call, opened.package, digest, described)
        if not by_digest:
            contents.put_tag(call, opened.package, target.reference, version.name)
        call.store.put_fact(repositories.size_key(opened.repository), size)
    headers = {"Location": f"/v2/{target.name}/manifests/{digest}", "Docker-Content-Digest": digest}
    return Response.empty(201, {**headers, **({"OCI-Subject": manifest.subject} if manifest.subject else {})})


async def _read(content: AsyncIterator[bytes]) -> bytes:
    received = bytearray()
    async for piece in content:
        received += piece
        if len(received) > manifests.LARGEST:
            raise RegistryError(413, "SIZE_INVALID", f"a manifest has at most {manifests.LARGEST} bytes")
    return bytes(received)


def delete(target: Target, opened: Opened) -> Response:
    """DELETE of a tag, or of a manifest that no tag points to."""
    version = opened.version(target.reference)
    if version is None:
        raise unknown_manifest(target.reference)
    store = opened.call.store
    with store.transaction():
        if not target.reference.startswith("sha256:"):
            contents.remove_tag(opened.call, f"{opened.package}/tags/{target.reference}")
        elif contents.tagged(store, version.name):
            message = f"Manifest is still referenced by tag: {target.reference}"
            raise RegistryError(400, "GOOGLE_MANIFEST_DANGLING_TAG", message)
        else:
            contents.remove_version(store, version.name)
    return Response.empty(202)


def tags(target: Target, opened: Opened, query: Mapping[str, str]) -> Response:
    """GET of the tags, with Google's own `manifest` beside them."""
    names = [tag.name.rpartition("/")[2] for tag in opened.tags()]
    versions = opened.versions()
    if not versions:
        raise RegistryError(404, "NAME_UNKNOWN", f'Package "{target.name.rpartition("/")[2]}" not found')
    names = [name for name in names if name > query.get("last", "")]
    headers = {}
    size = query.get("n", "")
    if size and not size.isdigit():
        raise RegistryError(400, "PAGINATION_NUMBER_INVALID", f"n={size!r} is not a number")
    if size and len(names) > int(size):
        names = names[: int(size)]
        last = names[-1] if names else ""
        headers["Link"] = f'</v2/{target.name}/tags/list?n={size}&last={last}>; rel="next"'
    shown = {version.name.rpartition("/")[2]: _shown(opened, version) for version in versions}
    body = {"child": [], "manifest": shown, "name": target.name, "tags": names}
    return Response.json(200, body, headers, pretty=False)


def _shown(opened: Opened, version: Stored) -> dict[str, Any]:
    metadata = version.body["metadata"]
    found = [tag.name.rpartition("/")[2] for tag in contents.tagged(opened.call.store, version.name)]
    return {
        "imageSizeBytes": metadata["imageSizeBytes"],
        "layerId": "",
        "mediaType": metadata["mediaType"],
        "tag": found,
        "timeCreatedMs": _milliseconds(metadata.get("buildTime")),
        "timeUploadedMs": _milliseconds(version.body["createTime"]),
    }


def _milliseconds(moment: str | None) -> str:
    return str(int(datetime.fromisoformat(moment).timestamp() * 1000)) if moment else "0"


def referrers(target: Target, opened: Opened, files: Files, query: Mapping[str, str]) -> Response:
    """GET of an index of the manifests whose subject is the digest."""
    if not DIGEST.fullmatch(target.reference):
        raise invalid_digest(f"{target.reference!r} is not a digest")
    wanted = query.get("artifactType", "")
    found = [
        descriptor
        for version in opened.versions()
        if version.body["metadata"].get("subjectDigest") == target.reference
        for descriptor in [_descriptor(opened, files, version)]
        if wanted in ("", descriptor["artifactType"])
    ]
    body = {"schemaVersion": 2, "mediaType": manifests.INDEX, "manifests": found}
    filtered = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
    return Response.json(200, body, {**filtered, "Content-Type": manifests.INDEX}, pretty=False)


def _descriptor(opened: Opened, files: Files, version: Stored) -> dict[str, Any]:
    digest = version.name.rpartition("/")[2]
    path = files.find(opened.directory, digest)
    content = path.read_bytes() if path else b"{}"
    media_type = str(version.body["metadata"]["mediaType"])
    manifest = manifests.parse(content, media_type)
    described = {"annotations": manifest.parsed["annotations"]} if manifest.parsed.get("annotations") else {}
    return {
        "mediaType": media_type,
        "digest": digest,
        "size": len(content),
        "artifactType": manifest.artifact_type,
        **described,
    }

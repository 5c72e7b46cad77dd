"""The registry: which part of the protocol a request asks for, its name in the journal, and who answers it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.call import query_of
from local_cloud.emulator.errors import ApiError
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.profiles.artifacts import cleanup
from local_cloud.registry import blobs, images
from local_cloud.registry.files import Files
from local_cloud.registry.names import Place, Target, place_of, serves, target_of
from local_cloud.registry.opening import DELETE, DOWNLOAD, UPLOAD, Opened, open_repository
from local_cloud.registry.refusals import VERSION_HEADER, RegistryError, of_api, unauthorized
from local_cloud.registry.sweeping import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.emulator.engine import Emulator
    from local_cloud.identity.doors import TokenIssuer

# https://cloud.google.com/artifact-registry/docs/docker/authentication#token
TOKEN_USERS = frozenset({"oauth2accesstoken", "_token", "_dcgcloud_token"})
TOKEN_LIFETIME = timedelta(hours=1)

Content = AsyncIterator[bytes]

# (kind of path, HTTP method) → (name in the journal, as in Google's audit log; permission).
METHODS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("base", "GET"): ("Docker-Ping", ""),
    ("base", "HEAD"): ("Docker-Ping", ""),
    ("token", "GET"): ("Docker-GetToken", ""),
    ("uploads", "POST"): ("Docker-StartUpload", UPLOAD),
    ("upload", "GET"): ("Docker-GetUpload", UPLOAD),
    ("upload", "PATCH"): ("Docker-PatchUpload", UPLOAD),
    ("upload", "PUT"): ("Docker-FinishUpload", UPLOAD),
    ("upload", "DELETE"): ("Docker-CancelUpload", UPLOAD),
    ("blob", "GET"): ("Docker-GetBlob", DOWNLOAD),
    ("blob", "HEAD"): ("Docker-HeadBlob", DOWNLOAD),
    ("manifest", "GET"): ("Docker-GetManifest", DOWNLOAD),
    ("manifest", "HEAD"): ("Docker-HeadManifest", DOWNLOAD),
    ("manifest", "PUT"): ("Docker-PutManifest", UPLOAD),
    ("manifest", "DELETE"): ("Docker-DeleteManifest", DELETE),
    ("tags", "GET"): ("Docker-GetTags", DOWNLOAD),
    ("referrers", "GET"): ("Docker-GetReferrers", DOWNLOAD),
}


class Registry:
    """Answers for the registry hosts, over the emulator's store and files of its own."""

    def __init__(self, root: Path, emulator: Callable[[], Emulator], tokens: TokenIssuer) -> None:
        """Keep files below `root`; `emulator` gives the current one."""
        self.files = Files(root)
        self._emulator = emulator
        self._tokens = tokens

    serves = staticmethod(serves)

    def addressed(self, request: Request) -> tuple[str, str]:
        """(method id, resource) in the words of fault rules and the journal; empty outside the protocol."""
        target = target_of(request.path)
        method_id, _ = METHODS.get((target.kind, request.method), ("", "")) if target else ("", "")
        place = place_of(request.host, target.name) if target and target.name else None
        return method_id, f"{place.repository}/dockerImages/{place.image}" if place else ""

    async def answer(self, request: Request, content: Content) -> Response:
        """The answer to `request`, whose body is still to be read from `content`."""
        try:
            response = await self._answer(request, content)
        except RegistryError as error:
            return error.response()
        except ApiError as error:
            return of_api(error).response()
        return response.with_headers(VERSION_HEADER)

    def cleanup(self) -> dict[str, Any]:
        """Apply cleanup policies now, free what no image uses: `expired` (version, policy, dry_run), `freed_bytes`."""
        emulator = self._emulator()
        with emulator.store.transaction():
            expired = cleanup.run(emulator)
        return {"expired": [asdict(one) for one in expired], "freed_bytes": sweep(emulator, self.files)}

    async def _answer(self, request: Request, content: Content) -> Response:
        target = target_of(request.path)
        if target is None:
            raise RegistryError(404, "UNSUPPORTED", f"The registry protocol has no path {request.path}")
        if (target.kind, request.method) not in METHODS:
            raise RegistryError(405, "UNSUPPORTED", f"{request.method} is not supported here")
        if request.principal is None:
            raise unauthorized(request.host)
        if target.kind == "base":
            return Response.json(200, {}, pretty=False)
        if target.kind == "token":
            return self._token(request)
        _, permission = METHODS[target.kind, request.method]
        opened = open_repository(self._emulator(), request, _place(request, target.name), permission)
        response = await self._in_repository(request, target, opened, content)
        return response.with_headers({"X-Local-Cloud-Would-Deny": opened.would_deny}) if opened.would_deny else response

    async def _in_repository(self, request: Request, target: Target, opened: Opened, content: Content) -> Response:
        query = query_of(request.query)
        if target.kind == "uploads":
            source = self._source(request, query.get("from", ""))
            return await blobs.start(target, opened, self.files, query, source, content)
        if target.kind == "upload":
            return await blobs.upload(request, target, opened, self.files, query, content)
        if target.kind == "blob":
            return blobs.get(target, opened, self.files)
        if target.kind == "tags":
            return images.tags(target, opened, query)
        if target.kind == "referrers":
            return images.referrers(target, opened, self.files, query)
        if request.method == "PUT":
            return await images.put(request, target, opened, self.files, content)
        if request.method == "DELETE":
            return images.delete(target, opened)
        return images.get(target, opened, self.files)

    def _source(self, request: Request, name: str) -> Opened | None:
        """The repository to mount a blob from; None when there is none that the caller may read."""
        place = place_of(request.host, name) if name else None
        if place is None:
            return None
        try:
            return open_repository(self._emulator(), request, place, DOWNLOAD)
        except RegistryError:
            return None

    def _token(self, request: Request) -> Response:
        """A token of the registry for whoever showed one of Google's."""
        assert request.principal is not None
        issued = self._tokens.issue(request.principal, TOKEN_LIFETIME)
        body = {"token": issued.token, "access_token": issued.token, "expires_in": int(TOKEN_LIFETIME.total_seconds())}
        return Response.json(200, body, pretty=False)


def _place(request: Request, name: str) -> Place:
    place = place_of(request.host, name)
    if place is None:
        shape = "PROJECT/IMAGE" if request.host.endswith("gcr.io") else "PROJECT/REPOSITORY/IMAGE"
        raise RegistryError(400, "NAME_INVALID", f"{name!r} is not {shape} in lower case")
    return place


def with_bearer(request: Request) -> Request:
    """The same request with the token that a Basic login has for its password as a bearer token."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return request
    if user not in TOKEN_USERS:
        return request
    return replace(request, headers={**request.headers, "authorization": f"Bearer {password}"})

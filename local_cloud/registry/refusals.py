"""Refusals in the words of the distribution protocol: a code that clients know, and a message for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_cloud.emulator.http import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.emulator.errors import ApiError

VERSION_HEADER = {"Docker-Distribution-Api-Version": "registry/2.0"}


@dataclass
class RegistryError(Exception):
    """One refusal: `code` is one of the specification's (`MANIFEST_UNKNOWN`, `DENIED`)."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The whole answer."""
        body = {"errors": [{"code": self.code, "message": self.message}]}
        return Response.json(self.status, body, {**VERSION_HEADER, **self.headers}, pretty=False)


def unauthorized(host: str) -> RegistryError:
    """401 that says where a token is to be had."""
    challenge = f'Bearer realm="https://{host}/v2/token",service="{host}"'
    message = "Unauthenticated request. Log in as oauth2accesstoken with an access token as the password."
    return RegistryError(401, "UNAUTHORIZED", message, {"WWW-Authenticate": challenge})


def of_api(error: ApiError) -> RegistryError:
    """A refusal of the API (no such project, API not enabled, no permission) as a registry says it."""
    codes = {
        400: "MANIFEST_INVALID",
        401: "UNAUTHORIZED",
        403: "DENIED",
        404: "NAME_UNKNOWN",
        429: "TOOMANYREQUESTS",
        501: "UNSUPPORTED",
    }
    return RegistryError(error.code, codes.get(error.code, "UNKNOWN"), error.message)


def invalid_digest(message: str) -> RegistryError:
    """400: content and digest do not belong together."""
    return RegistryError(400, "DIGEST_INVALID", message)


def unknown_manifest(reference: str) -> RegistryError:
    """404 in Google's words."""
    return RegistryError(404, "MANIFEST_UNKNOWN", f'Failed to fetch "{reference}"')


def unknown_blob(digest: str) -> RegistryError:
    """404 for a blob."""
    return RegistryError(404, "BLOB_UNKNOWN", f"blob {digest} is not known in this repository")

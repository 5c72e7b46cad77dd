"""A client of registries: manifests and blobs by the OCI distribution protocol, through the local cloud's proxy.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.containers.reference import Reference

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
CHUNK = 1 << 20
# The longest a registry may stay silent, in seconds.
SILENCE = 30.0


class RegistryError(Exception):
    """A registry that cannot be reached, refused, or sent something else than it promised."""


@dataclass(frozen=True)
class RegistryAccess:
    """How registries are reached: `proxy` (URL), the `authorities` that sign their certificates (a bundle), `token`.

    `token` gives a bearer token for a host, or None; it is asked for each pull.
    """

    proxy: str | None = None
    authorities: Path | None = None
    token: Callable[[str], Awaitable[str | None]] | None = None


class RegistryClient:
    """Pulls from one repository; use as `async with`."""

    def __init__(self, access: RegistryAccess, reference: Reference) -> None:
        """For the repository of `reference`."""
        self._access = access
        self._reference = reference
        self._headers: dict[str, str] = {}

    async def __aenter__(self) -> RegistryClient:
        """Open a session."""
        context = ssl.create_default_context(cafile=self._access.authorities)
        connector = aiohttp.TCPConnector(ssl=context)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=SILENCE, sock_read=SILENCE)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        if self._access.token is not None:
            token = await self._access.token(self._reference.host)
            if token:
                self._headers["Authorization"] = f"Bearer {token}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._session.close()

    async def manifest(self, version: str) -> tuple[bytes, str]:
        """The document called `version` (tag or digest) and its digest, verified; RegistryError."""
        accept = ", ".join(INDEXES + MANIFESTS)
        content = b"".join([chunk async for chunk in self._chunks(f"manifests/{version}", {"Accept": accept})])
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if version.startswith("sha256:") and digest != version:
            raise RegistryError(f"{self._reference}: the registry sent a manifest with digest {digest}")
        return content, digest

    async def blob(self, digest: str, target: Path) -> None:
        """Fetch a blob into `target`; RegistryError when it is not what its digest says."""
        found = hashlib.sha256()
        with target.open("wb") as file:
            async for chunk in self._chunks(f"blobs/{digest}", {}):
                found.update(chunk)
                file.write(chunk)
        if digest != f"sha256:{found.hexdigest()}":
            raise RegistryError(f"{self._reference}: blob {digest} arrived as sha256:{found.hexdigest()}")

    async def _chunks(self, path: str, headers: dict[str, str]) -> Any:
        url = f"https://{self._reference.host}/v2/{self._reference.path}/{path}"
        try:
            async with self._get(url, headers) as response:
                if response.status == 401 and await self._authenticate(response):
                    async with self._get(url, headers) as again:
                        async for chunk in self._content(again):
                            yield chunk
                    return
                async for chunk in self._content(response):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            said = str(error) or type(error).__name__
            raise RegistryError(f"failed to pull {self._reference}: {said}") from error

    def _get(self, url: str, headers: dict[str, str]) -> Any:
        return self._session.get(url, headers={**self._headers, **headers}, proxy=self._access.proxy)

    async def _content(self, response: aiohttp.ClientResponse) -> Any:
        if response.status != 200:
            raise RegistryError(f"failed to pull {self._reference}: {response.status} {await _said(response)}")
        async for chunk in response.content.iter_chunked(CHUNK):
            yield chunk

    async def _authenticate(self, refused: aiohttp.ClientResponse) -> bool:
        """Fetch a token where the registry says so; whether there is one.

        https://distribution.github.io/distribution/spec/auth/token/
        """
        challenge = refused.headers.get("WWW-Authenticate", "")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        if not challenge.lower().startswith("bearer") or "realm" not in fields:
            return False
        query = {name: fields[name] for name in ("service", "scope") if name in fields}
        headers = dict(self._headers)
        async with self._session.get(fields["realm"], params=query, headers=headers, proxy=self._access.proxy) as found:
            if found.status != 200:
                return False
            body = await found.json(content_type=None)
        token = body.get("token") or body.get("access_token")
        if not token:
            return False
        self._headers["Authorization"] = f"Bearer {token}"
        return True


async def _said(response: aiohttp.ClientResponse) -> str:
    """The registry's own words: `CODE: message` of its error body, else the body's start."""
    text = (await response.text(errors="replace")).strip()
    try:
        errors = json.loads(text)["errors"]
        return "; ".join(f"{error.get('code', '')}: {error.get('message', '')}" for error in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return text[:300] or response.reason or ""

"""HTTPS to the Atlas Admin API with digest authentication, the caller's proxy and CA."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiohttp import DigestAuthMiddleware

from local_cloud.terraform_provider.client import Client
from local_cloud.terraform_provider.credentials import FixedToken, proxy_for
from local_cloud.terraform_provider.failures import ApiError
from local_cloud.terraform_provider.version import ATLAS_VERSION, KIND

if TYPE_CHECKING:
    from local_cloud.terraform_provider.settings import Settings

# The version of the API that the provider's resource types speak.
MEDIA_TYPE: Final = "application/vnd.atlas.2024-08-05+json"
_FAILED: Final = 400


class AtlasApiError(ApiError):
    """A refusal in Atlas' words."""

    def _text(self) -> str:
        try:
            told = json.loads(self.body)
            return f"HTTP {self.status} {told['errorCode']}: {told['detail']}"
        except (ValueError, KeyError, TypeError):
            return f"HTTP {self.status}: {self.body}"


class AtlasClient(Client):
    """The same retries as for Google; other credentials, other headers."""

    def __init__(self, settings: Settings, public_key: str, private_key: str) -> None:
        """Must be made inside a running event loop; `close` ends its connections."""
        super().__init__(settings, FixedToken(""))
        self._digest = DigestAuthMiddleware(public_key, private_key)

    async def _once(
        self, method: str, url: str, body: Any, query: Mapping[str, str], project: str | None
    ) -> dict[str, Any]:
        proxy = proxy_for(self.settings.environment, urlsplit(url).hostname or "")
        headers = {
            "Accept": MEDIA_TYPE,
            "Content-Type": MEDIA_TYPE,
            "User-Agent": f"terraform-provider-mongodbatlas/{ATLAS_VERSION} ({KIND})",
        }
        payload = None if body is None else json.dumps(body).encode()
        async with self._session.request(
            method, url, data=payload, params=dict(query), headers=headers, proxy=proxy, middlewares=(self._digest,)
        ) as answer:
            content = await answer.read()
            if answer.status >= _FAILED:
                raise AtlasApiError(answer.status, content)
            return json.loads(content) if content.strip() else {}

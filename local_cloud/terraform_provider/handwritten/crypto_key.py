"""Keys, which Google keeps for ever: deleting one destroys its versions and stops its rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ApiError, ProviderError
from local_cloud.terraform_provider.lifecycle import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.planning import Values

_ENDED = ("DESTROYED", "DESTROY_SCHEDULED")


class CryptoKey(Engine):
    """A key, and what becomes of its versions."""

    async def delete(self, prior: Values) -> None:
        """Destroy every version and switch rotation off; the key itself stays."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") == "ABANDON":
            return
        key = f"{self.specification.base}{prior['id']}"
        try:
            for version in await self._versions(key):
                if version["state"] not in _ENDED:
                    await self.client.send("POST", f"{self.specification.base}{version['name']}:destroy", body={})
            if prior.get("rotation_period"):
                mask = {"updateMask": "rotationPeriod,nextRotationTime"}
                off = {"rotationPeriod": None, "nextRotationTime": None}
                await self.client.send("PATCH", key, body=off, query=mask)
        except ApiError as error:
            raise ProviderError(f"Error destroying the versions of CryptoKey {prior['id']!r}: {error}") from error

    async def _versions(self, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            query = {"pageToken": token} if token else {}
            page = await self.client.send("GET", f"{key}/cryptoKeyVersions", query=query)
            found += page.get("cryptoKeyVersions", [])
            token = page.get("nextPageToken", "")
            if not token:
                return found

    async def imported(self, parts: Mapping[str, str], state: Values) -> Values:
        """Both forms of the import id come to the ring's whole path."""
        found = dict(parts)
        if "project" in found:
            project, location = found.pop("project"), found.pop("location")
            found["key_ring"] = f"projects/{project}/locations/{location}/keyRings/{found['key_ring']}"
        return await super().imported(found, state)

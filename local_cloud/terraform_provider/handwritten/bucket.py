"""Buckets: retention that can be locked, and contents that stand in the way of deleting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.lifecycle import Engine

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values

# Objects deleted at the same time when a bucket is destroyed with its contents.
_DELETED_AT_ONCE: Final = 20


class Bucket(Engine):
    """A bucket and, with force_destroy, every object in it."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the bucket, then lock its retention when asked to."""
        return await self._locked(await super().create(planned, config), planned)

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Patch the bucket, then lock its retention when asked to."""
        return await self._locked(await super().update(prior, planned, config), planned)

    async def _locked(self, state: Values, planned: Values) -> Values:
        wanted, found = planned.get("retention_policy") or [], state.get("retention_policy") or []
        if not (wanted and wanted[0].get("is_locked") and not (found and found[0]["is_locked"])):
            return state
        base = f"{self.specification.base}b/{state['name']}"
        try:
            current = await self.client.send("GET", base)
            query = {"ifMetagenerationMatch": str(current["metageneration"])}
            await self.client.send("POST", f"{base}/lockRetentionPolicy", query=query)
        except ApiError as error:
            failure = ProviderError(f"Error locking the retention policy of {state['name']}: {error}")
            raise PartialFailure(failure, state) from error
        return await self.complete(planned, state)

    async def delete(self, prior: Values) -> None:
        """Delete the bucket; with contents only when force_destroy is set."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") != "ABANDON":
            await self._empty(prior)
        await super().delete(prior)

    async def _empty(self, prior: Values) -> None:
        name = prior["name"]
        objects = f"{self.specification.base}b/{name}/o"
        token = ""
        while True:
            query = {"versions": "true", **({"pageToken": token} if token else {})}
            try:
                page = await self.client.send("GET", objects, query=query)
            except ApiError:
                # Whoever may not list the objects may still delete an empty bucket; Google says so if it is not.
                return
            items = page.get("items", [])
            if items and not prior.get("force_destroy"):
                raise ProviderError(
                    f"Error trying to delete bucket {name} without `force_destroy` set to true", path=("force_destroy",)
                )
            await self._delete_objects(objects, items)
            token = page.get("nextPageToken", "")
            if not token:
                return

    async def _delete_objects(self, objects: str, items: list[dict[str, Any]]) -> None:
        gate = asyncio.Semaphore(_DELETED_AT_ONCE)

        async def delete(item: dict[str, Any]) -> None:
            async with gate:
                url = f"{objects}/{quote(item['name'], safe='')}"
                await self.client.send("DELETE", url, query={"generation": str(item["generation"])})

        try:
            await asyncio.gather(*(delete(item) for item in items))
        except ApiError as error:
            raise ProviderError(f"could not delete the contents of the bucket: {error}") from error

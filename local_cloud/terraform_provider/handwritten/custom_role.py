"""Custom roles, which are undeleted rather than made anew while their name is still taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ApiError, ProviderError
from local_cloud.terraform_provider.hooks import Writing
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.planning import Values

_DESCRIBED = frozenset({"title", "description", "stage", "permissions"})


class CustomRole(Engine):
    """A role of a project; deleted ones keep their name for a while."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the role, or bring back and change a deleted one of the same name."""
        identity = self.identity(planned)
        existing = await self._existing(planned)
        if existing is None:
            return await super().create(planned, config)
        if not existing.get("deleted"):
            raise ProviderError(f"Custom project role {identity} already exists and must be imported")
        known = {**planned, "id": identity}
        await self._undelete(known)
        await self._patch(known, config)
        return await self.complete(planned, known)

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Bring the role back when it was deleted behind our back, then change it."""
        if prior.get("deleted"):
            await self._undelete(prior)
        return await super().update(prior, planned, config)

    def body(self, writing: Writing, config: Values, *, only: Any = None) -> dict[str, Any]:
        """Inside `role` when it is made, bare when it is patched."""
        body = super().body(writing, config, only=only)
        role: dict[str, Any] = body.pop("role", {})
        return {**body, "role": role} if writing.verb == "create" else role

    async def _existing(self, planned: Values) -> Mapping[str, Any] | None:
        try:
            return await self.request(self.specification.read, self.values(planned))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise ProviderError(f"Unable to verify whether {self.identity(planned)} already exists: {error}") from error

    async def _undelete(self, state: Values) -> None:
        url = f"{self.specification.base}{state['id']}:undelete"
        await self.client.send("POST", url, body={}, project=self.values(state).get("project"))

    async def _patch(self, state: Values, config: Values) -> None:
        await self._change(self.specification.updates[0], Writing("update", state, state, _DESCRIBED, self), config)

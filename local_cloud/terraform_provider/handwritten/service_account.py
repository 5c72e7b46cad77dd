"""Service accounts, whose updates name their fields in the body and whose state is switched by verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.lifecycle import Engine

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values

_CONFLICT: Final = 409
_FIELDS: Final = {"description": "description", "display_name": "displayName"}


class ServiceAccount(Engine):
    """An account; without the fixed sleeps of the original, which wait for Google's caches."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the account, or take over the existing one when the resource allows it."""
        try:
            state = await super().create(planned, config)
        except ProviderError as error:
            cause = error.__cause__
            exists = isinstance(cause, ApiError) and cause.status == _CONFLICT
            if not (exists and planned.get("create_ignore_already_exists")):
                raise
            state = await self.complete(planned, {**planned, "id": self.identity(planned)})
        if planned.get("disabled") is True and not state["disabled"]:
            return await self.update(state, {**state, "disabled": True}, config)
        return state

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Patch what describes the account, and enable or disable it."""
        state = {**planned, "id": prior["id"]}
        try:
            await self._switch(prior, planned)
            await self._describe(prior, planned)
        except ApiError as error:
            failure = ProviderError(f"Error updating service account {prior['id']!r}: {error}")
            raise PartialFailure(failure, prior) from error
        return await self.complete(planned, state)

    async def _switch(self, prior: Values, planned: Values) -> None:
        if bool(prior.get("disabled")) == bool(planned.get("disabled")):
            return
        verb = "disable" if planned.get("disabled") else "enable"
        url = f"{self.specification.base}{prior['id']}:{verb}"
        await self.client.send("POST", url, body={}, project=prior["project"])

    async def _describe(self, prior: Values, planned: Values) -> None:
        changed = [name for name in _FIELDS if (prior.get(name) or "") != (planned.get(name) or "")]
        if not changed:
            return
        current = await self.request(self.specification.read, self.values(prior))
        account: dict[str, Any] = {field: planned.get(name) or "" for name, field in _FIELDS.items()}
        body = {"updateMask": ",".join(changed), "serviceAccount": {**account, "etag": current.get("etag", "")}}
        await self.client.send("PATCH", self.specification.base + prior["id"], body=body, project=prior["project"])

"""Versions of a secret: made by `addVersion`, switched on and off, destroyed; a payload is read back only when state
keeps it anyway."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine
from local_cloud.terraform_provider.resource_state import saved

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values


class SecretVersion(Engine):
    """One version of a secret."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Add the version, then switch it off when it is not to be used yet."""
        data = config.get("secret_data_wo") or config.get("secret_data")
        if planned.get("is_secret_data_base64") is not True:
            data = base64.b64encode(str(data).encode()).decode()
        secret = self._secret(planned)
        answer = await self._post(f"{secret}:addVersion", {"payload": {"data": data}}, "creating")
        state = {**planned, "secret": secret, "name": answer["name"], "id": answer["name"]}
        try:
            if planned.get("enabled") is False:
                await self._post(f"{answer['name']}:disable", {}, "creating")
        except ProviderError as error:
            raise PartialFailure(error, saved(state)) from error
        return await self.complete(planned, state)

    def _secret(self, state: Values) -> str:
        """The whole name of the secret, of the provider's project when only its id is given."""
        secret = str(state["secret"])
        return secret if "/" in secret else f"projects/{self.values(state)['project']}/secrets/{secret}"

    async def read(self, state: Values) -> Values | None:
        """The version as it is; a destroyed one has gone."""
        try:
            answer = await self.request(self.specification.read, self.values(state))
            if answer.get("state") == "DESTROYED":
                return None
            found = self.state({**answer, "version": answer["name"].rpartition("/")[2]}, state)
            kept = state.get("secret_data")
            if (
                found is not None
                and kept
                and answer.get("state") == "ENABLED"
                and not state.get("secret_data_wo_version")
            ):
                return {**found, "secret_data": await self._payload(answer["name"], state)}
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise ProviderError(f"Error when reading or editing SecretVersion {state['id']!r}: {error}") from error
        return found and {**found, "secret_data": state.get("secret_data")}

    async def _payload(self, name: str, state: Values) -> str:
        answer = await self.client.send("GET", f"{self.specification.base}{name}:access")
        data: str = answer["payload"]["data"]
        return data if state.get("is_secret_data_base64") else base64.b64decode(data).decode()

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Switch the version on or off."""
        state = {**planned, "id": prior["id"], "name": prior["name"]}
        if prior.get("enabled") != planned.get("enabled"):
            verb = "disable" if planned.get("enabled") is False else "enable"
            await self._post(f"{prior['name']}:{verb}", {}, "updating")
        return await self.complete(planned, state)

    async def delete(self, prior: Values) -> None:
        """Destroy the version, or only switch it off when its deletion policy says DISABLE."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") == "ABANDON":
            return
        verb = "disable" if prior.get("deletion_policy") == "DISABLE" else "destroy"
        try:
            await self._post(f"{prior['name']}:{verb}", {}, "deleting")
        except ProviderError as error:
            if not (isinstance(error.__cause__, ApiError) and error.__cause__.status == NOT_FOUND):
                raise

    async def _post(self, path: str, body: dict[str, Any], doing: str) -> dict[str, Any]:
        try:
            return await self.client.send("POST", f"{self.specification.base}{path}", body=body)
        except ApiError as error:
            raise ProviderError(f"Error {doing} SecretVersion: {error}") from error

"""Engines of Atlas' resource types: clusters that settle, lists of entries, schedules of policies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ApiError, ProviderError
from local_cloud.terraform_provider.hooks import Writing
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Call

# Seconds between two looks at a cluster that is being made or deleted.
_PAUSE: Final = 0.5
_FREQUENCIES: Final = ("hourly", "daily", "weekly", "monthly", "yearly")


class Atlas(Engine):
    """`tags` and `labels` are maps here, and lists of `{key, value}` for the API."""

    def body(self, writing: Writing, config: Values, *, only: Collection[str] | None = None) -> dict[str, Any]:
        """The body with lists of pairs."""
        body = super().body(writing, config, only=only)
        return {key: _pairs(value) if key in ("tags", "labels") else value for key, value in body.items()}

    def state(self, answer: Mapping[str, Any], before: Values) -> Values | None:
        """The state with maps."""
        mapped = {key: _map(value) if self._is_map(key) else value for key, value in answer.items()}
        return super().state(mapped, before)

    def _is_map(self, name: str) -> bool:
        attribute = self.specification.attributes.get(name)
        return attribute is not None and attribute.kind == "map"


def _pairs(value: Any) -> Any:
    return [{"key": key, "value": each} for key, each in sorted(value.items())] if isinstance(value, dict) else value


def _map(value: Any) -> Any:
    return {pair["key"]: pair["value"] for pair in value} if isinstance(value, list) else value


class Project(Atlas):
    """The id is the API's own."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the project and take its id from the answer."""
        body = self.body(Writing("create", planned, None, frozenset(), self), config)
        answer = await self.send(self.specification.create, planned, body, "create")
        return await self.complete(planned, {**planned, "id": answer["id"]})


class Cluster(Atlas):
    """A change is done when the cluster is idle again, a deletion when it has gone."""

    async def send(
        self, call: Call, state: Values, body: dict[str, Any] | None, verb: str, *, changed: Collection[str] = ()
    ) -> Mapping[str, Any]:
        """Send and wait; ProviderError when that takes longer than the resource's timeouts."""
        answer = await super().send(call, state, body, verb, changed=changed)
        end = self.client.now() + self.deadline(state, verb)
        while not await self._settled(state, verb):
            if self.client.now() > end:
                raise ProviderError(f"{state['name']} was not settled in time, waiting to {verb} it")
            await self.client.pause(_PAUSE)
        return answer

    async def _settled(self, state: Values, verb: str) -> bool:
        try:
            found = await self.request(self.specification.read, self.values(state))
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return verb == "delete"
        return verb != "delete" and found["stateName"] == "IDLE"


class AccessEntry(Atlas):
    """One entry of a list: the API takes lists only, and names an entry by its network."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Add the entry."""
        body = self.body(Writing("create", planned, None, frozenset(), self), config)
        await self.client.send("POST", self.url(self.specification.create.path, self.values(planned)), body=[body])
        network = body.get("cidrBlock") or f"{body.get('ipAddress')}/32"
        state = {**planned, "cidr_block": network}
        return await self.complete(planned, {**state, "id": self.identity(state)})


class Schedule(Atlas):
    """Blocks `policy_item_<frequency>` here, a list of policies with items in the API."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Set the schedule of a cluster, which always has one."""
        return await self._set(planned, config)

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Set it anew."""
        return await self._set(planned, config)

    async def _set(self, planned: Values, config: Values) -> Values:
        body = self.body(Writing("create", planned, None, frozenset(), self), config)
        items = [
            {"frequencyType": frequency, **_item(element)}
            for frequency in _FREQUENCIES
            for element in planned.get(f"policy_item_{frequency}") or []
        ]
        body["policies"] = [{"policyItems": items}]
        await self.send(self.specification.create, planned, body, "create")
        return await self.complete(planned, {**planned, "id": self.identity(planned)})

    def state(self, answer: Mapping[str, Any], before: Values) -> Values | None:
        """Sort the items of the policy into their blocks."""
        policies = answer.get("policies") or [{}]
        items = policies[0].get("policyItems") or []
        sorted_items = {
            f"policyItem{frequency.title()}": [item for item in items if item["frequencyType"] == frequency]
            for frequency in _FREQUENCIES
        }
        return super().state({**answer, **sorted_items, "idPolicy": policies[0].get("id")}, before)


def _item(element: Values) -> dict[str, Any]:
    return {
        "frequencyInterval": element["frequency_interval"],
        "retentionUnit": element["retention_unit"],
        "retentionValue": element["retention_value"],
    }


ENGINES: Mapping[str, type[Engine]] = {
    "mongodbatlas_project": Project,
    "mongodbatlas_advanced_cluster": Cluster,
    "mongodbatlas_project_ip_access_list": AccessEntry,
    "mongodbatlas_cloud_backup_schedule": Schedule,
}

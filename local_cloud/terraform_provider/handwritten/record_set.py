"""DNS record sets, which are only ever changed by a change of their zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.expansion import request_body
from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.hooks.dns import change_records
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values

_ZONE = "projects/{project}/managedZones/{managed_zone}"


class RecordSet(Engine):
    """`{name, type}` in a zone."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Put the records there, in place of any of the same name and type."""
        existing = [each for each in await self._records({**planned}) if self._is_own(each, planned)]
        change: dict[str, Any] = {"additions": [self._record(planned)]}
        if existing:
            change["deletions"] = existing
        await self._apply(change, planned, "create")
        return await self.complete(planned, {**planned, "id": self.identity(planned)})

    async def read(self, state: Values) -> Values | None:
        """The record set, or None when the zone has none of this name and type."""
        try:
            page = await self.request(self.specification.read, self.values(state))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise ProviderError(f"Error reading DNS Record Set {state['id']!r}: {error}") from error
        records = page.get("rrsets", ())
        return self.state(records[0], state) if records else None

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Exchange the old records for the new ones in one change."""
        record, old = self._record(planned), self._record(prior)
        if record != old:
            try:
                await self._apply({"deletions": [old], "additions": [record]}, planned, "update")
            except Exception as error:
                raise PartialFailure(error, prior) from error
        return await self.complete(planned, {**planned, "id": self.identity(planned)})

    async def delete(self, prior: Values) -> None:
        """Take the records away; what every zone must have at its root stays."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") == "ABANDON" or await self._is_root(prior):
            return
        try:
            await self._apply({"deletions": [self._record(prior)]}, prior, "delete")
        except ProviderError as error:
            if not (isinstance(error.__cause__, ApiError) and error.__cause__.status == NOT_FOUND):
                raise

    async def _is_root(self, prior: Values) -> bool:
        if prior["type"] not in ("NS", "SOA"):
            return False
        zone = await self.client.send("GET", self.url(_ZONE, self.values(prior)), project=self.values(prior)["project"])
        return bool(zone.get("dnsName") == prior["name"])

    async def _records(self, state: Values) -> list[dict[str, Any]]:
        values = self.values(state)
        try:
            page = await self.client.send("GET", self.url(f"{_ZONE}/rrsets", values), project=values["project"])
        except ApiError as error:
            raise ProviderError(f"Error retrieving record sets for {values['managed_zone']!r}: {error}") from error
        records: list[dict[str, Any]] = page.get("rrsets", [])
        return records

    @staticmethod
    def _is_own(record: dict[str, Any], planned: Values) -> bool:
        return bool(record["name"] == planned["name"] and record["type"] == planned["type"])

    def _record(self, state: Values) -> dict[str, Any]:
        return request_body(self.specification.attributes, state, self.place(state))

    async def _apply(self, change: dict[str, Any], state: Values, verb: str) -> None:
        values = self.values(state)
        url = self.url(self.specification.create.path, values)
        try:
            await change_records(self, url, change, values, self.deadline(state, verb))
        except ApiError as error:
            raise ProviderError(f"Error changing DNS RecordSet {state['name']!r}: {error}") from error

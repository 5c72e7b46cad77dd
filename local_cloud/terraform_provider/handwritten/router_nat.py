"""A NAT, which is one entry in a list of its router."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.hooks import Writing
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cloud.terraform_provider.planning import Values

Nat = dict[str, Any]
# The NATs of one router are changed one after the other.
_locks: dict[str, asyncio.Lock] = {}


class RouterNat(Engine):
    """`nats[name]` of a router, changed by a PATCH of the whole list."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Add the NAT to its router; one of the same name is not taken over."""
        nat = self.body(Writing("create", planned, None, frozenset(), self), config)
        if initial := nat.pop("initialNatIps", None):
            nat["natIps"] = initial

        def added(nats: list[Nat]) -> list[Nat]:
            if any(each["name"] == nat["name"] for each in nats):
                raise ProviderError(f"Unable to create RouterNat, existing object already found: {nat['name']}")
            return [*nats, nat]

        await self._patch(planned, added, "create")
        return await self.complete(planned, {**planned, "id": self.identity(planned)})

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Replace the NAT in its router's list, keeping what is not ours."""
        nat = self.body(Writing("update", planned, prior, frozenset(), self), config)
        nat.pop("initialNatIps", None)
        ours = {each.api[0] for each in self.specification.attributes.values() if each.api and not each.immutable}

        def replaced(nats: list[Nat]) -> list[Nat]:
            if not any(each["name"] == nat["name"] for each in nats):
                raise ProviderError(f"Unable to update RouterNat {prior['id']!r} - not found in list")
            return [_merged(each, nat, ours) if each["name"] == nat["name"] else each for each in nats]

        try:
            await self._patch(planned, replaced, "update")
        except Exception as error:
            raise PartialFailure(error, prior) from error
        return await self.complete(planned, {**planned, "id": prior["id"]})

    async def delete(self, prior: Values) -> None:
        """Take the NAT out of its router's list."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") == "ABANDON":
            return
        try:
            await self._patch(prior, lambda nats: [each for each in nats if each["name"] != prior["name"]], "delete")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise

    async def _patch(self, state: Values, change: Callable[[list[Nat]], list[Nat]], verb: str) -> None:
        read = self.specification.read
        values = self.values(state)
        async with _locks.setdefault(self.url(read.path, values), asyncio.Lock()):
            router = await self.request(read, values)
            await self.send(self.specification.create, state, {"nats": change(router.get("nats") or [])}, verb)


def _merged(current: Nat, nat: Nat, ours: set[str]) -> Nat:
    return {**{key: value for key, value in current.items() if key not in ours}, **nat}

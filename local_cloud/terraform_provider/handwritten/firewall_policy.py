"""A network firewall policy whose rules are part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.terraform_provider.failures import PartialFailure
from local_cloud.terraform_provider.hooks import Writing
from local_cloud.terraform_provider.lifecycle import Engine
from local_cloud.terraform_provider.resource_state import saved

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values


class FirewallPolicyWithRules(Engine):
    """The API makes a policy without rules; ours follow in an update."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the policy, read what Google put into it, and send our rules with it."""
        created = await super().create({**planned, "rule": []}, config)
        known = {**planned, **{name: created[name] for name in ("id", "fingerprint", "predefined_rules")}}
        try:
            await self._change(
                self.specification.updates[0], Writing("update", known, created, frozenset({"rule"}), self), config
            )
        except Exception as error:
            raise PartialFailure(error, saved(created)) from error
        return await self.complete(planned, known)

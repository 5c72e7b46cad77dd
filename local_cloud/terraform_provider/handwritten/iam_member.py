"""One member of one role in the IAM policy of anything that has one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine
from local_cloud.terraform_provider.normalisations import principal
from local_cloud.terraform_provider.paths import parse_import
from local_cloud.terraform_provider.resource_state import saved

if TYPE_CHECKING:
    from local_cloud.terraform_provider.planning import Values

POLICY_VERSION: Final = 3
_CONFLICT: Final = 409
_PRECONDITION: Final = 412
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
Policy = dict[str, Any]
Condition = Mapping[str, Any] | None

# Changes of one policy wait for each other inside this process; the etag guards against everybody else.
_locks: dict[str, asyncio.Lock] = {}


class IamMember(Engine):
    """`{role, member, condition}` of a policy, changed by read, modify, write with etag."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Add the member to its role."""
        await self._modify(planned, lambda policy: add_member(policy, _grant(planned)))
        state = {**planned, "id": self.identity(planned)}
        try:
            found = await self.read(state)
        except Exception as error:
            raise PartialFailure(error, saved(state)) from error
        if found is None:
            raise ProviderError(f"{planned['member']} was not found in {planned['role']} right after it was granted")
        return found

    async def read(self, state: Values) -> Values | None:
        """The grant as the policy has it, or None when it is no longer there."""
        try:
            policy = await self._policy(state)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise ProviderError(f"Error reading the IAM policy of {self._where(state)}: {error}") from error
        grant = _grant(state)
        for binding in _bindings_of(policy, grant["role"], grant.get("condition")):
            for member in binding.get("members", ()):
                if principal(member) == principal(state["member"]):
                    return {**state, **self._parent(state), "member": member, "etag": policy.get("etag", "")}
        return None

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Nothing of a grant can be changed in place."""
        return {**planned, "id": prior["id"]}

    async def delete(self, prior: Values) -> None:
        """Take the member out of its role."""
        try:
            await self._modify(prior, lambda policy: remove_member(policy, _grant(prior)))
        except ProviderError as error:
            if not (isinstance(error.__cause__, ApiError) and error.__cause__.status == NOT_FOUND):
                raise

    def identity(self, state: Values) -> str:
        """`<what has the policy>/<role>/<member>[/<condition title>]`."""
        identity = f"{self._where(state)}/{state['role']}/{principal(state['member'])}"
        conditions = state.get("condition") or ()
        return f"{identity}/{conditions[0]['title']}" if conditions else identity

    async def imported(self, parts: Mapping[str, str], state: Values) -> Values:
        """`<what has the policy> <role> <member> [<condition title>]`."""
        member, _, title = parts["member"].partition(" ")
        parent = parse_import(parts["parent"], self.specification.options["parent"])
        if parent is None:
            raise ProviderError(
                f"{parts['parent']!r} names nothing with a policy, allowed: "
                + ", ".join(self.specification.options["parent"])
            )
        found: Values = {**state, **parent, "role": parts["role"], "member": member}
        found["condition"] = await self._condition(found, title)
        return {**found, "id": self.identity(found)}

    async def _condition(self, state: Values, title: str) -> list[Values]:
        policy = await self._policy(state)
        found = [
            binding.get("condition")
            for binding in policy.get("bindings", ())
            if binding["role"] == state["role"]
            and principal(state["member"]) in map(principal, binding.get("members", ()))
            and (binding.get("condition") or {}).get("title", "") == title
        ]
        if len(found) != 1:
            raise ProviderError(
                f"{len(found)} bindings of {self._where(state)} fit role {state['role']}, member {state['member']} and"
                f" condition title {title!r}; exactly one must"
            )
        return [{"description": "", **found[0]}] if found[0] else []

    def _parent(self, state: Values) -> Values:
        """What has the policy, as the state keeps it: a topic by its whole path, whatever way it was written."""
        values = self.values(state)
        templates: Mapping[str, str] = self.specification.options.get("kept_as", {})
        places = {name: values[name] for name in ("project",) if name in self.specification.attributes}
        return {**places, **{name: self.fill(template, values) for name, template in templates.items()}}

    def _where(self, state: Values) -> str:
        return self.fill(self.specification.id, self.values(state))

    async def _policy(self, state: Values) -> Policy:
        call = self.specification.read
        asks_in_body = call.method == "POST" and not call.query
        body = {"options": {"requestedPolicyVersion": POLICY_VERSION}} if asks_in_body else None
        return await self.request(call, self.values(state), body=body)

    async def _modify(self, state: Values, change: Callable[[Policy], Policy]) -> None:
        """Read, change and write the policy; again from the start when somebody else was faster."""
        lock = _locks.setdefault(self._where(state), asyncio.Lock())
        pause = _FIRST_PAUSE
        async with lock:
            while True:
                try:
                    await self._write(state, change(await self._policy(state)))
                    return
                except ApiError as error:
                    if error.status not in (_CONFLICT, _PRECONDITION) or pause > _LONGEST_PAUSE:
                        raise ProviderError(f"Error applying IAM policy for {self._where(state)}: {error}") from error
                await self.client.pause(pause)
                pause *= 2

    async def _write(self, state: Values, policy: Policy) -> None:
        call = self.specification.create
        body: Any = policy if call.method == "PUT" else {"policy": policy, **self.specification.constants}
        await self.request(call, self.values(state), body=body)


def _grant(state: Values) -> Policy:
    conditions = state.get("condition") or ()
    grant: Policy = {"role": state["role"], "members": [state["member"]]}
    if conditions:
        grant["condition"] = {key: value for key, value in conditions[0].items() if value}
    return grant


def _bindings_of(policy: Policy, role: str, condition: Condition) -> list[Policy]:
    return [
        binding
        for binding in policy.get("bindings", ())
        if binding["role"] == role and _same_condition(binding.get("condition"), condition)
    ]


def _same_condition(one: Condition, other: Condition) -> bool:
    keys = ("title", "description", "expression")
    return [(one or {}).get(key) or "" for key in keys] == [(other or {}).get(key) or "" for key in keys]


def add_member(policy: Policy, grant: Policy) -> Policy:
    """`policy` with the member of `grant` in the binding of the same role and condition."""
    policy = deepcopy(policy)
    for binding in _bindings_of(policy, grant["role"], grant.get("condition")):
        known = {principal(member) for member in binding.get("members", ())}
        missing = [member for member in grant["members"] if principal(member) not in known]
        binding["members"] = [*binding.get("members", ()), *missing]
        return {**policy, "version": POLICY_VERSION}
    return {**policy, "bindings": [*policy.get("bindings", ()), grant], "version": POLICY_VERSION}


def remove_member(policy: Policy, grant: Policy) -> Policy:
    """`policy` without the member of `grant`; a binding without members goes too."""
    policy = deepcopy(policy)
    gone = {principal(member) for member in grant["members"]}
    for binding in _bindings_of(policy, grant["role"], grant.get("condition")):
        binding["members"] = [member for member in binding.get("members", ()) if principal(member) not in gone]
    return {**policy, "bindings": [binding for binding in policy.get("bindings", ()) if binding.get("members")]}

"""One API enabled in one project; requests of the same moment travel together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ApiError, ProviderError
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine
from local_cloud.terraform_provider.operations import wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.planning import Values

# serviceusage.services.batchEnable takes at most this many services.
BATCH: Final = 20
PROJECTS: Final = "https://cloudresourcemanager.googleapis.com/v1/projects/"
# Resources of one plan arrive within milliseconds of each other: those of this time (seconds) are enabled together.
GATHERING: Final = 0.05


@dataclass
class _Waiting:
    """Services of one project that are about to be enabled together."""

    services: list[str] = field(default_factory=list)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


_waiting: dict[tuple[int, str], _Waiting] = {}


class ProjectService(Engine):
    """`{project, service}` among the enabled services of a project."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Enable the service, together with others of the same plan."""
        values = self.values(planned)
        state = {**planned, "project": values["project"], "id": self.identity(planned)}
        if planned["service"] not in await self._enabled(values):
            await self._enable_together(values, planned)
        found = await self.read(state)
        if found is None:
            raise ProviderError(f"{planned['service']} is not among the enabled services after it was enabled")
        return found

    async def read(self, state: Values) -> Values | None:
        """The service while it is enabled in a project that lives, else None."""
        values = self.values(state)
        try:
            project = await self.client.send("GET", PROJECTS + values["project"], project=values["project"])
            if project.get("lifecycleState") == "DELETE_REQUESTED":
                return None
            enabled = await self._enabled(values)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise ProviderError(f"Error reading the services of {values['project']}: {error}") from error
        if state["service"] not in enabled:
            return None
        policy = state.get("deletion_policy") or self.settings.deletion_policy
        return {**state, "project": values["project"], "deletion_policy": policy}

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Only what happens on destroy can change, and that is ours alone."""
        return {**planned, "id": prior["id"]}

    async def delete(self, prior: Values) -> None:
        """Disable the service when the resource says so; otherwise it stays enabled."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") == "ABANDON" or not prior.get("disable_on_destroy"):
            return
        call = self.specification.delete
        if call is not None:
            dependent = {"disableDependentServices": True} if prior.get("disable_dependent_services") else {}
            await self.send(call, prior, dependent, "delete")

    async def _enabled(self, values: Mapping[str, Any]) -> set[str]:
        call = self.specification.read
        names: set[str] = set()
        token = ""
        while True:
            query = {**self.query(call, values), **({"pageToken": token} if token else {})}
            url = self.url(call.path, values)
            page = await self.client.send("GET", url, query=query, project=values["project"])
            names |= {str(service["name"]).rpartition("/")[2] for service in page.get("services", ())}
            token = page.get("nextPageToken", "")
            if not token:
                return names

    async def _enable_together(self, values: Mapping[str, Any], planned: Values) -> None:
        """Join the batch of this project, or start one and send it when it is full or nobody else has come."""
        key = (id(self.client), values["project"])
        batch = _waiting.get(key)
        if batch is None or len(batch.services) >= BATCH:
            batch = _waiting[key] = _Waiting()
        batch.services.append(planned["service"])
        leads = len(batch.services) == 1
        if not leads:
            await asyncio.shield(batch.done)
            return
        await self.client.pause(GATHERING)
        if _waiting.get(key) is batch:
            del _waiting[key]
        try:
            await self._enable(batch.services, values, self.deadline(planned, "create"))
        except Exception as error:
            batch.done.set_exception(error)
            # The leader raises it itself; asking for it here keeps asyncio from calling it lost when nobody waits.
            batch.done.exception()
            raise
        batch.done.set_result(None)

    async def _enable(self, services: list[str], values: Mapping[str, Any], deadline: float) -> None:
        base, project = self.specification.base, values["project"]
        call = self.specification.create
        if len(services) == 1:
            url, body = f"{base}projects/{project}/services/{services[0]}:enable", {}
        else:
            url, body = self.url(call.path, values), {"serviceIds": services}
        named = ", ".join(services)
        try:
            answer = await self.client.send(
                "POST", url, body=body, project=project, deadline=deadline, retried=is_being_activated
            )
        except ApiError as error:
            raise ProviderError(f"Error enabling {named} in project {project}: {error}") from error
        await wait(
            self.client, "standard", answer, base=base, project=project,
            doing=f"enable {named} in project {project}", deadline=deadline,
        )  # fmt: skip
        await self._until_listed(set(services), values, deadline)

    async def _until_listed(self, services: set[str], values: Mapping[str, Any], deadline: float) -> None:
        end = self.client.now() + deadline
        while missing := services - await self._enabled(values):
            if self.client.now() > end:
                raise ProviderError(
                    f"{', '.join(sorted(missing))}: enabled, but not listed after {deadline / 60:g} minutes"
                )
            await self.client.pause(1.0)


def is_being_activated(error: ApiError) -> bool:
    """True when the same service is being switched by somebody else."""
    return error.status == 400 and "Another activation or deactivation is in progress" in error.body

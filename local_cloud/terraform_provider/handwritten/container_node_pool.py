"""Node pools: one call for each thing that changes, one after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.expansion import request_body
from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.flattening import look_up
from local_cloud.terraform_provider.handwritten.container_cluster import locks
from local_cloud.terraform_provider.handwritten.container_nodes import Managers
from local_cloud.terraform_provider.hooks.container import one
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine
from local_cloud.terraform_provider.normalisations import last_segment
from local_cloud.terraform_provider.planning import same_value
from local_cloud.terraform_provider.specification import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]
# Argument of node_config → field of UpdateNodePoolRequest, and what a list is wrapped in.
NODE_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "disk_size_gb": ("diskSizeGb", ""),
    "disk_type": ("diskType", ""),
    "machine_type": ("machineType", ""),
    "image_type": ("imageType", ""),
    "labels": ("labels", "labels"),
    "tags": ("tags", "tags"),
    "taint": ("taints", "taints"),
    "resource_labels": ("resourceLabels", "labels"),
    "workload_metadata_config": ("workloadMetadataConfig", ""),
    "kubelet_config": ("kubeletConfig", ""),
    "linux_node_config": ("linuxNodeConfig", ""),
    "gvnic": ("gvnic", ""),
    "gcfs_config": ("gcfsConfig", ""),
    "fast_socket": ("fastSocket", ""),
    "logging_variant": ("loggingConfig", ""),
    "containerd_config": ("containerdConfig", ""),
}
# Arguments of the pool → field of UpdateNodePoolRequest.
POOL_FIELDS: Final[Mapping[str, str]] = {
    "version": "nodeVersion",
    "node_locations": "locations",
    "upgrade_settings": "upgradeSettings",
    "network_config": "nodeNetworkConfig",
    "node_drain_config": "nodeDrainConfig",
}
_APART: Final = ("autoscaling", "node_config", "node_count", "management")


class ContainerNodePool(Engine):
    """A node pool of a cluster."""

    def values(self, state: Values) -> dict[str, Any]:
        """The cluster may be given by its whole path."""
        found = super().values(state)
        cluster = str(found.get("cluster") or "")
        if "/" in cluster:
            parts = cluster.split("/")
            found |= {"project": parts[1], "location": parts[3], "cluster": last_segment(cluster)}
        return found

    def _lock(self, state: Values) -> asyncio.Lock:
        """Pools of one cluster are changed side by side, one pool by one change after the other."""
        return locks.setdefault(self.identity(state), asyncio.Lock())

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the pool unless there is one of that name."""
        async with self._lock(planned):
            try:
                await self.request(self.specification.read, self.values(planned))
            except ApiError as error:
                if error.status != NOT_FOUND:
                    raise ProviderError(f"error creating NodePool: {error}") from error
            else:
                raise ProviderError(f"resource - {self.identity(planned)} - already exists")
            return await super().create(planned, config)

    async def read(self, state: Values) -> Values | None:
        """The pool, with its size where that is followed."""
        found = await super().read(state)
        if found is None:
            return None
        managers = Managers(self.client, followed=not state.get("ignore_node_count_changes"))
        counted = await managers.counted(found, state)
        return {**found, **counted, "operation": found.get("operation") or ""}

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """One call after the other; the prior state is kept when one of them fails."""
        attributes = self.specification.attributes
        changed = {
            name for name, each in attributes.items() if not same_value(each, prior.get(name), planned.get(name))
        }
        state = {**planned, "id": prior["id"]}
        reaching = {name for name in changed if attributes[name].optional and not attributes[name].local}
        if strangers := sorted(reaching - {*POOL_FIELDS, *_APART}):
            raise ProviderError(f"the stand-in cannot change {', '.join(strangers)} of a node pool in place")
        try:
            async with self._lock(state):
                await self._calls(state, prior, changed)
        except Exception as error:
            raise PartialFailure(error, prior) from error
        return await self.complete(planned, state)

    async def _calls(self, state: Values, prior: Values, changed: set[str]) -> None:
        pool = self.specification.read.path
        if "autoscaling" in changed:
            autoscaling = self._part("autoscaling", state) or {"enabled": False}
            update = {"desiredNodePoolId": state["name"], "desiredNodePoolAutoscaling": autoscaling}
            await self.send(Call("PUT", pool.rpartition("/nodePools/")[0]), state, {"update": update}, "update")
        if "node_config" in changed:
            for body in self._node_changes(state, prior):
                await self.send(Call("PUT", pool), state, body, "update")
        if "node_count" in changed:
            await self.send(Call("POST", f"{pool}:setSize"), state, {"nodeCount": state["node_count"]}, "update")
        if "management" in changed:
            body = {"management": self._part("management", state)}
            await self.send(Call("POST", f"{pool}:setManagement"), state, body, "update")
        for name, field in POOL_FIELDS.items():
            if name in changed:
                await self.send(Call("PUT", pool), state, {field: self._part(name, state)}, "update")

    def _part(self, name: str, state: Values) -> Any:
        attributes = self.specification.attributes
        body = request_body(attributes, state, self.place(state), only=(name,), changed=(name,), updating=True)
        return look_up(body, attributes[name].api)

    def _node_changes(self, state: Values, prior: Values) -> list[Body]:
        """A body for each argument of `node_config` that changed; ProviderError for one that no call changes."""
        attributes = self.specification.attributes["node_config"].inner
        before, after = one(prior, "node_config"), one(state, "node_config")
        found: list[Body] = []
        for name, attribute in attributes.items():
            if attribute.output_only or same_value(attribute, before.get(name), after.get(name)):
                continue
            if name not in NODE_FIELDS:
                raise ProviderError(f"the stand-in cannot change node_config.{name} of a node pool in place")
            field, wrapped = NODE_FIELDS[name]
            body = request_body(attributes, after, self.place(state), only=(name,), changed=(name,), updating=True)
            value = body["loggingConfig"] if name == "logging_variant" else look_up(body, attribute.api)
            empty: Any = {} if attribute.kind == "map" else []
            found.append({field: {wrapped: value or empty} if wrapped else value})
        return found

    async def delete(self, prior: Values) -> None:
        """Delete the pool."""
        async with self._lock(prior):
            await super().delete(prior)

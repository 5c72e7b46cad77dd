"""Waiting for the nodes of a pool to be ready, or to be gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.api_client import ApiClient

if TYPE_CHECKING:
    from local_cloud.kubernetes.access import ClusterAccess

# https://cloud.google.com/kubernetes-engine/docs/concepts/node-pools
POOL_LABEL = "cloud.google.com/gke-nodepool"


async def nodes_ready(access: ClusterAccess, pool: str, wanted: int, seconds: int) -> int:
    """Wait until exactly `wanted` nodes of `pool` are there and ready; how many lack (or are too many) after
    `seconds`."""
    nodes: dict[str, bool] = {}
    if wanted == 0 and not await _names(access, pool):
        return 0
    try:
        async with asyncio.timeout(seconds), ApiClient(access, Identity.ADMIN) as api:
            async for event in api.watch(_path(pool), seconds):
                _note(nodes, event)
                if len(nodes) == wanted and all(nodes.values()):
                    return 0
    except TimeoutError:
        pass
    return abs(wanted - sum(nodes.values())) or 1


async def nodes_gone(access: ClusterAccess, pool: str, seconds: int) -> None:
    """Wait until no node of `pool` is left; those that are after `seconds` are deleted."""
    left = await _names(access, pool)
    try:
        async with asyncio.timeout(seconds), ApiClient(access, Identity.ADMIN) as api:
            if left:
                async for event in api.watch(_path(pool), seconds):
                    if event["type"] == "DELETED":
                        left.discard(event["object"]["metadata"]["name"])
                    if not left:
                        return
    except TimeoutError:
        pass
    async with ApiClient(access, Identity.ADMIN) as api:
        for name in left:
            await api.delete(f"/api/v1/nodes/{name}")


async def _names(access: ClusterAccess, pool: str) -> set[str]:
    async with ApiClient(access, Identity.ADMIN) as api:
        found = await api.get(_path(pool))
    return {item["metadata"]["name"] for item in found["items"]}


def _path(pool: str) -> str:
    return f"/api/v1/nodes?labelSelector={POOL_LABEL}%3D{pool}"


def _note(nodes: dict[str, bool], event: dict[str, Any]) -> None:
    name = event["object"]["metadata"]["name"]
    if event["type"] == "DELETED":
        nodes.pop(name, None)
        return
    conditions = event["object"].get("status", {}).get("conditions", [])
    nodes[name] = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

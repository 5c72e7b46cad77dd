"""Waiting for the nodes of a pool to be ready, or to be gone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.api_client import ApiClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from local_cloud.kubernetes.access import ClusterAccess

# https://cloud.google.com/kubernetes-engine/docs/concepts/node-pools
POOL_LABEL = "cloud.google.com/gke-nodepool"


async def nodes_ready(access: ClusterAccess, pool: str, wanted: int, seconds: int) -> int:
    """Wait until exactly `wanted` nodes of `pool` are there and ready; how many lack (or are too many) after
    `seconds`."""
    nodes: dict[str, bool] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), ApiClient(access, Identity.ADMIN) as api:
            async for nodes in _followed(api, pool, seconds):
                if len(nodes) == wanted and all(nodes.values()):
                    return 0
    return abs(wanted - sum(nodes.values())) or 1


async def nodes_gone(access: ClusterAccess, pool: str, seconds: int) -> None:
    """Wait until no node of `pool` is left; those that are after `seconds` are deleted."""
    left: dict[str, bool] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), ApiClient(access, Identity.ADMIN) as api:
            async for left in _followed(api, pool, seconds):
                if not left:
                    return
    async with ApiClient(access, Identity.ADMIN) as api:
        for name in left:
            await api.delete(f"/api/v1/nodes/{name}")


async def _followed(api: ApiClient, pool: str, seconds: int) -> AsyncIterator[dict[str, bool]]:
    """Node → whether it is ready: those that are there, then anew after each event since."""
    found = await api.get(_path(pool))
    nodes = {item["metadata"]["name"]: _is_ready(item) for item in found["items"]}
    yield nodes
    since = f"{_path(pool)}&resourceVersion={found['metadata']['resourceVersion']}"
    async for event in api.watch(since, seconds):
        name = event["object"]["metadata"]["name"]
        if event["type"] == "DELETED":
            nodes.pop(name, None)
        else:
            nodes[name] = _is_ready(event["object"])
        yield nodes


def _path(pool: str) -> str:
    return f"/api/v1/nodes?labelSelector={POOL_LABEL}%3D{pool}"


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

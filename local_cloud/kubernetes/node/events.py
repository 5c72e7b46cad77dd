"""Events of pods and nodes, counted when they repeat."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

import aiohttp

from local_cloud.kubernetes.api_client import ApiStatusError
from local_cloud.kubernetes.node.client import MERGE
from local_cloud.kubernetes.node.nodes import now

if TYPE_CHECKING:
    from local_cloud.kubernetes.node.client import NodeClient, Object

_LOG = logging.getLogger(__name__)
# How many kinds of events are remembered for counting, and the longest message, in characters.
REMEMBERED = 2000
LONGEST_MESSAGE = 1024


class Events:
    """Records events in the background, in their order."""

    def __init__(self, client: NodeClient) -> None:
        """Write with `client`."""
        self._client = client
        self._queue: asyncio.Queue[tuple[Object, str, str, str, str]] = asyncio.Queue(maxsize=1000)
        self._known: OrderedDict[tuple[str, ...], tuple[str, int]] = OrderedDict()

    def pod(self, pod: Object, kind: str, reason: str, message: str, container: str = "") -> None:
        """Something happened to `pod` (`kind`: Normal or Warning), or to one of its containers."""
        field = f"spec.{container}" if container else ""
        try:
            self._queue.put_nowait((pod, kind, reason, message[:LONGEST_MESSAGE], field))
        except asyncio.QueueFull:
            _LOG.warning("an event is dropped: %s %s", reason, message)

    async def run(self) -> None:
        """Write what was recorded."""
        while True:
            pod, kind, reason, message, field = await self._queue.get()
            try:
                await self._write(pod, kind, reason, message, field)
            except (ApiStatusError, aiohttp.ClientError, TimeoutError, OSError) as error:
                _LOG.info("event %s: %s", reason, error)

    async def _write(self, pod: Object, kind: str, reason: str, message: str, field: str) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/events"
        key = (metadata["uid"], field, reason, message)
        known = self._known.get(key)
        if known is not None:
            name, count = known
            try:
                await self._client.patch(f"{path}/{name}", {"count": count + 1, "lastTimestamp": now()}, MERGE)
            except ApiStatusError:
                del self._known[key]
            else:
                self._known[key] = (name, count + 1)
                return
        node = pod["spec"].get("nodeName", "")
        involved = {"kind": "Pod", "apiVersion": "v1", "namespace": metadata["namespace"], "name": metadata["name"]}
        involved |= {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        made = await self._client.post(
            path,
            {
                "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
                "involvedObject": involved | ({"fieldPath": field} if field else {}),
                "type": kind,
                "reason": reason,
                "message": message,
                "source": {"component": "kubelet", "host": node},
                "reportingComponent": "kubelet",
                "reportingInstance": node,
                "firstTimestamp": now(),
                "lastTimestamp": now(),
                "count": 1,
            },
        )
        self._known[key] = (made["metadata"]["name"], 1)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

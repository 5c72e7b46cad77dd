"""All pods of the agent's nodes: each gets an address and a life; what is left of former ones is removed."""

from __future__ import annotations

import asyncio
import logging
import shutil
from ipaddress import ip_network
from typing import TYPE_CHECKING

from local_cloud.kubernetes.node.client import key_of
from local_cloud.kubernetes.node.describing import PodSurroundings, place
from local_cloud.kubernetes.node.pod_life import OVER, PodLife
from local_cloud.kubernetes.node.variables import Surroundings
from local_cloud.kubernetes.node.volumes import Volumes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.kubernetes.node.client import Object, Store
    from local_cloud.kubernetes.node.nodes import Nodes
    from local_cloud.kubernetes.node.workshop import Workshop

_LOG = logging.getLogger(__name__)

NAME_SERVICE = ("kube-system", "kube-dns")


class Addresses:
    """Addresses of pods from the range of their node; one that was given back is the last to be used again."""

    def __init__(self) -> None:
        """None is taken."""
        self._taken: dict[str, str] = {}
        self._next: dict[str, int] = {}

    def take(self, uid: str, pod_range: str, known: str | None) -> str:
        """The address it had, if that is still free; else the next free one. ValueError when none is left."""
        network = ip_network(pod_range)
        taken = set(self._taken.values())
        if known is None or known in taken:
            size = network.num_addresses
            for _ in range(size):
                # The first is the node's own bridge on GKE.
                number = max(self._next.get(pod_range, 2), 2)
                self._next[pod_range] = number + 1 if number + 1 < size - 1 else 2
                known = str(network[number])
                if known not in taken:
                    break
            else:
                raise ValueError(f"no address is left in {pod_range}")
        self._taken[uid] = known
        return known

    def give_back(self, uid: str) -> None:
        """The pod needs it no more."""
        self._taken.pop(uid, None)


class Pods:
    """Reacts to the pods' watch."""

    def __init__(self, workshop: Workshop, nodes: Nodes, services: Store) -> None:
        """Run pods of `nodes`."""
        self._workshop = workshop
        self._nodes = nodes
        self._services = services
        self._addresses = Addresses()
        self._lives: dict[str, PodLife] = {}
        self._latest: dict[str, Object] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def lives(self) -> Mapping[str, PodLife]:
        """The pods that have a life here, by uid."""
        return self._lives

    def find(self, namespace: str, name: str) -> PodLife | None:
        """A pod by name."""
        for life in self._lives.values():
            if key_of(life.around.pod) == (namespace, name):
                return life
        return None

    def on_node(self, name: str) -> list[PodLife]:
        """The pods of a node."""
        return [life for life in self._lives.values() if life.around.pod["spec"]["nodeName"] == name]

    def changed(self, pod: Object) -> None:
        """A pod came to one of the nodes, or changed."""
        uid = pod["metadata"]["uid"]
        self._latest[uid] = pod
        life = self._lives.get(uid)
        if life is not None:
            life.update(pod)
        elif uid not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._live(uid))
            self._tasks[uid] = task
            task.add_done_callback(lambda done: self._over(uid, done))

    def gone(self, pod: Object) -> None:
        """A pod is not in the API any more."""
        uid = pod["metadata"]["uid"]
        self._latest.pop(uid, None)
        life = self._lives.get(uid)
        if life is not None:
            life.vanish()
        elif uid in self._tasks:
            self._tasks[uid].cancel()

    def sweep(self, present: set[str]) -> None:
        """Remove what former pods left behind."""
        if self._workshop.directory.exists():
            for path in self._workshop.directory.iterdir():
                if path.name not in present:
                    shutil.rmtree(path, ignore_errors=True)

    async def stop(self) -> None:
        """Leave all pods as they are."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _over(self, uid: str, done: asyncio.Task[None]) -> None:
        self._tasks.pop(uid, None)
        self._lives.pop(uid, None)
        self._addresses.give_back(uid)
        self._workshop.doors.close(uid)
        if not done.cancelled() and done.exception() is not None:
            _LOG.error("pod %s: %r", uid, done.exception(), exc_info=done.exception())

    async def _live(self, uid: str) -> None:
        """A pod's whole time here."""
        pod = self._latest[uid]
        if pod["status"].get("phase") in OVER and "deletionTimestamp" not in pod["metadata"]:
            # It needs no address any more; its logs stay until it is deleted.
            life = PodLife(self._workshop, await self._surroundings(pod, over=True))
        else:
            life = PodLife(self._workshop, await self._surroundings(pod, over=False))
        if uid not in self._latest:
            return
        self._lives[uid] = life
        life.update(self._latest[uid])
        await life.run()

    async def _surroundings(self, pod: Object, *, over: bool) -> PodSurroundings:
        metadata, spec = pod["metadata"], pod["spec"]
        uid, node = metadata["uid"], spec["nodeName"]
        node_address = self._nodes.address(node) or ""
        known = pod["status"].get("podIP")
        door = None
        if spec.get("hostNetwork"):
            address = node_address
        elif over:
            address = known or node_address
        else:
            address = self._addresses.take(uid, await self._range(node), known)
            door = await self._workshop.doors.open(pod, address)
        wanted = self._nodes.wanted.get(node)
        allocatable: dict[str, str] = {}
        if wanted is not None:
            found = self._nodes.store.find("", node) or {}
            allocatable = found.get("status", {}).get("allocatable") or {}
        around = Surroundings(address, node_address, allocatable, self._workshop.services())
        directory = self._workshop.directory / uid
        volumes = Volumes(directory / "volumes", self._workshop.sources, self._workshop.tokens, around)
        server = self._services.find(*NAME_SERVICE)
        name_server = server["spec"].get("clusterIP", "") if server is not None else ""
        return PodSurroundings(pod, place(pod, address, name_server, door), around, volumes, directory)

    async def _range(self, node: str) -> str:
        """The node's range of addresses, which the controller gives it soon after its registration."""
        while (found := self._nodes.pod_range(node)) is None:
            await self._nodes.moved()
        return found

"""Makes clusters run: a server and a front for each, copies for snapshots and restores."""

from __future__ import annotations

import asyncio
import logging
import shutil
from datetime import UTC
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from local_cloud.atlas import kinds
from local_cloud.atlas.copying import CopyError, load, save
from local_cloud.atlas.kinds import CLUSTERS, PORT, RESTORES, SCRAM, SERVICE, SNAPSHOTS, USERS
from local_cloud.atlas.server import Server, is_free
from local_cloud.twins import Twin, twin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_cloud.emulator.store import Stored
    from local_cloud.runtimes import Surroundings

_LOG = logging.getLogger(__name__)
# How many addresses are tried for a cluster: another local cloud of this machine may have taken some.
_TRIED = 200


class AtlasRuntime:
    """Keeps a server and a front for every cluster."""

    name = "atlas"
    services = frozenset({SERVICE})
    # Nothing of Atlas is a long-running operation of Google's.
    runs: frozenset[str] = frozenset()

    def __init__(self, surroundings: Surroundings) -> None:
        """Nothing runs yet."""
        self._surroundings = surroundings
        self._addresses: dict[str, str] = {}

    async def start(self) -> None:
        """Wait for `changed`."""

    async def changed(self) -> None:
        """Start what is new, end what goes, copy what is asked for."""
        clusters = self._surroundings.resources.listed(SERVICE, CLUSTERS)
        self._addresses = {str(one.body["_at"]): one.name for one in clusters if one.body.get("_at")}
        await self._end_unknown({str(one.body["id"]) for one in clusters})
        for cluster in clusters:
            if cluster.body["stateName"] == "DELETING":
                await self._remove(cluster)
        wanted = [one for one in clusters if one.body["stateName"] != "DELETING"]
        await asyncio.gather(*(self._run(one) for one in wanted))
        await self._copy()

    async def stop(self) -> None:
        """End the processes; the data stays."""
        found = [str(child["name"]) for child in self._surroundings.children.listed()]
        await self._surroundings.children.dismiss(*(name for name in found if name.startswith("atlas-")))

    async def clear(self) -> None:
        """End the processes and forget the data, but not the API key that clients hold."""
        await self.stop()
        for directory in self._surroundings.directory.iterdir():
            if directory.is_dir():
                shutil.rmtree(directory)

    def upstream(self, host: str, port: int) -> Twin | None:
        """Where the address of a cluster listens."""
        return twin(host, port) if host in self._addresses and port == PORT else None

    def listed(self) -> list[dict[str, Any]]:
        """Every cluster."""
        clusters = self._surroundings.resources.listed(SERVICE, CLUSTERS)
        return [{"name": one.body["name"], "state": one.body["stateName"].lower()} for one in clusters]

    def _server(self, cluster: Stored) -> Server:
        identifier = str(cluster.body["id"])
        return Server(identifier, self._surroundings.directory / identifier)

    async def _end_unknown(self, known: set[str]) -> None:
        """End what is left of clusters that the store no longer has."""
        for child in self._surroundings.children.listed():
            name = str(child["name"])
            if name.startswith("atlas-") and name.rpartition("-")[2] not in known:
                await self._surroundings.children.dismiss(name)

    async def _remove(self, cluster: Stored) -> None:
        server = self._server(cluster)
        await self._surroundings.children.dismiss(*server.children)
        shutil.rmtree(server.directory, ignore_errors=True)
        self._surroundings.resources.remove(SERVICE, cluster.name)

    async def _run(self, cluster: Stored) -> None:
        """Have both processes, and say so once they answer."""
        server, children = self._server(cluster), self._surroundings.children
        address = str(cluster.body.get("_at") or self._address(cluster))
        self._addresses[address] = cluster.name
        group = str(cluster.body["groupId"])
        server.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        server.describe(cluster.body["name"], address, PORT, self._users(group, cluster.body["name"]))
        for name, make in zip(server.children, (server.process, server.front), strict=True):
            if children.find(name) is None:
                children.supervise(make())
        if cluster.body["stateName"] == "IDLE":
            return
        found = [children.find(name) for name in server.children]
        if not await server.answers(address, PORT, lambda: any(one is None or one.keeps_ending for one in found)):
            raise RuntimeError(f"{cluster.name} does not answer; see {server.directory}/server.log and front.log")
        text = f"mongodb://{address}:{PORT}"
        self._surroundings.resources.patch(
            SERVICE, cluster.name, {"stateName": "IDLE", "connectionStrings": {"standard": text}, "_at": address}
        )

    def _address(self, cluster: Stored) -> str:
        """An address for a new cluster whose twin nobody has."""
        first = int(IPv4Address(kinds.FIRST_ADDRESS))
        for offset in range(_TRIED):
            address = str(IPv4Address(first + offset))
            if address not in self._addresses and is_free(address, PORT):
                self._surroundings.resources.patch(SERVICE, cluster.name, {"_at": address})
                return address
        raise RuntimeError(f"no address from {kinds.FIRST_ADDRESS} on can be listened on")

    def _users(self, group: str, cluster: str) -> dict[str, Any]:
        """Users of the group that may come into this cluster."""
        found = {}
        for one in self._surroundings.resources.listed(SERVICE, USERS):
            scopes = [scope["name"] for scope in one.body["scopes"] if scope.get("type", "CLUSTER") == "CLUSTER"]
            if one.body["groupId"] == group and (not scopes or cluster in scopes):
                found[one.body["username"]] = {"scram": one.body[SCRAM], "roles": one.body["roles"]}
        return found

    async def _copy(self) -> None:
        """Take snapshots and put them back, as asked for and in that order."""
        resources = self._surroundings.resources
        snapshots = resources.listed(SERVICE, SNAPSHOTS)
        for snapshot in snapshots:
            if snapshot.body["status"] == "queued":
                await self._save(snapshot)
        self._forget_copies(snapshots)
        for job in resources.listed(SERVICE, RESTORES):
            if not job.body.get("finishedAt"):
                await self._load(job)

    async def _save(self, snapshot: Stored) -> None:
        server, fields = self._owner(snapshot), {"status": "failed"}
        if server is not None:
            self._surroundings.resources.patch(SERVICE, snapshot.name, {"status": "inProgress"})
            try:
                size = await asyncio.to_thread(save, server.port, server.snapshots / snapshot.body["id"])
                fields = {"status": "completed", "storageSizeBytes": size}  # type: ignore[dict-item]
            except CopyError as error:
                _LOG.warning("%s could not be taken: %s", snapshot.name, error)
        self._surroundings.resources.patch(SERVICE, snapshot.name, fields)

    async def _load(self, job: Stored) -> None:
        source = self._owner(job)
        target = self._surroundings.resources.find(
            SERVICE, kinds.cluster_name(job.body["targetGroupId"], job.body["targetClusterName"])
        )
        fields: dict[str, Any] = {"failed": True}
        if source is not None and target is not None:
            try:
                copy = source.snapshots / job.body["snapshotId"]
                await asyncio.to_thread(load, self._server(target).port, copy)
                fields = {"failed": False}
            except (CopyError, OSError) as error:
                _LOG.warning("%s could not be done: %s", job.name, error)
        now = kinds.stamp(self._surroundings.cloud.clock.now().astimezone(UTC))
        self._surroundings.resources.patch(SERVICE, job.name, {**fields, "finishedAt": now})

    def _owner(self, part: Stored) -> Server | None:
        """The server of the cluster that a snapshot or job belongs to."""
        cluster = self._surroundings.resources.find(SERVICE, "/".join(part.name.split("/")[:4]))
        return self._server(cluster) if cluster else None

    def _forget_copies(self, snapshots: Sequence[Stored]) -> None:
        kept = {str(one.body["id"]) for one in snapshots}
        for copy in self._surroundings.directory.glob("*/snapshots/*"):
            if copy.name not in kept and not copy.name.endswith(".new"):
                shutil.rmtree(copy)


RUNTIME = AtlasRuntime

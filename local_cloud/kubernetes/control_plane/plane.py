"""One control plane as a whole: its processes started in order, ready, and ended in the opposite order."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp

from local_cloud import programs
from local_cloud.kubernetes.access import Identity
from local_cloud.kubernetes.api_client import ApiClient
from local_cloud.kubernetes.control_plane import directory, processes, rights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_cloud.certificates import Authority
    from local_cloud.children import Child, Children
    from local_cloud.kubernetes.access import ClusterAccess
    from local_cloud.kubernetes.control_plane.configuration import Doors
    from local_cloud.kubernetes.control_plane.description import ClusterDescription

_LOG = logging.getLogger(__name__)

# Nothing tells when a program was linked or an API server began to listen: it is looked again after so many seconds.
_PROGRAM_PAUSE = 1.0
_READY_PAUSE = 0.1
# After so many rounds without an answer, the cluster says what it waits for.
_QUIET_ROUNDS = 50
_LOG_LINES = 3


class ControlPlane:
    """The processes of one cluster."""

    def __init__(self, access: ClusterAccess, cluster: ClusterDescription, children: Children) -> None:
        """Of `cluster`, whose files are in `access`, supervised by `children`."""
        self.access = access
        self.cluster = cluster
        self._children = children
        self._own: list[Child] = []

    async def start(self, authority: Authority, doors: Doors, say: Callable[[str], None]) -> None:
        """Start everything and return when the API is ready; `say` gets what is waited for when that takes long."""
        found = await self.programs(say)
        await asyncio.to_thread(directory.prepare, self.access, self.cluster, authority, doors)
        self._own = processes.children(self.access, self.cluster, found)
        for child in self._own:
            self._children.supervise(child)
        await self.ready(say)

    async def ready(self, say: Callable[[str], None]) -> None:
        """Return when `/readyz` is well."""
        rounds = 0
        async with ApiClient(self.access, Identity.ADMIN) as api:
            while True:
                lacking = await self._lacking(api)
                if not lacking:
                    return
                rounds += 1
                if rounds % _QUIET_ROUNDS == 0:
                    say(self._trouble() or lacking)
                await asyncio.sleep(_READY_PAUSE)

    async def equip(self, *, metrics: bool) -> None:
        """Put in place what every cluster holds."""
        async with ApiClient(self.access, Identity.ADMIN) as api:
            await rights.put_in_place(api, self.access, metrics=metrics)

    async def stop(self) -> None:
        """End everything: who writes first, what is written to last."""
        names = [child.name for child in self._own]
        await self._children.dismiss(*names[2:])
        await self._children.dismiss(*names[1:2])
        await self._children.dismiss(*names[:1])
        self._own = []

    @property
    def processes(self) -> dict[str, int | None]:
        """Program → process id, None while it is down."""
        return {child.name.rpartition("/")[2]: child.pid for child in self._own}

    @staticmethod
    async def _lacking(api: ApiClient) -> str:
        try:
            said = await api.ready()
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"the API server does not answer: {error}"
        failing = [line for line in said.splitlines() if line.startswith("[-]")]
        return ", ".join(failing) or said

    def _trouble(self) -> str:
        """Which process keeps ending, with the last lines it said."""
        for child in self._own:
            if child.keeps_ending:
                lines = child.log.read_text(encoding="utf-8", errors="replace").splitlines()
                return f"{child.name} keeps ending: {' / '.join(lines[-_LOG_LINES:])}"
        return ""

    @staticmethod
    async def programs(say: Callable[[str], None]) -> dict[str, Path]:
        """The programs it consists of, once they are all there; `say` gets which are waited for."""
        while True:
            try:
                return programs.find_all(processes.PROGRAMS)
            except programs.ProgramMissingError as error:
                say(str(error))
                await asyncio.sleep(_PROGRAM_PAUSE)

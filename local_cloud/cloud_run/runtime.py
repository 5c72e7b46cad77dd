"""Cloud Run as the daemon sees it: one child process while there are services, and the addresses of run.app."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local_cloud.children import Child
from local_cloud.cloud_run.places import LOG, NAME, PUBLISHED
from local_cloud.hosts import LOOPBACK
from local_cloud.twins import Twin

if TYPE_CHECKING:
    from local_cloud.runtimes import Surroundings

_SERVICES = "projects.locations.services"
_DOMAIN = ".run.app"


class CloudRunRuntime:
    """Keeps the process while there is a service."""

    name = NAME
    services = frozenset({"run"})
    runs = frozenset({"run"})

    def __init__(self, surroundings: Surroundings) -> None:
        """Nothing runs yet."""
        self._surroundings = surroundings

    async def start(self) -> None:
        """Wait for `changed`."""

    async def changed(self) -> None:
        """Run the process when there is a service."""
        needed = bool(self._surroundings.resources.listed("run", _SERVICES))
        running = self._surroundings.children.find(NAME) is not None
        if needed and not running:
            self._surroundings.children.supervise(self._child())
        elif running and not needed:
            await self.stop()

    async def stop(self) -> None:
        """End the process, and with it every instance."""
        await self._surroundings.children.dismiss(NAME)

    async def clear(self) -> None:
        """End the process and forget what it told."""
        await self.stop()
        (self._surroundings.state.root / PUBLISHED).unlink(missing_ok=True)

    def upstream(self, host: str, port: int) -> Twin | None:
        """Where an address of run.app listens."""
        if not host.endswith(_DOMAIN):
            return None
        found = self._told().get("ports", {}).get(str(port))
        return Twin(LOOPBACK, int(found)) if found else None

    def listed(self) -> list[dict[str, Any]]:
        """The process, and the revisions that it runs."""
        child = self._surroundings.children.find(NAME)
        if child is None:
            return []
        revisions = self._told().get("revisions", {})
        return [{"name": NAME, "state": "running" if child.pid else "down", "pid": child.pid, "revisions": revisions}]

    def _told(self) -> dict[str, Any]:
        """What the process published last."""
        with suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self._surroundings.state.root / PUBLISHED).read_text())
            return found
        return {}

    def _child(self) -> Child:
        state = self._surroundings.state
        command = [sys.executable, "-m", "local_cloud.cloud_run", "--state", str(state.root)]
        return Child(NAME, command, state.root / LOG, os.environ)


RUNTIME = CloudRunRuntime

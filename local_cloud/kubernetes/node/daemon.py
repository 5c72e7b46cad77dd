"""What the agent asks the daemon of the local cloud: which nodes there are to be, and tokens for the registry."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp

from local_cloud.containers.distribution import RegistryAccess
from local_cloud.hosts import LOOPBACK
from local_cloud.kubernetes.node.pools import DEFAULT_ACCOUNT, ClusterNodes, described

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
SERVICES = ("container", "compute")
# A token of a node's account is kept for half of its hour, in seconds.
TOKEN_SECONDS = 1800


class Daemon:
    """The daemon behind the admin socket of a state directory."""

    def __init__(self, state: StateDirectory, cluster: str) -> None:
        """Ask about `cluster` (resource name)."""
        self._state = state
        self._cluster = cluster
        self._accounts: set[str] = set()
        self._token: tuple[str, float] = ("", 0.0)

    async def nodes(self) -> AsyncIterator[ClusterNodes]:
        """Which nodes there are to be: now, and after every change."""
        after = 0
        before: ClusterNodes | None = None
        while True:
            try:
                query = [("service", service) for service in SERVICES] + [("after", str(after))]
                async with self._session() as session, session.get("http://daemon/resources", params=query) as response:
                    response.raise_for_status()
                    found = await response.json()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                _LOG.info("the daemon: %r", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            after = found["revision"]
            try:
                wanted = described(self._cluster, found["resources"])
            except (ValueError, KeyError) as error:
                _LOG.error("node pools of %s: %s", self._cluster, error)
                continue
            if wanted is not None and wanted != before:
                before = wanted
                self._accounts = {node.account for node in wanted.nodes.values()} - {DEFAULT_ACCOUNT}
                yield wanted

    def registry(self) -> RegistryAccess:
        """Registries as the nodes reach them: through the proxy, as the nodes' service account."""
        port = self._state.port_file.read_text().strip()
        return RegistryAccess(f"http://{LOOPBACK}:{port}", self._state.ca_bundle, self._registry_token)

    async def _registry_token(self, _: str) -> str | None:
        """A token of the nodes' service account; None when they have none of their own."""
        token, due = self._token
        if time.monotonic() < due:
            return token
        for account in sorted(self._accounts):
            body = {"member": f"serviceAccount:{account}"}
            async with self._session() as session, session.post("http://daemon/tokens", json=body) as response:
                if response.status == 200:
                    token = str((await response.json())["token"])
                    self._token = (token, time.monotonic() + TOKEN_SECONDS)
                    return token
                _LOG.warning("no token for %s: %s", account, await response.text())
        return None

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.UnixConnector(str(self._state.admin_socket))
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            yield session

"""A metadata server of its own for each place: a small door that says who asks, and passes on to the daemon."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOG = logging.getLogger(__name__)

# What the daemon reads of who asks (admin.py); a container's own headers of these names are dropped.
PREFIX = "x-local-cloud-"
PATH = "/metadata"
# Where doors listen, on the twin of the place's address: the port that GKE's metadata server has, as a free one.
PORT = 20988
LONGEST_HEAD = 16 * 1024
PATIENCE = 30.0


@dataclass(frozen=True)
class ContainerIdentity:
    """Who runs in a place: an IAM `member`, `impersonates` a service account (address, or empty), in `project` (id).

    A Kubernetes service account is `serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]`.
    """

    member: str
    project: str
    impersonates: str = ""
    cluster: str = ""
    location: str = ""

    def headers(self) -> dict[str, str]:
        """As the daemon reads it."""
        named = {"Member": self.member, "Project": self.project, "Impersonates": self.impersonates}
        named |= {"Cluster": self.cluster, "Location": self.location}
        return {f"X-Local-Cloud-{name}": value for name, value in named.items() if value}


class MetadataDoor:
    """Listens for one place; `identity` is asked at every request, as annotations change."""

    def __init__(self, admin_socket: Path, identity: Callable[[], ContainerIdentity]) -> None:
        """Pass on to the daemon at `admin_socket`."""
        self._admin_socket = admin_socket
        self._identity = identity
        self._server: asyncio.Server | None = None

    async def open(self, address: str, port: int = PORT) -> tuple[str, int]:
        """Listen at a loopback address; for `Place.metadata`. OSError when somebody else does."""
        self._server = await asyncio.start_server(self._serve, address, port, limit=LONGEST_HEAD)
        return address, port

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: clients of metadata servers ask rarely."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                await self._pass_on(head, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            _LOG.info("metadata: %r", error)
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        finally:
            writer.close()

    async def _pass_on(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, _, rest = first.partition(" ")
        target, _, version = rest.rpartition(" ")
        kept = [line for line in lines if not line.lower().startswith((PREFIX, "connection:", "content-length:"))]
        said = [f"{name}: {value}" for name, value in self._identity().headers().items()]
        asked = "\r\n".join([f"{method} {PATH}{target} {version}", *kept, *said, "Connection: close", "", ""])
        daemon, to_daemon = await asyncio.open_unix_connection(str(self._admin_socket))
        try:
            to_daemon.write(asked.encode("latin-1"))
            while content := await daemon.read(LONGEST_HEAD):
                writer.write(content)
            await writer.drain()
        finally:
            to_daemon.close()

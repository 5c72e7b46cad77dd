"""A listening address of the reverse proxy and the connections that came in by it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from local_cloud.data_plane.reverse_proxy.client_connection import ClientConnection

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from local_cloud.data_plane.reverse_proxy.messages import Decision, Handler, Request

BACKLOG = 1024


class FrontEnd:
    """Accepts connections and lets `handler` decide about every request on them."""

    def __init__(self, handler: Handler) -> None:
        """Nothing listens yet."""
        self.handler = handler
        self._connections: set[ClientConnection] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, address: str, port: int, context: ssl.SSLContext | None = None) -> int:
        """Listen at a loopback address, with TLS when there is a context; the port. OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, address, port, ssl=context, backlog=BACKLOG)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def listen_on(self, bound: socket.socket) -> None:
        """Listen at a socket that is bound already (see `private_socket`)."""
        self._server = await asyncio.get_running_loop().create_unix_server(self._accept, sock=bound, backlog=BACKLOG)

    async def close(self) -> None:
        """Stop listening; idle connections end now, the others after their answer."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.finish()

    def abort(self) -> None:
        """Cut every connection."""
        for connection in list(self._connections):
            connection.abort()

    def _accept(self) -> ClientConnection:
        return ClientConnection(self._decide, self._connections)

    def _decide(self, request: Request) -> Decision | Awaitable[Decision]:
        """Ask the handler of the moment: it changes while connections stay."""
        return self.handler(request)


def private_socket(path: Path) -> socket.socket:
    """A unix socket at `path` for the owner's processes alone; what a killed process left there is replaced."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(str(path))
    path.chmod(0o600)
    return bound

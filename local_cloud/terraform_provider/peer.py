"""Who is at the other end of a unix socket."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# struct ucred of SO_PEERCRED: pid, uid, gid (man 7 unix).
PEER_CREDENTIALS: Final = struct.Struct("3i")


def peer_pid(connection: socket.socket) -> int:
    """The process at the other end of a unix socket (for a client: the one that listens)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER_CREDENTIALS.size)
    pid: int = PEER_CREDENTIALS.unpack(raw)[0]
    return pid


def serving_pid(path: Path) -> int | None:
    """The process that listens on the unix socket at `path` now, or None."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            # No such socket, nobody behind it, or a path so long that the daemon will put its sockets elsewhere.
            return None
        return peer_pid(connection)

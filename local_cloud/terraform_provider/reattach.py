"""The `TF_REATTACH_PROVIDERS` that makes Terraform or OpenTofu use the stand-in."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory

PROTOCOL_VERSION: Final = 6
ADDRESSES: Final = ("registry.terraform.io/hashicorp/google", "registry.opentofu.org/hashicorp/google")
# struct ucred of SO_PEERCRED: pid, uid, gid (man 7 unix).
PEER_CREDENTIALS: Final = struct.Struct("3i")


class NotServing(RuntimeError):
    """Nobody listens on the stand-in's socket."""


def peer_pid(connection: socket.socket) -> int:
    """The process at the other end of a unix socket (for a client: the one that listens)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER_CREDENTIALS.size)
    pid: int = PEER_CREDENTIALS.unpack(raw)[0]
    return pid


def serving_pid(state: StateDirectory) -> int | None:
    """The process that serves the stand-in of this state directory now, or None."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(state.provider_socket))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        return peer_pid(connection)


def reattach(state: StateDirectory) -> dict[str, Any]:
    """The value of `TF_REATTACH_PROVIDERS`, before it is dumped as JSON; NotServing when the stand-in does not run."""
    pid = serving_pid(state)
    if pid is None:
        raise NotServing(
            f"no provider stand-in listens on {state.provider_socket}: start it with `python -m local_cloud up`"
        )
    configuration = {
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": pid,
        "Test": True,
        "Addr": {"Network": "unix", "String": str(state.provider_socket)},
    }
    return {address: configuration for address in ADDRESSES}

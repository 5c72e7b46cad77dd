"""Where the data plane's process, its runtime in the daemon and Cloud Run find each other's files and sockets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory

NAME = "data_plane"
# What the process tells the daemon, below the state directory.
PUBLISHED = Path(NAME, "published.json")
LOG = Path(NAME, "data_plane.log")
# Services of the emulator whose resources it reads.
SERVICES = frozenset({"certificatemanager", "compute", "container", "dns"})
_CLOUD_RUN_SOCKET = "cloud_run.sock"


def cloud_run_socket(state: StateDirectory) -> Path:
    """Where Cloud Run's front end takes requests from load balancers."""
    return state.sockets / _CLOUD_RUN_SOCKET

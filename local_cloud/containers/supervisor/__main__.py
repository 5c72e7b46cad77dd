"""`python -m local_cloud.containers.supervisor DESCRIPTOR`: supervise containers for whoever holds the other end."""

from __future__ import annotations

import signal
import socket
import sys

from local_cloud.containers.supervisor.supervision import Supervision


def main() -> None:
    """Serve the socket whose descriptor is the only argument, until its other end closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    supervision = Supervision(control)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    supervision.run()


main()

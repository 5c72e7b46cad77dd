"""`python -m local_cloud.kubernetes.node --state DIR --cluster NAME`: be every node of a cluster."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from contextlib import suppress
from pathlib import Path

from local_cloud.kubernetes.access import ClusterAccess
from local_cloud.kubernetes.node.agent import Agent
from local_cloud.kubernetes.node.daemon import Daemon
from local_cloud.kubernetes.node.workshop import Timing
from local_cloud.state import StateDirectory

BACK_OFF = Timing().back_off


def main() -> None:
    """Parse the command line and run until a signal."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud.kubernetes.node", description=__doc__)
    parser.add_argument("--state", required=True, type=Path, help="state directory of the local cloud")
    parser.add_argument("--cluster", required=True, help="projects/P/locations/L/clusters/NAME")
    parser.add_argument(
        "--back-off",
        type=float,
        default=BACK_OFF,
        help=f"first pause before a crashed container starts again, in seconds (Kubernetes: 10; default: {BACK_OFF:g})",
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with suppress(asyncio.CancelledError):
        asyncio.run(_run(StateDirectory(options.state.absolute()), options.cluster, Timing(options.back_off)))


async def _run(state: StateDirectory, cluster: str, timing: Timing) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    daemon = Daemon(state, cluster)
    agent = Agent(state, ClusterAccess.of(state.root, cluster), daemon.registry(), timing)
    await agent.run(daemon.nodes())


main()

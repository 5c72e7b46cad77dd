"""`python -m … STATE CLUSTER`: the node agent, told on its standard input which nodes there are to be.

One JSON object a line: pool name → number of nodes in each of two zones.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from local_cloud.containers.distribution import RegistryAccess
from local_cloud.kubernetes.access import ClusterAccess
from local_cloud.kubernetes.node.agent import Agent
from local_cloud.kubernetes.node.pools import ClusterNodes, described
from local_cloud.kubernetes.node.workshop import Timing
from local_cloud.state import StateDirectory

ZONES = ("europe-west1-b", "europe-west1-c")
BACK_OFF = 0.2


def nodes(cluster: str, pools: dict[str, int]) -> ClusterNodes:
    """As the emulator's resources would describe the cluster."""
    project = cluster.split("/")[1]
    resources = [{"service": "container", "name": cluster, "body": {"subnetwork": "nodes"}}]
    # A range of its own for each run, so that runs side by side do not meet.
    subnet = {"ipCidrRange": str(IPv4Network(f"10.250.{sys.argv[3]}.0/24"))}
    name = f"projects/{project}/regions/europe-west1/subnetworks/nodes"
    resources.append({"service": "compute", "name": name, "body": subnet})
    for pool, count in pools.items():
        urls = []
        for zone in ZONES:
            manager = f"projects/{project}/zones/{zone}/instanceGroupManagers/gke-crm-{pool}-grp"
            resources.append({"service": "compute", "name": manager, "body": {"targetSize": count}})
            urls.append(f"https://www.googleapis.com/compute/v1/{manager}")
        taints = [{"key": "memory", "value": "high", "effect": "NO_SCHEDULE"}] if pool == "high-memory" else []
        config = {"machineType": "e2-standard-4", "taints": taints, "labels": {"own": "label"}}
        body = {"name": pool, "config": config, "instanceGroupUrls": urls}
        resources.append({"service": "container", "name": f"{cluster}/nodePools/{pool}", "body": body})
    found = described(cluster, resources)
    assert found is not None
    return found


async def wanted(cluster: str) -> AsyncIterator[ClusterNodes]:
    """What each line says."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield nodes(cluster, json.loads(line))
    await asyncio.Event().wait()


async def main() -> None:
    """Run until a signal."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    state, cluster = Path(sys.argv[1]), sys.argv[2]
    agent = Agent(StateDirectory(state), ClusterAccess.of(state, cluster), RegistryAccess(), Timing(BACK_OFF))
    await agent.run(wanted(cluster))


logging.basicConfig(level=logging.INFO)
with suppress(asyncio.CancelledError):
    asyncio.run(main())

"""Which loopback address and port stand for an address of the cloud on this machine.

Every address of 127.0.0.0/8 can be bound on Linux without configuration, and ports from 1024 on without root.
Clouds that run side by side have the same addresses; each has a lane of the loopback network (local_cloud/lanes.py).
"""

from __future__ import annotations

import os
from ipaddress import IPv4Address, ip_network
from typing import NamedTuple

LOOPBACK = ip_network("127.0.0.0/8")
# Ports below this one need root to be bound (ip_unprivileged_port_start of Linux).
FIRST_FREE_PORT = 1024
LOW_PORT_OFFSET = 20_000
# The lane of the cloud that this process belongs to; the daemon sets it for itself and for all it starts.
LANE_VARIABLE = "LOCAL_CLOUD_LANE"


class Twin(NamedTuple):
    """A loopback address and a port that anybody may bind."""

    address: str
    port: int


def twin_address(address: str) -> str:
    """`10.4.0.7` → `127.4.0.7`; in lane 64 → `127.68.0.7`. A loopback address is its own twin.

    ValueError when `address` is no IPv4 address.
    """
    known = IPv4Address(address)
    if known in LOOPBACK:
        return address
    lane = int(os.environ.get(LANE_VARIABLE, "0"))
    return str(IPv4Address((int(known) ^ lane << 16) & 0x00FFFFFF | 0x7F000000))


def twin_port(port: int) -> int:
    """443 → 20443; a port that needs no root stays."""
    return port if port >= FIRST_FREE_PORT or port == 0 else port + LOW_PORT_OFFSET


def twin(address: str, port: int) -> Twin:
    """Where what the cloud knows as `address`:`port` listens on this machine; a loopback address stays as it is."""
    if IPv4Address(address) in LOOPBACK:
        return Twin(address, port)
    return Twin(twin_address(address), twin_port(port))

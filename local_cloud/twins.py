"""Which loopback address and port stand for an address of the cloud on this machine.

Every address of 127.0.0.0/8 can be bound on Linux without configuration, and ports from 1024 on without root.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network
from typing import NamedTuple

LOOPBACK = ip_network("127.0.0.0/8")
# Ports below this one need root to be bound (ip_unprivileged_port_start of Linux).
FIRST_FREE_PORT = 1024
LOW_PORT_OFFSET = 20_000


class Twin(NamedTuple):
    """A loopback address and a port that anybody may bind."""

    address: str
    port: int


def twin_address(address: str) -> str:
    """`10.4.0.7` → `127.4.0.7`; a loopback address is its own twin. ValueError when it is no IPv4 address."""
    return str(IPv4Address((int(IPv4Address(address)) & 0x00FFFFFF) | 0x7F000000))


def twin_port(port: int) -> int:
    """443 → 20443; a port that needs no root stays."""
    return port if port >= FIRST_FREE_PORT or port == 0 else port + LOW_PORT_OFFSET


def twin(address: str, port: int) -> Twin:
    """Where what the cloud knows as `address`:`port` listens on this machine; a loopback address stays as it is."""
    if IPv4Address(address) in LOOPBACK:
        return Twin(address, port)
    return Twin(twin_address(address), twin_port(port))

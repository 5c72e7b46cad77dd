"""What becomes of an address that a container binds or connects to: its loopback twin, or a refusal."""

from __future__ import annotations

import socket
import struct
from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_network
from typing import Final

from local_cloud.twins import LOOPBACK, twin, twin_address, twin_port

METADATA: Final = ("169.254.169.254", 80)
LOCALHOST = "127.0.0.1"
ANY = "0.0.0.0"  # noqa: S104 - what containers ask for; nothing here binds it

# Addresses of the cloud: private (RFC 1918), shared (RFC 6598) and documentation ranges (RFC 5737).
CLOUD = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)

_FAMILY = struct.Struct("=H")
_INTERNET = struct.Struct("!2xH4s8x")
_INTERNET_6 = struct.Struct("!2xHI16sI")
_MAPPED = bytes(10) + b"\xff\xff"


class Unreachable(Exception):
    """The address is neither on this machine nor of the cloud."""


@dataclass(frozen=True)
class Address:
    """An internet address as a socket call has it; `family` is AF_INET or AF_INET6."""

    family: int
    host: str
    port: int

    @classmethod
    def read(cls, packed: bytes) -> Address | None:
        """From a `struct sockaddr`; None when it is no IPv4 address in either family's spelling, or too short."""
        if len(packed) < _FAMILY.size:
            return None
        family = _FAMILY.unpack_from(packed)[0]
        if family == socket.AF_INET and len(packed) >= 8:
            port, host = _INTERNET.unpack(packed[:16].ljust(16, b"\0"))
            return cls(family, socket.inet_ntoa(host), port)
        if family == socket.AF_INET6 and len(packed) >= 24:
            port, _, host, _ = _INTERNET_6.unpack(packed[:28].ljust(28, b"\0"))
            return cls(family, _host_of(host), port)
        return None

    def written(self) -> bytes:
        """As the start of a `struct sockaddr` of its family."""
        host = socket.inet_aton(self.host)
        if self.family == socket.AF_INET:
            packed = _INTERNET.pack(self.port, host)[:8]
        else:
            packed = _INTERNET_6.pack(self.port, 0, _MAPPED + host, 0)[:24]
        return _FAMILY.pack(self.family) + packed[2:]


def _host_of(packed: bytes) -> str:
    """Dotted for what stands for an IPv4 address; `::` and `::1` are their IPv4 counterparts."""
    if packed.startswith(_MAPPED):
        return socket.inet_ntoa(packed[12:])
    if packed == bytes(16):
        return ANY
    if packed == bytes(15) + b"\1":
        return LOCALHOST
    return socket.inet_ntop(socket.AF_INET6, packed)


@dataclass
class Neighbourhood:
    """One place's view of addresses: its own, and the ports its containers listen on (container → ports)."""

    address: str
    metadata: tuple[str, int] | None = None
    listening: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def bound(self, asked: Address) -> Address | None:
        """Where to bind instead; None when the address stays as it is (another one's: the kernel's answer counts)."""
        if asked.host in (ANY, LOCALHOST, self.address, twin_address(self.address)):
            return Address(asked.family, twin_address(self.address), twin_port(asked.port))
        return None

    def connected(self, asked: Address) -> Address | None:
        """Where to connect instead; None when the address stays as it is; Unreachable outside the cloud."""
        if asked.host in (LOCALHOST, ANY):
            own = any(asked.port in ports for ports in self.listening.values())
            return Address(asked.family, twin_address(self.address), twin_port(asked.port)) if own else None
        if (asked.host, asked.port) == METADATA and self.metadata is not None:
            return Address(asked.family, *self.metadata)
        if ":" in asked.host:
            raise Unreachable
        host = IPv4Address(asked.host)
        if host in LOOPBACK:
            return None
        if any(host in block for block in CLOUD):
            return Address(asked.family, *twin(asked.host, asked.port))
        raise Unreachable

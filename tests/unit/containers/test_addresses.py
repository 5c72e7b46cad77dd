"""Addresses that containers bind and connect to become loopback twins."""

from __future__ import annotations

import socket
import struct

import pytest

from local_cloud.containers.supervisor.addresses import ANY, Address, Neighbourhood, Unreachable

OWN = "10.4.0.7"
TWIN = "127.4.0.7"


def place() -> Neighbourhood:
    return Neighbourhood(OWN, metadata=("127.4.0.7", 20988))


def packed(family: int, host: str, port: int) -> bytes:
    if family == socket.AF_INET:
        return struct.pack("=H", family) + struct.pack("!H4s8x", port, socket.inet_aton(host))
    return struct.pack("=H", family) + struct.pack("!HI16sI", port, 0, socket.inet_pton(family, host), 0)


@pytest.mark.parametrize("asked", [ANY, "127.0.0.1", OWN, TWIN])
def test_what_is_bound_is_found_at_the_twin(asked: str) -> None:
    assert place().bound(Address(socket.AF_INET, asked, 8080)) == Address(socket.AF_INET, TWIN, 8080)


def test_low_ports_move() -> None:
    found = place().bound(Address(socket.AF_INET, ANY, 80))
    assert found is not None
    assert found.port == 20080


def test_an_address_of_somebody_else_is_left_to_the_kernel() -> None:
    assert place().bound(Address(socket.AF_INET, "10.4.0.8", 80)) is None


@pytest.mark.parametrize("host", ["10.8.0.1", "172.16.0.2", "192.168.1.1", "203.0.113.9"])
def test_addresses_of_the_cloud_are_reached_at_their_twins(host: str) -> None:
    found = place().connected(Address(socket.AF_INET, host, 443))
    assert found is not None
    assert found.host == f"127.{host.partition('.')[2]}"
    assert found.port == 20443


@pytest.mark.parametrize("host", ["8.8.8.8", "142.250.1.1", "2001:4860:4860::8888"])
def test_nothing_leaves_the_machine(host: str) -> None:
    with pytest.raises(Unreachable):
        place().connected(Address(socket.AF_INET6 if ":" in host else socket.AF_INET, host, 443))


def test_localhost_is_the_place_where_one_of_its_containers_listens() -> None:
    here = place()
    asked = Address(socket.AF_INET, "127.0.0.1", 9090)
    assert here.connected(asked) is None
    here.listening["sidecar"].add(9090)
    assert here.connected(asked) == Address(socket.AF_INET, TWIN, 9090)
    here.listening.pop("sidecar")
    assert here.connected(asked) is None


def test_the_metadata_server_is_the_places_own() -> None:
    found = place().connected(Address(socket.AF_INET, "169.254.169.254", 80))
    assert found == Address(socket.AF_INET, TWIN, 20988)


@pytest.mark.parametrize(
    ("family", "host", "shown"),
    [
        (socket.AF_INET, "10.1.2.3", "10.1.2.3"),
        (socket.AF_INET6, "::ffff:10.1.2.3", "10.1.2.3"),
        (socket.AF_INET6, "::", ANY),
        (socket.AF_INET6, "::1", "127.0.0.1"),
        (socket.AF_INET6, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_both_families_are_read(family: int, host: str, shown: str) -> None:
    assert Address.read(packed(family, host, 8080)) == Address(family, shown, 8080)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_what_is_written_is_what_the_kernel_reads(family: int) -> None:
    written = Address(family, TWIN, 20443).written()
    host = TWIN if family == socket.AF_INET else f"::ffff:{TWIN}"
    assert packed(family, host, 20443).startswith(written)


@pytest.mark.parametrize("content", [b"", b"\x02", struct.pack("=H", socket.AF_UNIX) + b"/run/x", b"\x02\x00\x1f"])
def test_what_is_no_internet_address_is_left_alone(content: bytes) -> None:
    assert Address.read(content) is None

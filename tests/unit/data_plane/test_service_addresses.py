"""Addresses of services on real sockets: who gets a connection, and what becomes of it when endpoints come and go."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from local_cloud.data_plane.reverse_proxy.backends import Address
from local_cloud.data_plane.service_addresses import ServiceAddresses, ServicePort
from tests.unit.data_plane.laboratory import run, scripted


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def echo(name: str) -> Any:
    """A server that says its name and repeats lines."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{name}\n".encode())
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    return script


async def ask(where: ServicePort) -> str:
    """Who answers."""
    reader, writer = await asyncio.open_connection(*where)
    name = (await reader.readline()).decode().strip()
    writer.close()
    return name


def test_new_connections_go_to_ready_endpoints_and_old_ones_stay() -> None:
    async def scenario() -> None:
        where = ServicePort("127.0.0.1", free_port())
        async with scripted(echo("a")) as a, scripted(echo("b")) as b:
            addresses = ServiceAddresses()
            await addresses.update({where: [a, b]})
            assert sorted([await ask(where) for _ in range(4)]) == ["a", "a", "b", "b"]
            readers = [await asyncio.open_connection(*where) for _ in range(2)]
            names = {(await reader.readline()).decode().strip() for reader, _ in readers}
            assert names == {"a", "b"}
            await addresses.update({where: [b]})
            assert {await ask(where) for _ in range(4)} == {"b"}
            for reader, writer in readers:
                writer.write(b"still here\n")
                assert await reader.readline() == b"still here\n"
                writer.write_eof()
                assert await reader.read() == b""
                writer.close()
            addresses.close()

    run(scenario())


def test_a_client_that_speaks_first_and_ends_is_heard() -> None:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"%d" % len(await reader.read()))
        writer.close()

    async def scenario() -> None:
        where = ServicePort("127.0.0.1", free_port())
        async with scripted(whole) as slow:
            addresses = ServiceAddresses()
            await addresses.update({where: [Address("127.0.0.1", free_port()), slow]})
            for size in (1, 500_000):
                reader, writer = await asyncio.open_connection(*where)
                writer.write(b"x" * size)
                writer.write_eof()
                assert await reader.read() == b"%d" % size
                writer.close()
            addresses.close()

    run(scenario())


def test_an_endpoint_that_refuses_is_passed_over() -> None:
    async def scenario() -> None:
        where = ServicePort("127.0.0.1", free_port())
        async with scripted(echo("a")) as a:
            addresses = ServiceAddresses()
            await addresses.update({where: [Address("127.0.0.1", free_port()), a]})
            assert {await ask(where) for _ in range(4)} == {"a"}
            addresses.close()

    run(scenario())


def test_a_service_without_endpoints_refuses() -> None:
    async def scenario() -> None:
        where = ServicePort("127.0.0.1", free_port())
        async with scripted(echo("a")) as a:
            addresses = ServiceAddresses()
            await addresses.update({where: [a]})
            await ask(where)
            await addresses.update({where: []})
            with pytest.raises(ConnectionRefusedError):
                await ask(where)
            await addresses.update({where: [a]})
            assert await ask(where) == "a"
            addresses.close()

    run(scenario())


def test_an_address_that_is_taken_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_cloud.data_plane.service_addresses.RETRY_SECONDS", 0.1)

    async def scenario() -> None:
        async with scripted(echo("a")) as a:
            addresses = ServiceAddresses()
            async with scripted(echo("intruder")) as taken:
                where = ServicePort(*taken)
                await addresses.update({where: [a]})
                assert where in addresses.refused
            while addresses.refused:  # noqa: ASYNC110 - what is waited for is the clock
                await asyncio.sleep(0.02)
            assert await ask(where) == "a"
            addresses.close()

    run(scenario())

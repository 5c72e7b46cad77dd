"""The reverse proxy on real sockets: framing, keep-alive, retries, draining, refusals, WebSockets."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp

from local_cloud.data_plane.reverse_proxy.backends import Address
from tests.unit.data_plane.laboratory import origins, proxy, run, scripted, spoken


def test_spreads_requests_over_endpoints_and_keeps_connections() -> None:
    async def scenario() -> None:
        async with origins("a", "b") as (a, b), proxy(a.address, b.address) as edge, aiohttp.ClientSession() as session:
            got = []
            for _ in range(10):
                async with session.get(f"{edge.url}/x?y=1") as response:
                    got.append(await response.text())
            assert sorted(got) == ["a"] * 5 + ["b"] * 5
            assert a.seen[0].path_qs == "/x?y=1"
            assert a.seen[0].headers["Via"] == "1.1 google"
            # Each endpoint got all of its requests over one connection.
            assert sorted(len(one.idle) for one in edge.backend.endpoints.values()) == [1, 1]

    run(scenario())


def test_passes_bodies_of_every_framing() -> None:
    async def scenario() -> None:
        async def parts() -> Any:
            yield b"one "
            yield b"two"

        big = b"x" * 900_000
        async with origins("a") as (a,), proxy(a.address) as edge, aiohttp.ClientSession() as session:
            async with session.post(edge.url, data=b"whole") as response:
                assert response.status == 200
            async with session.post(edge.url, data=parts()) as response:
                assert response.status == 200
            async with session.put(edge.url, data=io.BytesIO(big)) as response:
                assert response.status == 200
            async with session.get(f"{edge.url}/stream") as response:
                assert await response.text() == "part 0;part 1;part 2;"
            async with session.head(edge.url) as response:
                assert response.headers["Content-Length"] == "1"
            async with session.get(f"{edge.url}/missing") as response:
                assert (response.status, await response.text()) == (404, "no such thing")
            assert a.bodies[:3] == [b"whole", b"one two", big]

    run(scenario())


def test_answers_old_clients_and_requests_in_a_row() -> None:
    async def scenario() -> None:
        async with origins("a") as (a,), proxy(a.address) as edge:
            old = await spoken(edge.port, b"GET /stream HTTP/1.0\r\nHost: x\r\n\r\n", end=False)
            assert old.endswith(b"part 0;part 1;part 2;")
            assert b"chunked" not in old
            row = b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
            row += b"GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            answer = await spoken(edge.port, row, end=False)
            assert answer.count(b"HTTP/1.1 200 OK") == 3
            assert [one.path for one in a.seen] == ["/stream", "/1", "/2", "/3"]

    run(scenario())


def test_refuses_what_is_no_proper_request() -> None:
    async def scenario() -> None:
        async with origins("a") as (a,), proxy(a.address) as edge:
            for bad in (
                b"nonsense\r\n\r\n",
                b"GET / HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            ):
                assert (await spoken(edge.port, bad, end=False)).startswith(b"HTTP/1.1 400 "), bad
            long = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000
            assert (await spoken(edge.port, long, end=False)).startswith(b"HTTP/1.1 431 ")
            assert a.seen == []

    run(scenario())


def test_another_endpoint_serves_when_one_refuses() -> None:
    async def scenario() -> None:
        async with origins("a") as (a,):
            closed = Address("127.0.0.1", 1)
            async with proxy(closed, a.address) as edge, aiohttp.ClientSession() as session:
                for _ in range(4):
                    async with session.post(edge.url, data=b"body") as response:
                        assert await response.text() == "a"
            assert a.bodies == [b"body"] * 4

    run(scenario())


def test_a_kept_connection_that_was_closed_costs_no_request() -> None:
    async def scenario() -> None:
        served = 0

        async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal served
            await reader.readuntil(b"\r\n\r\n")
            served += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            # The next request arrives, and is answered by the end of the connection.
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()

        async with scripted(one_each) as address, proxy(address) as edge, aiohttp.ClientSession() as session:
            for _ in range(3):
                async with session.get(edge.url) as response:
                    assert await response.text() == "ok"
            assert served == 3

    run(scenario())


def test_what_may_have_been_done_is_not_done_twice() -> None:
    async def scenario() -> None:
        asked = 0

        async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            await reader.readuntil(b"\r\n\r\n")
            asked += 1
            writer.transport.abort()

        async with scripted(dies) as one, scripted(dies) as other, proxy(one, other) as edge:
            async with aiohttp.ClientSession() as session, session.post(edge.url, data=b"pay") as response:
                assert (response.status, await response.text()) == (503, "upstream connect error")
            assert asked == 1

    run(scenario())


def test_a_draining_endpoint_ends_its_work_and_gets_no_more() -> None:
    async def scenario() -> None:
        async with origins("old", "new") as (old, new), proxy(old.address) as edge, aiohttp.ClientSession() as session:
            old.slow = 0.3
            under_way = asyncio.create_task(session.get(edge.url))
            await old.asked.wait()
            edge.backend.update([new.address])
            for _ in range(5):
                async with session.get(edge.url) as response:
                    assert await response.text() == "new"
            response = await under_way
            assert await response.text() == "old"
            assert len(old.seen) == 1

    run(scenario())


def test_draining_ends_after_its_time() -> None:
    async def scenario() -> None:
        async with origins("old") as (old,), proxy(old.address, draining=0.1) as edge:
            old.slow = 0.6
            async with aiohttp.ClientSession() as session:
                under_way = asyncio.create_task(session.post(edge.url))
                await old.asked.wait()
                edge.backend.update([])
                response = await under_way
                assert response.status == 503

    run(scenario())


def test_the_last_endpoint_serves_while_it_leaves() -> None:
    async def scenario() -> None:
        async with origins("a") as (a,), proxy(a.address) as edge, aiohttp.ClientSession() as session:
            edge.backend.update([])
            async with session.get(edge.url) as response:
                assert await response.text() == "a"

    run(scenario())


def test_failures_have_the_words_they_were_given() -> None:
    async def scenario() -> None:
        async with proxy() as edge, aiohttp.ClientSession() as session, session.get(edge.url) as response:
            assert (response.status, await response.text()) == (503, "no healthy upstream")
        async with origins("a") as (a,), proxy(a.address, seconds=0.1) as edge, aiohttp.ClientSession() as session:
            a.slow = 0.6
            async with session.get(edge.url) as response:
                assert (response.status, await response.text()) == (504, "timeout")
        nobody = Address("127.0.0.1", 1)
        async with proxy(nobody) as edge, aiohttp.ClientSession() as session, session.get(edge.url) as response:
            assert (response.status, await response.text()) == (503, "upstream connect error")

    run(scenario())


def test_websockets_pass() -> None:
    async def scenario() -> None:
        async with origins("a") as (a,), proxy(a.address) as edge, aiohttp.ClientSession() as session:
            async with session.ws_connect(f"{edge.url}/ws") as socket:
                for word in ("one", "two"):
                    await socket.send_str(word)
                    assert await socket.receive_str() == f"a: {word}"
            # A wish that is not granted is answered as usual.
            async with session.get(edge.url, headers={"Connection": "Upgrade", "Upgrade": "h2c"}) as response:
                assert await response.text() == "a"

    run(scenario())


def test_expectations_are_passed_on() -> None:
    async def scenario() -> None:
        async with origins("a") as (a,), proxy(a.address) as edge, aiohttp.ClientSession() as session:
            async with session.put(edge.url, data=b"x" * 100, expect100=True) as response:
                assert response.status == 200
            assert a.bodies == [b"x" * 100]

    run(scenario())


def test_half_an_answer_is_never_passed_as_a_whole_one() -> None:
    async def scenario() -> None:
        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.transport.abort()

        async with scripted(half) as address, proxy(address) as edge, aiohttp.ClientSession() as session:
            async with session.get(edge.url) as response:
                failed = False
                try:
                    await response.read()
                except aiohttp.ClientError:
                    failed = True
            assert failed

    run(scenario())


def test_slow_readers_do_not_fill_memory() -> None:
    async def scenario() -> None:
        sent = 0

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
            while sent < 400_000_000:
                writer.write(b"x" * 1_000_000)
                await writer.drain()
                sent += 1_000_000

        async with scripted(endless) as address, proxy(address) as edge:
            reader, writer = await asyncio.open_connection("127.0.0.1", edge.port, limit=1000)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.5)
            assert sent < 50_000_000
            writer.transport.abort()

    run(scenario())

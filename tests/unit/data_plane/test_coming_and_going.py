"""Endpoints that come and go under load: not one request is lost, over kept connections and over new ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from local_cloud.data_plane.reverse_proxy.backends import Address
from local_cloud.data_plane.service_addresses import ServiceAddresses, ServicePort
from tests.http_load import Outcome, Target, load
from tests.unit.data_plane.laboratory import Origin, proxy, run
from tests.unit.data_plane.test_service_addresses import free_port

Update = Callable[[list[Address]], Awaitable[None]]

# How long an origin goes on after it was taken out, in seconds: what a preStop hook is for.
LEAVING_SECONDS = 0.2


@pytest.fixture
def requests(soak: bool) -> int:
    """How many are sent."""
    return 50_000 if soak else 2_500


async def roll(origins: list[Origin], update: Update, over: asyncio.Event) -> int:
    """Replace one origin after the other, as a rolling update does; how many were replaced."""
    replaced = 0
    while not over.is_set():
        origins.append(await Origin(f"origin {replaced}").start())
        await update([one.address for one in origins])
        leaving = origins.pop(0)
        await update([one.address for one in origins])
        await asyncio.sleep(LEAVING_SECONDS)
        await leaving.stop()
        replaced += 1
    return replaced


async def loaded(
    target: Target, requests: int, fresh: int, origins: list[Origin], update: Update
) -> tuple[Outcome, int]:
    """What comes of `requests` while the origins are replaced."""
    over = asyncio.Event()
    rolling = asyncio.create_task(roll(origins, update, over))
    outcome = await load(target, requests=requests, clients=16, fresh=fresh, rate=2_000)
    over.set()
    replaced = await rolling
    with contextlib.suppress(asyncio.CancelledError):
        for origin in origins:
            await origin.stop()
    return outcome, replaced


@pytest.mark.seconds(5)
def test_the_edge_loses_nothing_while_endpoints_are_replaced(requests: int) -> None:
    async def scenario() -> None:
        origins = [await Origin(name).start() for name in ("a", "b")]
        async with proxy(*(one.address for one in origins)) as edge:

            async def update(addresses: list[Address]) -> None:
                edge.backend.update(addresses)

            target = Target("127.0.0.1", edge.port, "app.example")
            outcome, replaced = await loaded(target, requests, 8, origins, update)
        assert (outcome.failures, dict(outcome.statuses)) == ([], {200: requests})
        assert replaced > 2

    run(scenario(), seconds=600)


@pytest.mark.seconds(5)
def test_a_service_address_loses_nothing_while_endpoints_are_replaced(requests: int) -> None:
    async def scenario() -> None:
        where = ServicePort("127.0.0.1", free_port())
        origins = [await Origin(name).start() for name in ("a", "b")]
        addresses = ServiceAddresses()

        async def update(found: list[Address]) -> None:
            await addresses.update({where: found})

        await update([one.address for one in origins])
        outcome, replaced = await loaded(Target(*where, "app.example"), requests, 16, origins, update)
        addresses.close()
        assert (outcome.failures, dict(outcome.statuses)) == ([], {200: requests})
        assert replaced > 2

    run(scenario(), seconds=600)


def test_an_origin_that_ends_without_a_word_costs_no_request_that_may_be_repeated() -> None:
    async def scenario() -> None:
        origins = [await Origin(name).start() for name in ("a", "b", "c")]
        async with proxy(*(one.address for one in origins)) as edge:
            target = Target("127.0.0.1", edge.port, "app.example")
            asking = asyncio.create_task(load(target, requests=1_500, clients=8, fresh=4))
            await asyncio.sleep(0.1)
            await origins[0].stop()
            outcome = await asking
            for origin in origins[1:]:
                await origin.stop()
        assert (outcome.failures, dict(outcome.statuses)) == ([], {200: 1_500})

    run(scenario(), seconds=120)

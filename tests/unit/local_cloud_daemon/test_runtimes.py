"""Runtimes are woken by what they read, one at a time, again after a failure; children can be dismissed."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from local_cloud import runtimes
from local_cloud.children import Child, Children
from local_cloud.cloud import Cloud
from local_cloud.resource_feed import Resources
from local_cloud.runtimes import Runtimes, Surroundings, load_runtimes
from local_cloud.state import StateDirectory
from local_cloud.twins import Twin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOPIC = "projects/p/topics/t"


class Counting:
    """A runtime that counts what is asked of it, and does what a test says when it is woken."""

    name = "counting"
    services: frozenset[str] = frozenset({"pubsub"})
    runs: frozenset[str] = frozenset()
    at_change: ClassVar[Callable[[Counting], None]] = lambda _runtime: None
    last: ClassVar[Counting]

    def __init__(self, surroundings: Surroundings) -> None:
        """Remember the newest for the test."""
        self.surroundings = surroundings
        self.seen: list[str] = []
        self.changes = 0
        self.busy = 0
        Counting.last = self

    async def start(self) -> None:
        """Note it."""
        self.seen.append("start")

    async def changed(self) -> None:
        """Count, and notice when it is called while it is at work."""
        self.busy += 1
        assert self.busy == 1
        self.changes += 1
        try:
            await asyncio.sleep(0)
        finally:
            self.busy -= 1
        type(self).at_change(self)

    async def stop(self) -> None:
        """Note it."""
        self.seen.append("stop")

    async def clear(self) -> None:
        """Note it."""
        self.seen.append("clear")

    def upstream(self, host: str, port: int) -> Twin | None:
        """One host is known."""
        return Twin("127.1.2.3", port) if host == "known.example" else None

    def listed(self) -> list[dict[str, Any]]:
        """How often it was woken."""
        return [{"name": "it", "state": str(self.changes)}]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud on a fresh state directory."""
    made = Cloud(StateDirectory(tmp_path))
    yield made
    made.close()


def started(cloud: Cloud, tmp_path: Path) -> tuple[Runtimes, Resources]:
    """Runtimes wired to the cloud's commits, as the daemon wires them."""
    state, resources = StateDirectory(tmp_path), Resources(cloud)
    given = Surroundings(state, tmp_path, resources, Children(state), None, cloud, 0)  # type: ignore[arg-type]
    all_of_them = Runtimes({"counting": given}, [Counting])

    def committed(services: frozenset[str]) -> None:
        resources.notify()
        all_of_them.wake(services)

    cloud.attend(all_of_them.runs, committed)
    return all_of_them, resources


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until something holds; a test that waits in vain fails."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0)


def test_a_runtime_is_woken_by_its_own_services(cloud: Cloud, tmp_path: Path) -> None:
    async def life() -> None:
        every, resources = started(cloud, tmp_path)
        await every.start()
        runtime = Counting.last
        await until(lambda: runtime.changes == 1)
        resources.put("dns", "projects/p/managedZones/z", "managedZones", {})
        for _ in range(20):
            await asyncio.sleep(0)
        assert runtime.changes == 1
        resources.put("pubsub", TOPIC, "projects.topics", {"name": TOPIC})
        await until(lambda: runtime.changes == 2)
        assert every.listed() == [{"runtime": "counting", "name": "it", "state": "2"}]
        assert every.upstream("known.example", 443) == Twin("127.1.2.3", 443)
        assert every.upstream("other.example", 443) is None
        await every.stop()
        assert runtime.seen == ["start", "stop"]

    asyncio.run(life())


def test_commits_in_a_row_wake_once_more_not_as_often(cloud: Cloud, tmp_path: Path) -> None:
    async def life() -> None:
        every, resources = started(cloud, tmp_path)
        await every.start()
        runtime = Counting.last
        await until(lambda: runtime.changes == 1)
        for number in range(50):
            resources.put("pubsub", f"{TOPIC}{number}", "projects.topics", {})
        await until(lambda: runtime.changes >= 2)
        for _ in range(20):
            await asyncio.sleep(0)
        assert runtime.changes == 2
        await every.stop()

    asyncio.run(life())


def test_a_runtime_that_failed_is_asked_again(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "FIRST_PAUSE", 0.0)

    def fail_twice(runtime: Counting) -> None:
        if runtime.changes < 3:
            raise ValueError("not yet")

    monkeypatch.setattr(Counting, "at_change", fail_twice)

    async def life() -> None:
        every, _ = started(cloud, tmp_path)
        await every.start()
        await until(lambda: Counting.last.changes == 3)
        await every.stop()

    asyncio.run(life())


def test_clearing_pauses_until_resumed(cloud: Cloud, tmp_path: Path) -> None:
    async def life() -> None:
        every, resources = started(cloud, tmp_path)
        await every.start()
        runtime = Counting.last
        await until(lambda: runtime.changes == 1)
        await every.clear()
        resources.put("pubsub", TOPIC, "projects.topics", {})
        for _ in range(20):
            await asyncio.sleep(0)
        assert (runtime.changes, runtime.seen) == (1, ["start", "clear"])
        every.resume()
        await until(lambda: runtime.changes == 2)
        await every.stop()

    asyncio.run(life())


def test_what_a_runtime_writes_back(cloud: Cloud, tmp_path: Path) -> None:
    resources = Resources(cloud)
    resources.put("pubsub", TOPIC, "projects.topics", {"name": TOPIC, "state": "NEW", "labels": {"a": "b"}})
    before = resources.revision(["pubsub"])
    resources.patch("pubsub", TOPIC, {"state": "NEW"})
    assert resources.revision(["pubsub"]) == before, "what changes nothing is no change"
    resources.patch("pubsub", TOPIC, {"status.phase": "RUNNING", "labels": None})
    found = resources.find("pubsub", TOPIC)
    assert found is not None
    assert found.body == {"name": TOPIC, "state": "NEW", "status": {"phase": "RUNNING"}}
    resources.patch("pubsub", "projects/p/topics/gone", {"state": "x"})
    resources.put("pubsub", f"{TOPIC}/below/it", "projects.topics.below", {})
    resources.remove("pubsub", TOPIC)
    assert resources.listed("pubsub") == []


def test_waiting_for_a_revision(cloud: Cloud, tmp_path: Path) -> None:
    async def life() -> None:
        _, resources = started(cloud, tmp_path)
        services = frozenset({"pubsub"})
        before = await resources.beyond(services, 0)
        waiting = asyncio.create_task(resources.beyond(services, before))
        await asyncio.sleep(0)
        resources.put("dns", "projects/p/managedZones/z", "managedZones", {})
        await asyncio.sleep(0)
        assert not waiting.done()
        resources.put("pubsub", TOPIC, "projects.topics", {})
        assert await asyncio.wait_for(waiting, 20) > before

    asyncio.run(life())


def test_a_child_that_is_dismissed_ends_and_does_not_come_back(tmp_path: Path) -> None:
    async def life() -> None:
        children = Children(StateDirectory(tmp_path))
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        for name in ("one", "two"):
            children.supervise(Child(name, command, tmp_path / f"{name}.log", os.environ))
        await until(lambda: all(entry["pid"] for entry in children.listed()))
        pid = children.find("one").pid  # type: ignore[union-attr]
        assert pid is not None
        await children.dismiss("one", "nobody")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert [entry["name"] for entry in children.listed()] == ["two"]
        await children.stop()

    asyncio.run(life())


def test_packages_with_a_runtime_are_found() -> None:
    found = load_runtimes()
    assert len({kind.name for kind in found}) == len(found)
    for kind in found:
        assert kind.services >= kind.runs

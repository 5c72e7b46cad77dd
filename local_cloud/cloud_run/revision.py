"""One revision at work: as many instances as it needs, replaced when they end, drained when it is not wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from local_cloud.cloud_run.instance import GRACE_SECONDS, Instance, StartError
from local_cloud.data_plane.reverse_proxy.backends import Backend

if TYPE_CHECKING:
    from local_cloud.cloud_run.instance import Workshop
    from local_cloud.cloud_run.template import RevisionTemplate

_LOG = logging.getLogger(__name__)

# A request waits this long for room in an instance before it is refused
# (https://cloud.google.com/run/docs/about-instance-autoscaling#queueing).
QUEUE_SECONDS = 10.0
# An instance that is not needed is ended after this many seconds.
IDLE_SECONDS = 60.0
# An instance that ended is replaced after this many seconds, doubled each time, up to the longest.
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
# Requests under way on instances that leave get this long, in seconds.
DRAINING_SECONDS = 3600.0


class Phase(StrEnum):
    """How far a revision is."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


class Revision:
    """Runs from `start` to `stop`."""

    def __init__(self, template: RevisionTemplate, workshop: Workshop, told: Callable[[], None]) -> None:
        """`told` is called when the phase changes."""
        self.template = template
        self.phase = Phase.STARTING
        self.reason = ""
        self.message = ""
        self.backend = Backend(template.name, draining_seconds=DRAINING_SECONDS)
        self.in_flight = 0
        self._workshop = workshop
        self._told = told
        self._lives: set[asyncio.Task[None]] = set()
        self._ready: dict[Instance, asyncio.Task[None] | None] = {}
        self._numbers = 0
        self._room = asyncio.Event()
        self._stopping = False
        self._scale_down: asyncio.TimerHandle | None = None

    @property
    def instances(self) -> int:
        """How many take requests."""
        return len(self._ready)

    def start(self) -> None:
        """Bring up the least number of instances."""
        for _ in range(self.template.least):
            self._add()

    async def stop(self) -> None:
        """Take no more requests, let those under way end, end the instances."""
        self._stopping = True
        if self._scale_down is not None:
            self._scale_down.cancel()
        if self.in_flight:
            await self._drained()
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        self.backend.close()

    def take(self) -> bool:
        """Take room for a request; False when every instance has as many as it may have."""
        if not self._ready or self.in_flight >= self.template.concurrency * len(self._ready):
            if len(self._lives) < self.template.most and not self._stopping:
                self._add()
            return False
        self.in_flight += 1
        return True

    async def wait(self) -> bool:
        """Wait for room and take it; False when there is none in time."""
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                while not self.take():
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return False
        return True

    def leave(self) -> None:
        """A request is over."""
        self.in_flight -= 1
        self._room.set()
        if len(self._ready) > self.template.least and self._scale_down is None:
            self._scale_down = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._shrink)

    def _add(self) -> None:
        life = asyncio.get_running_loop().create_task(self._live())
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    async def _live(self) -> None:
        """One instance after the other: another follows when one ends by itself."""
        pause = FIRST_PAUSE
        while True:
            self._numbers += 1
            instance = Instance(self.template, self._numbers, self._workshop)
            try:
                await instance.start()
                self._serve(instance)
                pause = FIRST_PAUSE
                _LOG.warning("%s: %s", instance.name, await instance.ended())
            except StartError as error:
                await self._fail(instance, error.reason, str(error))
            except OSError as error:
                await self._fail(instance, "INTERNAL", str(error))
            finally:
                self._withdraw(instance)
                await instance.stop()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _serve(self, instance: Instance) -> None:
        self._ready[instance] = asyncio.current_task()
        self._agree()
        if self.phase is not Phase.READY:
            self.phase, self.reason, self.message = Phase.READY, "", ""
            self._told()

    def _withdraw(self, instance: Instance) -> None:
        if self._ready.pop(instance, None) is not None:
            self._agree()

    def _agree(self) -> None:
        self.backend.update([one.endpoint for one in self._ready])
        self._room.set()

    async def _fail(self, instance: Instance, reason: str, message: str) -> None:
        """Before it was ever ready, a revision fails; later it is only short of an instance."""
        said = await instance.last_lines()
        _LOG.warning("%s did not start: %s", instance.name, message)
        if self.phase is Phase.STARTING:
            self.phase, self.reason = Phase.FAILED, reason
            self.message = f"{message} Last lines of its log: {said}" if said else message
            self._told()

    def _shrink(self) -> None:
        """End an instance that is not needed."""
        self._scale_down = None
        needed = max(self.template.least, -(-self.in_flight // self.template.concurrency))
        if len(self._ready) <= needed or self._stopping:
            return
        leaving, life = list(self._ready.items())[-1]
        self._withdraw(leaving)
        if life is not None:
            self._lives.discard(life)
            asyncio.get_running_loop().call_later(GRACE_SECONDS, life.cancel)
        if len(self._ready) > needed:
            self._scale_down = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._shrink)

    async def _drained(self) -> None:
        """Requests under way are over, or have had their time."""
        try:
            async with asyncio.timeout(self.template.seconds):
                while self.in_flight:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            _LOG.warning("%s: %d requests are cut off", self.template.identifier, self.in_flight)

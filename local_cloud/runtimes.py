"""What makes resources of the emulator run: the door between the daemon and the packages that start processes for them.

A runtime is a package of `local_cloud` with a module `runtime` that defines `RUNTIME`, a class that keeps the protocol
`Runtime`; nothing else names it. docs/architecture.md, section 6.1, has the rules.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import local_cloud

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.certificates import Authority
    from local_cloud.children import Children
    from local_cloud.cloud import Cloud
    from local_cloud.resource_feed import Resources
    from local_cloud.state import StateDirectory
    from local_cloud.twins import Twin

_LOG = logging.getLogger(__name__)
# Names of the runtimes that a daemon is to have, by comma; all when unset. What no runtime attends is settled at once.
CHOICE = "LOCAL_CLOUD_RUNTIMES"

# A runtime whose `changed` failed is called again after this many seconds, doubled each time, up to the longest.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0


@dataclass(frozen=True)
class Surroundings:
    """What a runtime is given.

    `directory` is its own, `<state>/<name>`, made before `start`. `port` is the proxy's. `cloud` gives the clock, the
    settings, `principal`s and `tokens`; its `emulator` changes when a snapshot is restored, so it is never kept.
    """

    state: StateDirectory
    directory: Path
    resources: Resources
    children: Children
    authority: Authority
    cloud: Cloud
    port: int


class Runtime(Protocol):
    """Drives processes towards what the store says. Everything runs on the daemon's event loop and must not block it.

    `name` is the package's. `services` are the emulator services whose resources it reads. `runs` are those of them
    whose types with a `Run` (profile) it settles.
    """

    name: str
    services: frozenset[str]
    runs: frozenset[str]

    def __init__(self, surroundings: Surroundings) -> None:
        """Keep `surroundings`; nothing is started yet."""

    async def start(self) -> None:
        """The daemon answers from now on; `changed` is called next."""

    async def changed(self) -> None:
        """Make what runs agree with the store; called once after `start`, then after every commit that touched one of
        `services`, never twice at once. What it raises is logged and it is called again."""

    async def stop(self) -> None:
        """End everything that runs, keep what is needed to start it again."""

    async def clear(self) -> None:
        """End everything and forget it: the cloud is emptied, or another state of it is put back."""

    def upstream(self, host: str, port: int) -> Twin | None:
        """Where `host` (lower case name, or an address) listens on this machine; None when this runtime does not know
        it."""

    def listed(self) -> list[dict[str, Any]]:
        """What runs, for `status`: JSON objects with at least `name` and `state`."""


class Runtimes:
    """Every runtime of this installation, each woken when its resources change."""

    def __init__(self, surroundings: Mapping[str, Surroundings], found: Iterable[type[Runtime]]) -> None:
        """Make one of each of `found` with the surroundings under its name."""
        self._runtimes = [kind(surroundings[kind.name]) for kind in found]
        self._tasks: list[asyncio.Task[None]] = []
        self._woken: dict[str, asyncio.Event] = {runtime.name: asyncio.Event() for runtime in self._runtimes}

    @property
    def runs(self) -> frozenset[str]:
        """The services whose resources are settled by a runtime."""
        return frozenset(service for runtime in self._runtimes for service in runtime.runs)

    def wake(self, services: frozenset[str]) -> None:
        """A commit touched `services`."""
        for runtime in self._runtimes:
            if runtime.services & services:
                self._woken[runtime.name].set()

    async def start(self) -> None:
        """Start all, then keep them in step."""
        loop = asyncio.get_running_loop()
        for runtime in self._runtimes:
            await runtime.start()
            self._woken[runtime.name].set()
            self._tasks.append(loop.create_task(self._keep(runtime)))

    async def stop(self) -> None:
        """Stop all."""
        await self._pause()
        await asyncio.gather(*(runtime.stop() for runtime in self._runtimes))

    async def clear(self) -> None:
        """Forget all that runs, and begin again from whatever the store then says (see `resume`)."""
        await self._pause()
        await asyncio.gather(*(runtime.clear() for runtime in self._runtimes))

    def resume(self) -> None:
        """Go on after `clear`."""
        loop = asyncio.get_running_loop()
        for runtime in self._runtimes:
            self._woken[runtime.name].set()
            self._tasks.append(loop.create_task(self._keep(runtime)))

    def upstream(self, host: str, port: int) -> Twin | None:
        """Where the first runtime that knows `host` says it listens."""
        for runtime in self._runtimes:
            found = runtime.upstream(host, port)
            if found is not None:
                return found
        return None

    def listed(self) -> list[dict[str, Any]]:
        """What runs, each with the `runtime` it belongs to."""
        return [{"runtime": runtime.name, **entry} for runtime in self._runtimes for entry in runtime.listed()]

    async def _pause(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, runtime: Runtime) -> None:
        woken, pause = self._woken[runtime.name], FIRST_PAUSE
        while True:
            await woken.wait()
            woken.clear()
            try:
                await runtime.changed()
                pause = FIRST_PAUSE
            except Exception:  # noqa: BLE001 - the loop that keeps a runtime in step must outlive any defect of it
                _LOG.exception("%s failed; it is asked again in %.1f s", runtime.name, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                woken.set()


def load_runtimes() -> list[type[Runtime]]:
    """Every runtime of this package, in the order of their names; those that the environment names, where it does."""
    chosen = os.environ.get(CHOICE)
    wanted = None if chosen is None else {name.strip() for name in chosen.split(",")}
    names = [
        f"local_cloud.{module.name}.runtime"
        for module in pkgutil.iter_modules(local_cloud.__path__)
        if module.ispkg and (wanted is None or module.name in wanted)
    ]
    return [importlib.import_module(name).RUNTIME for name in names if importlib.util.find_spec(name) is not None]

"""The daemon: one process that holds the cloud, the proxy, the admin API and the children, until it is told to stop."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import json
import logging
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from aiohttp import web

from local_cloud import children, environment, provider_source
from local_cloud.admin import AdminApi
from local_cloud.certificates import Authority
from local_cloud.cloud import Cloud
from local_cloud.emulator.settings import ProviderChoice
from local_cloud.exchange import FrontDesk
from local_cloud.hosts import HostTable
from local_cloud.journal import Journal, Query
from local_cloud.lanes import Lane
from local_cloud.processes import ProcessRecord, memory
from local_cloud.proxy import ForwardProxy
from local_cloud.resource_feed import Resources
from local_cloud.runtimes import Runtimes, Surroundings, load_runtimes
from local_cloud.shell import ATLAS_STAND_IN_VERSION, REATTACH, STAND_IN_VERSION
from local_cloud.snapshot import Snapshots
from local_cloud.terraform_provider.version import (
    ATLAS_PROVIDER,
    ATLAS_VERSION,
    MIRRORED_PROVIDER,
    MIRRORED_VERSION,
)
from local_cloud.twins import LANE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

# How long requests in flight may take to end when the daemon stops, in seconds.
STOP_SECONDS = 3.0


class AlreadyRunningError(RuntimeError):
    """Another daemon holds the state directory."""


class Daemon:
    """Everything that runs; use it inside one event loop."""

    def __init__(self, state: StateDirectory, lock: IO[str]) -> None:
        """Open the cloud kept in `state`, which `lock` holds; ValueError for a file there that makes no sense."""
        self.state = state
        self._lock = lock
        self._lane = Lane.take(state)
        os.environ[LANE_VARIABLE] = str(self._lane.number)
        self.cloud = Cloud(state)
        self.journal = Journal(state.journal)
        self.snapshots = Snapshots(state)
        self.children = children.Children(state)
        self.resources = Resources(self.cloud)
        self._table = HostTable()
        self._authority = Authority.open(state)
        self._proxy = ForwardProxy(self._authority, self._table, FrontDesk(self.cloud, self.journal, self._table))
        self._runtimes = Runtimes({}, [])
        self._port = 0
        self._started = datetime.now(UTC)
        self._ended = asyncio.Event()
        self._registry: asyncio.Task[bool] | None = None

    @property
    def stopping(self) -> bool:
        """Whether the daemon has been told to stop."""
        return self._ended.is_set()

    async def serve(self, port: int, ready: IO[bytes] | None) -> None:
        """Run until stopped; `ready` is told once requests are answered. OSError when `port` is taken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self._port = await self._listen(port)
        admin = await self._serve_admin()
        self._supervise()
        await self._start_runtimes()
        self._registry = loop.create_task(provider_source.registry_answers())
        self._announce()
        if ready is not None:
            # The `up` that waits for this may have been killed.
            with suppress(BrokenPipeError), ready:
                ready.write(b"ready\n")
        # What was loaded so far stays; the collector need not look at it again.
        gc.freeze()
        _LOG.info("the local cloud in %s answers on port %d", self.state.root, self._port)
        await self._ended.wait()
        await self._close(admin)

    def stop(self) -> None:
        """End `serve`."""
        self._ended.set()
        self.journal.end_waits()

    def status(self) -> dict[str, Any]:
        """What runs, as JSON values."""
        return {
            "running": True,
            "pid": os.getpid(),
            "port": self._port,
            "state": str(self.state.root),
            "started": self._started.isoformat(timespec="seconds"),
            "clock": self.cloud.clock.now().isoformat(timespec="seconds"),
            "requests": self.journal.count(Query()),
            "refused": self.journal.count(Query(refused="yes")),
            "faults": len(self.cloud.faults.listed()),
            "snapshots": self.snapshots.names(),
            "settings": self.cloud.settings.as_dict(),
            "children": self.children.listed(),
            "runtimes": self._runtimes.listed(),
            "memory_bytes": memory(os.getpid()),
        }

    async def environment(self) -> dict[str, Any]:
        """`environment` (name → value) and `warnings` (lines of text)."""
        found = environment.variables(self.state, self.cloud, self._port)
        kind, warnings = await self._provider_kind(), []
        found["PRESIDENTIAL_DIGS_PROVIDER"] = kind
        if kind == ProviderChoice.STAND_IN:
            pid = await self._provider_pid()
            if pid is None:
                warnings.append(f"the provider stand-in does not run; see {self.state.provider_log}")
            else:
                found[STAND_IN_VERSION] = MIRRORED_VERSION
                found[ATLAS_STAND_IN_VERSION] = ATLAS_VERSION
                found[REATTACH] = provider_source.reattach(pid, self._provider_sockets())
        return {"environment": found, "warnings": warnings}

    async def reset(self) -> None:
        """Back to the empty cloud, with an empty request log."""
        await self._runtimes.clear()
        self.cloud.reset()
        self.journal.clear()
        self._runtimes.resume()

    async def restore(self, name: str) -> None:
        """Put a snapshot back; FileNotFoundError when there is none of that name."""
        staged = self.snapshots.stage(name)
        await self._runtimes.clear()
        self.cloud.close_database()
        try:
            self.snapshots.put_back(staged)
        finally:
            self.cloud.reopen()
            self._runtimes.resume()

    def change_settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Apply and keep changed settings; ValueError names what is wrong."""
        self.cloud.settings.update(changes)
        self.cloud.settings.save(self.state.settings)
        return self.cloud.settings.as_dict()

    async def _listen(self, port: int) -> int:
        """Listen on `port`; 0 is the port of last time when it is free, else any."""
        kept = int(self.state.port_file.read_text()) if self.state.port_file.exists() else 0
        try:
            bound = await self._proxy.start(port or kept)
        except OSError as error:
            if port or not kept:
                raise
            _LOG.warning("port %d of last time is taken (%s); shells that use it need `env` again", kept, error)
            bound = await self._proxy.start(0)
        self.state.port_file.write_text(f"{bound}\n")
        return bound

    async def _serve_admin(self) -> web.AppRunner:
        self.state.place_sockets()
        self.state.admin_socket.unlink(missing_ok=True)
        runner = web.AppRunner(AdminApi(self).application(), access_log=None, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        await web.UnixSite(runner, str(self.state.admin_socket)).start()
        self.state.admin_socket.chmod(0o600)
        return runner

    def _supervise(self) -> None:
        if children.provider_exists():
            self.children.supervise(children.provider(self.state))

    async def _start_runtimes(self) -> None:
        found = load_runtimes()
        given = {}
        for kind in found:
            directory = self.state.root / kind.name
            directory.mkdir(mode=0o700, exist_ok=True)
            given[kind.name] = Surroundings(
                self.state, directory, self.resources, self.children, self._authority, self.cloud, self._port
            )
        self._runtimes = Runtimes(given, found)
        self.cloud.attend(self._runtimes.runs, self._committed)
        self._table.upstream = self._runtimes.upstream
        await self._runtimes.start()

    def _committed(self, services: frozenset[str]) -> None:
        self.resources.notify()
        self._runtimes.wake(services)

    def _announce(self) -> None:
        record = ProcessRecord.of(os.getpid())
        staged = self.state.pid_file.with_name("daemon.json.new")
        staged.write_text(json.dumps({"pid": record.pid, "started": record.started, "port": self._port}) + "\n")
        staged.replace(self.state.pid_file)

    async def _provider_kind(self) -> str:
        choice = self.cloud.settings.provider
        if choice is not ProviderChoice.AUTO:
            return choice
        assert self._registry is not None
        return ProviderChoice.REGISTRY if await asyncio.shield(self._registry) else ProviderChoice.STAND_IN

    def _provider_sockets(self) -> dict[str, Path]:
        """Provider → the socket of its stand-in."""
        return {MIRRORED_PROVIDER: self.state.provider_socket, ATLAS_PROVIDER: self.state.atlas_provider_socket}

    async def _provider_pid(self) -> int | None:
        child = self.children.find(children.PROVIDER)
        if child is None or not await provider_source.accepts(self.state.provider_socket, lambda: child.keeps_ending):
            return None
        return child.pid

    async def _close(self, admin: web.AppRunner) -> None:
        _LOG.info("stopping")
        if self._registry is not None:
            self._registry.cancel()
            with suppress(asyncio.CancelledError):
                await self._registry
        await self._runtimes.stop()
        await self.children.stop()
        await self._proxy.stop()
        self.journal.close()
        self.cloud.close()
        await admin.cleanup()
        self.state.pid_file.unlink(missing_ok=True)
        self.state.remove_sockets()
        self._lane.release()
        self._lock.close()


def hold(state: StateDirectory) -> IO[str]:
    """The lock that one daemon per state directory holds while it lives; AlreadyRunningError when it is held."""
    lock = state.run_lock.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunningError(f"another daemon runs the local cloud in {state.root}") from None
    return lock


def run(state: StateDirectory, port: int, ready: IO[bytes] | None, lock: IO[str] | None) -> None:
    """The whole life of a daemon in this process; `lock` is the one that `up` took for it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    async def life() -> None:
        await Daemon(state, lock or hold(state)).serve(port, ready)

    asyncio.run(life())

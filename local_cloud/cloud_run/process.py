"""Cloud Run's process: follows services and revisions, runs what is needed, moves traffic, writes back its findings."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.certificates import Authority
from local_cloud.cloud_run import service as status
from local_cloud.cloud_run.front_door import FrontDoor, Served
from local_cloud.cloud_run.instance import Addresses, Workshop
from local_cloud.cloud_run.invokers import Invokers
from local_cloud.cloud_run.places import NAME, PUBLISHED
from local_cloud.cloud_run.revision import Phase, Revision
from local_cloud.cloud_run.template import RevisionTemplate, UnsupportedError
from local_cloud.containers.containers import Containers
from local_cloud.containers.distribution import RegistryAccess
from local_cloud.containers.environment import cloud_access
from local_cloud.containers.images import Images
from local_cloud.data_plane.google import Google, GoogleRefusal
from local_cloud.data_plane.places import cloud_run_socket
from local_cloud.data_plane.reverse_proxy.front_end import FrontEnd, private_socket
from local_cloud.hosts import LOOPBACK

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

_SERVICES, _REVISIONS = "projects.locations.services", "projects.locations.services.revisions"
# Instances have this long to end when the process does, in seconds; then their supervisor ends them.
STOP_SECONDS = 2.0


class CloudRun:
    """All of it, inside one event loop."""

    def __init__(self, state: StateDirectory) -> None:
        """For the local cloud in `state`, whose daemon runs."""
        self._state = state
        self._directory = state.root / NAME
        self._google = Google(state)
        self._door = FrontDoor(Invokers(self._google))
        self._authority = Authority.read(state)
        self._services: dict[str, Mapping[str, Any]] = {}
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._revisions: dict[str, Revision] = {}
        self._unsupported: dict[str, status.State] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._published: dict[str, Any] = {}

    async def run(self) -> None:
        """Work until SIGTERM."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        access = RegistryAccess(self._google.proxy(), self._state.ca_bundle, self._pull_token)
        async with Containers(self._directory / "containers") as containers:
            self._workshop = Workshop(
                self._state,
                self._directory,
                self._google,
                Images(self._state.root / "containers", access),
                containers,
                cloud_access(self._state),
                Addresses(self._state),
            )
            fronts = await self._listen()
            work = (self._follow(), self._keep(), ended.wait(), containers.lost.wait())
            tasks = [loop.create_task(one) for one in work]
            _LOG.info("Cloud Run of %s runs", self._state.root)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await self._close(fronts)
        await self._google.close()
        for task in done:
            task.result()

    async def _listen(self) -> list[FrontEnd]:
        secure, clear = FrontEnd(self._door.from_outside), FrontEnd(self._door.from_outside)
        balanced = FrontEnd(self._door.from_load_balancer)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self._show
        self._ports = (await secure.listen(LOOPBACK, 0, context), await clear.listen(LOOPBACK, 0))
        await balanced.listen_on(private_socket(cloud_run_socket(self._state)))
        return [secure, clear, balanced]

    def _show(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if not name:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._authority.context(name.lower())
        return None

    async def _close(self, fronts: Iterable[FrontEnd]) -> None:
        for front in fronts:
            await front.close()
        stopping = [asyncio.create_task(revision.stop()) for revision in self._revisions.values()]
        stopping += self._leaving
        if stopping:
            _, late = await asyncio.wait(stopping, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _pull_token(self, _: str) -> str | None:
        """Images are pulled with the rights of the owner, as Cloud Run's own agent has them."""
        return await self._google.token()

    def _wake(self) -> None:
        self._woken.set()

    async def _follow(self) -> None:
        async for resources in self._google.resources(["run"]):
            self._services = {one.name: one.body for one in resources if one.collection == _SERVICES}
            self._bodies = {one.name: one.body for one in resources if one.collection == _REVISIONS}
            self._wake()

    async def _keep(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._agree()
            except (aiohttp.ClientError, OSError, GoogleRefusal) as error:
                _LOG.info("the daemon does not take what was found: %s", error)
                asyncio.get_running_loop().call_later(1, self._wake)
            except Exception:  # noqa: BLE001 - the loop must outlive any defect
                _LOG.exception("Cloud Run could not follow a change")
                asyncio.get_running_loop().call_later(1, self._wake)

    async def _agree(self) -> None:
        """Run what is needed, move traffic where it can be moved, write back, end what is not needed."""
        changes: list[dict[str, Any]] = []
        needed: set[str] = set()
        for name, body in self._services.items():
            if body.get("deleteTime"):
                await self._end(name)
                changes.append({"service": "run", "name": name, "remove": True})
            else:
                needed |= self._attend(name, body, changes)
        for name in [name for name in self._door.services if name not in self._services]:
            await self._end(name)
        for name in [name for name in self._revisions if name not in needed]:
            self._dismiss(name)
        self._door.index()
        self._publish()
        await self._google.note(changes)

    def _attend(self, name: str, body: Mapping[str, Any], changes: list[dict[str, Any]]) -> set[str]:
        """One service; the revisions it needs now."""
        served = self._door.services.setdefault(name, Served(body))
        served.body = body
        own = [found for found in self._bodies if found.startswith(f"{name}/revisions/")]
        created = str(body.get("latestCreatedRevision") or "")
        if self._known(created) is None:
            self._start(created)
        states = {found: self._state_of(found) for found in own}
        ready = status.latest_ready(body, states)
        wanted = status.routes(body, ready)
        for found in wanted.revisions:
            self._start(found)
        states |= {found: self._running_state(found) for found in wanted.revisions if found in self._bodies}
        changes += self._found(own, states)
        if all(states.get(found, status.State(Phase.FAILED)).phase is Phase.READY for found in wanted.revisions):
            served.routes = wanted
        served.revisions = {found: one for found, one in self._revisions.items() if found in own}
        if body.get("reconciling"):
            fields = status.status(body, states, own)
            if fields is not None:
                changes.append({"service": "run", "name": name, "fields": fields})
        starting = {created} if states.get(created, status.State(Phase.STARTING)).phase is Phase.STARTING else set()
        return {*served.routes.revisions, *wanted.revisions, *starting}

    def _found(self, own: Iterable[str], states: Mapping[str, status.State]) -> Iterable[dict[str, Any]]:
        """What became of revisions whose resources do not say it yet."""
        for name in own:
            if self._known(name) is None and (fields := status.revision_status(states[name])):
                yield {"service": "run", "name": name, "fields": fields}

    def _known(self, name: str) -> status.State | None:
        return status.known_state(self._bodies.get(name, {}))

    def _state_of(self, name: str) -> status.State:
        """How far a revision is: what its resource says, else how it runs."""
        return self._known(name) or self._running_state(name)

    def _running_state(self, name: str) -> status.State:
        """How far a revision is that has to run for traffic."""
        if name in self._unsupported:
            return self._unsupported[name]
        revision = self._revisions.get(name)
        if revision is None:
            return status.State(Phase.STARTING)
        return status.State(revision.phase, revision.reason, revision.message)

    def _start(self, name: str) -> None:
        if name in self._revisions or name not in self._bodies or name in self._unsupported:
            return
        try:
            template = RevisionTemplate.of(self._bodies[name])
        except UnsupportedError as error:
            self._unsupported[name] = status.State(Phase.FAILED, "REVISION_FAILED", str(error))
            return
        self._revisions[name] = Revision(template, self._workshop, self._wake)
        self._revisions[name].start()

    def _dismiss(self, name: str) -> None:
        """End a revision beside everything else: requests under way may take their time."""
        task = asyncio.get_running_loop().create_task(self._revisions.pop(name).stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _end(self, service: str) -> None:
        """End a deleted service's revisions and wait for it."""
        self._door.services.pop(service, None)
        own = [name for name in self._revisions if name.startswith(f"{service}/revisions/")]
        await asyncio.gather(*(self._revisions.pop(name).stop() for name in own))

    def _publish(self) -> None:
        """Tell the daemon where the addresses of run.app are, and what runs."""
        published = {
            "ports": {"443": self._ports[0], "80": self._ports[1]},
            "revisions": {name: revision.phase for name, revision in self._revisions.items()},
        }
        if published != self._published:
            self._published = published
            path = self._state.root / PUBLISHED
            staged = path.with_name(f"{path.name}.new")
            with suppress(FileNotFoundError):
                staged.write_text(json.dumps(published) + "\n")
                staged.replace(path)

"""One instance of a revision: its containers, from the start to the end."""

from __future__ import annotations

import asyncio
import base64
import itertools
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from local_cloud.cloud_run.template import ContainerTemplate, RevisionTemplate, SecretReference, expanded
from local_cloud.containers.container import Container, ContainerError
from local_cloud.containers.images import ImageError
from local_cloud.containers.log_reading import LogQuery, read
from local_cloud.containers.metadata import ContainerIdentity, MetadataDoor
from local_cloud.containers.probes import Probe, Verdict, watch_probe
from local_cloud.containers.specification import ContainerSpecification, Mount, Place
from local_cloud.data_plane.google import GoogleRefusal
from local_cloud.data_plane.reverse_proxy.backends import Address
from local_cloud.twins import twin, twin_address

if TYPE_CHECKING:
    from local_cloud.containers.containers import Containers
    from local_cloud.containers.environment import CloudAccess
    from local_cloud.containers.images import Images
    from local_cloud.data_plane.google import Google
    from local_cloud.state import StateDirectory

_LOG = logging.getLogger(__name__)

# An instance gets this long to end after SIGTERM, in seconds
# (https://cloud.google.com/run/docs/container-contract#instance-shutdown).
GRACE_SECONDS = 10.0
# A startup probe is asked at least this often, in seconds, whatever its period: nobody is served by waiting longer.
LONGEST_STARTUP_PERIOD = 0.1
_SHOWN_LINES = 10


class StartError(Exception):
    """The instance did not start; `reason` is Cloud Run's word for the condition."""

    def __init__(self, reason: str, message: str) -> None:
        """Fail with `reason`."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Workshop:
    """What every instance needs."""

    state: StateDirectory
    directory: Path
    google: Google
    images: Images
    containers: Containers
    cloud: CloudAccess
    addresses: Addresses


class Addresses:
    """Addresses for instances, of the range for carriers (RFC 6598): Cloud Run's own are nobody's business.

    Two local clouds on one machine begin at different places of it.
    """

    def __init__(self, state: StateDirectory) -> None:
        """Begin where the state directory says."""
        begin = zlib.crc32(str(state.root).encode()) % (1 << 14)
        self._numbers = itertools.count(1)
        self._base = (100 << 24) | (64 << 16) | (begin << 8)

    def next(self) -> str:
        """An address that was not given before, until 250 others were."""
        number = self._base + 1 + next(self._numbers) % 250
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


class Instance:
    """Runs from `start` to `stop`, or until one of its containers ends."""

    def __init__(self, template: RevisionTemplate, number: int, workshop: Workshop) -> None:
        """The `number`th instance of the revision."""
        self._template = template
        self._workshop = workshop
        self.name = f"{template.identifier}-{number}"
        self._address = workshop.addresses.next()
        self._containers: list[Container] = []
        self._door = MetadataDoor(workshop.state.admin_socket, self._identity)
        self._watches: list[asyncio.Task[str]] = []

    @property
    def endpoint(self) -> Address:
        """Where it takes requests."""
        port = self._template.serving.port
        assert port is not None
        return Address(*twin(self._address, port))

    async def start(self) -> None:
        """Start every container, and wait until the startup probes succeed; StartError when they do not."""
        place = Place(self._address, "localhost", metadata=await self._door.open(twin_address(self._address)))
        for container in _ordered(self._template.containers):
            await self._start_one(container, place)

    async def ended(self) -> str:
        """Wait until a container ends or a liveness probe fails; what happened."""
        watches = [asyncio.create_task(self._end_of(container)) for container in self._containers]
        for container, template in zip(self._containers, _ordered(self._template.containers), strict=True):
            if template.liveness is not None:
                watches.append(asyncio.create_task(_failure(template.liveness, container)))
        self._watches = watches
        done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()

    async def stop(self) -> None:
        """End all containers, with the grace that Cloud Run gives."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await asyncio.gather(*(container.stop(GRACE_SECONDS) for container in self._containers))
        self._door.close()

    async def last_lines(self) -> str:
        """The end of what the serving container said."""
        log = self._log(self._template.serving)
        pieces = [piece async for piece in read(log, LogQuery(tail=_SHOWN_LINES), lambda: True)]
        return b"".join(pieces).decode("utf-8", "replace").strip()

    def _identity(self) -> ContainerIdentity:
        project = self._template.name.split("/")[1]
        location = self._template.name.split("/")[3]
        return ContainerIdentity(f"serviceAccount:{self._template.account}", project, location=location)

    def _log(self, container: ContainerTemplate) -> Path:
        return self._workshop.directory / "logs" / self._template.identifier / f"{self.name}-{container.name}.log"

    async def _start_one(self, template: ContainerTemplate, place: Place) -> None:
        try:
            image = await self._workshop.images.pull(template.image)
        except ImageError as error:
            raise StartError("CONTAINER_MISSING", f"Image '{template.image}' not found: {error}") from error
        environment = expanded([*self._given(template), *await self._environment(template)])
        mounts = (*self._workshop.cloud.mounts, *await self._mounts(template))
        specification = ContainerSpecification(
            f"{self.name}-{template.name}",
            image,
            place,
            self._log(template),
            command=template.command,
            arguments=template.arguments,
            environment=environment,
            defaults=self._workshop.cloud.variables,
            working_directory=template.working_directory,
            mounts=mounts,
            memory_limit=template.memory,
        )
        try:
            container = await self._workshop.containers.start(specification)
        except ContainerError as error:
            raise StartError("HEALTH_CHECK_CONTAINER_ERROR", f"The container could not be started: {error}") from error
        self._containers.append(container)
        if template.startup is not None:
            await self._wait(template, template.startup, container)

    def _given(self, template: ContainerTemplate) -> list[tuple[str, str]]:
        """The variables of the container contract (https://cloud.google.com/run/docs/container-contract#env-vars)."""
        service = self._template.service.rpartition("/")[2]
        given = [("K_SERVICE", service), ("K_REVISION", self._template.identifier), ("K_CONFIGURATION", service)]
        return [*given, *([("PORT", str(template.port))] if template.port is not None else [])]

    async def _environment(self, template: ContainerTemplate) -> list[tuple[str, str]]:
        pairs = []
        for name, value in template.environment:
            pairs.append((name, (await self._secret(value)).decode() if isinstance(value, SecretReference) else value))
        return pairs

    async def _mounts(self, template: ContainerTemplate) -> list[Mount]:
        mounts = []
        for volume, target in template.mounts.items():
            directory = self._workshop.directory / "volumes" / self.name / volume
            await asyncio.to_thread(directory.mkdir, mode=0o755, parents=True, exist_ok=True)
            files = self._template.secret_files.get(volume, {})
            for path, reference in files.items():
                content = await self._secret(reference)
                await asyncio.to_thread(_write, directory / path, content)
            if volume in self._template.scratch:
                await asyncio.to_thread(directory.chmod, 0o1777)
            mounts.append(Mount(directory, target, read_only=bool(files)))
        return mounts

    async def _secret(self, reference: SecretReference) -> bytes:
        """A secret's payload, read as the revision's service account; StartError when it may not or there is none."""
        account = self._template.account
        try:
            answer = await self._workshop.google.request(
                "GET",
                f"secretmanager.googleapis.com/v1/{reference.name}:access",
                member=f"serviceAccount:{account}",
            )
        except GoogleRefusal as error:
            message = (
                f"Permission denied on secret: {reference.name} for Revision service account {account}. The service"
                " account used must be granted the 'Secret Manager Secret Accessor' role"
                f" (roles/secretmanager.secretAccessor) at the secret, project or higher level: {error}"
                if error.status == 403
                else f"Secret {reference.name} cannot be read for Revision service account {account}: {error}"
            )
            raise StartError("SECRETS_ACCESS_CHECK_FAILED", message) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise StartError("INTERNAL", f"Secret {reference.name} cannot be read: {error}") from error
        return base64.b64decode(answer["payload"]["data"])

    async def _wait(self, template: ContainerTemplate, probe: Probe, container: Container) -> None:
        """Until the startup probe succeeds; StartError when it fails or the container ends before."""
        budget = probe.initial_delay + max(probe.period, probe.timeout) * probe.failure_threshold
        success = asyncio.create_task(_success(probe, container))
        end = asyncio.create_task(container.ended())
        done, pending = await asyncio.wait((success, end), timeout=budget, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if success in done and not success.exception():
            return
        where = f" defined provided by the PORT={template.port} environment variable" if template.port else ""
        message = (
            f"The user-provided container failed to start and listen on the port{where} within the allocated timeout."
            " This can happen when the container port is misconfigured or if the timeout is too short."
        )
        if end in done:
            ended = end.result()
            message = f"The container exited with an error: {ended.reason}, exit code {ended.code}. {message}"
        raise StartError("HEALTH_CHECK_CONTAINER_ERROR", message)

    @staticmethod
    async def _end_of(container: Container) -> str:
        ended = await container.ended()
        return f"container {container.identifier} ended: {ended.reason}, exit code {ended.code}"


def _ordered(containers: tuple[ContainerTemplate, ...]) -> list[ContainerTemplate]:
    """Those that others depend on first."""
    left, started = list(containers), list[ContainerTemplate]()
    while left:
        names = {one.name for one in started}
        ready = [one for one in left if set(one.depends_on) <= names] or left[:1]
        started.append(ready[0])
        left.remove(ready[0])
    return started


async def _success(probe: Probe, container: Container) -> None:
    """Return when the probe succeeds for the first time."""
    quick = Probe(probe.check, probe.initial_delay, LONGEST_STARTUP_PERIOD, probe.timeout, 1, probe.failure_threshold)
    async for answer in watch_probe(quick, container):
        if answer.verdict is Verdict.SUCCESS:
            return
    raise StartError("HEALTH_CHECK_CONTAINER_ERROR", "the container has ended")


async def _failure(probe: Probe, container: Container) -> str:
    """What a liveness probe found when it failed often enough."""
    async for answer in watch_probe(probe, container):
        if answer.verdict is Verdict.FAILURE:
            return f"liveness probe failed: {answer.message}"
    return "the container has ended"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o644)
    path.write_bytes(content)

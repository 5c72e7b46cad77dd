"""One container of a pod over its restarts: image, start, probes, end, back-off."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_cloud.containers.container import Container, ContainerError, Ended
from local_cloud.containers.containers import SupervisorEnded
from local_cloud.containers.images import ImageError
from local_cloud.containers.probes import Probe, Verdict, ask_once, watch_probe
from local_cloud.containers.reference import InvalidReference, default_pull_policy
from local_cloud.kubernetes.node.container_state import RUNTIME, ContainerState, running, terminated, waiting
from local_cloud.kubernetes.node.describing import message_file, specification
from local_cloud.kubernetes.node.probing import check, probe
from local_cloud.kubernetes.node.variables import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cloud.containers.images import Image
    from local_cloud.kubernetes.node.client import Object
    from local_cloud.kubernetes.node.describing import PodSurroundings
    from local_cloud.kubernetes.node.workshop import Workshop

_LOG = logging.getLogger(__name__)

# What engines report for a container whose program could not be started.
START_ERROR = 128
# Kubernetes' longest termination message, in bytes.
LONGEST_MESSAGE = 4096
# A hook has no time limit but the pod's grace; a container that ran this many times the longest back-off starts afresh.
STEADY = 2
HOOK_TIMEOUT = 30.0


class ContainerLife:
    """Runs one container again and again, as its pod's restart policy says; `changed` is told of every new state."""

    def __init__(
        self,
        workshop: Workshop,
        around: PodSurroundings,
        described: Object,
        state: ContainerState,
        *,
        policy: str,
        initial: bool,
        changed: Callable[[], None],
    ) -> None:
        """`described` is the container of the pod's spec; `initial` one of its init containers."""
        self._workshop = workshop
        self._around = around
        self._described = described
        self._policy = policy
        self._field = f"{'initContainers' if initial else 'containers'}{{{described['name']}}}"
        self._changed = changed
        self._crashes = 0
        self._stopping = False
        self.state = state
        self.container: Container | None = None
        self.startup_over = asyncio.Event()

    @property
    def name(self) -> str:
        """The container's name in its pod."""
        return str(self._described["name"])

    async def run(self) -> None:
        """Until it ends for good: its policy says so, or the pod is stopped."""
        while not self._stopping:
            try:
                image = await self._pull()
                ended = await self._once(image)
            except SupervisorEnded:
                return
            if self._over(ended):
                return
            await self._back_off(ended)

    async def stop(self, grace: float) -> None:
        """End it: hook, SIGTERM, and SIGKILL after `grace` seconds; it is not started again."""
        self._stopping = True
        container = self.container
        if container is None or not container.running:
            return
        self._event("Normal", "Killing", f"Stopping container {self.name}")
        await self._end(container, grace)

    async def _end(self, container: Container, grace: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        hook = (self._described.get("lifecycle") or {}).get("preStop")
        if hook and grace > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._hook(container, hook, "PreStop")
        if grace <= 0:
            await container.signal(signal.SIGKILL)
            await container.ended()
        else:
            # A hook that took all the time leaves two seconds, as the kubelet does.
            await container.stop(max(deadline - loop.time(), 2.0))

    async def _hook(self, container: Container, hook: Object, kind: str) -> str:
        """Run a lifecycle hook; what went wrong."""
        if "sleep" in hook:
            await asyncio.sleep(hook["sleep"]["seconds"])
            return ""
        said = await ask_once(Probe(check(self._described, hook), timeout=HOOK_TIMEOUT), container)
        if said:
            self._event("Warning", f"Failed{kind}Hook", f"{kind}Hook failed: {said}")
        return said

    def _event(self, kind: str, reason: str, message: str) -> None:
        self._workshop.events.pod(self._around.pod, kind, reason, message, self._field)

    def _set(self, state: dict[str, object]) -> None:
        if state != self.state.state:
            self.state.state = state
            self._changed()

    async def _pull(self) -> Image:
        """The image, however often it takes."""
        reference = self._described["image"]
        failures = 0
        while True:
            try:
                policy = self._described.get("imagePullPolicy") or default_pull_policy(reference)
                return await self._pull_once(reference, policy)
            except (ImageError, InvalidReference) as error:
                failures += 1
                reason = error.reason if isinstance(error, ImageError) else "InvalidImageName"
                self._event("Warning", "Failed", f'Failed to pull image "{reference}": {error}')
                self._event("Warning", "Failed", f"Error: {reason}")
                self._set(waiting(reason, str(error)))
                await asyncio.sleep(min(self._workshop.timing.back_off, 1.0))
                message = f'Back-off pulling image "{reference}": {reason}: {error}'
                self._set(waiting("ImagePullBackOff", message))
                self._event("Normal", "BackOff", f'Back-off pulling image "{reference}"')
                await asyncio.sleep(self._workshop.timing.pause(failures))

    async def _pull_once(self, reference: str, policy: str) -> Image:
        begun = asyncio.get_running_loop().time()
        present = policy != "Always" and self._workshop.images.present(reference)
        if not present:
            self._event("Normal", "Pulling", f'Pulling image "{reference}"')
        async with self._workshop.pulls:
            image = await self._workshop.images.pull(reference, policy)
        if present:
            message = f'Container image "{reference}" already present on machine'
        else:
            milliseconds = int((asyncio.get_running_loop().time() - begun) * 1000)
            message = f'Successfully pulled image "{reference}" in {milliseconds}ms. Image size: {image.size} bytes.'
        self._event("Normal", "Pulled", message)
        return image

    async def _once(self, image: Image) -> Ended:
        """Start it, look after it, and see it end."""
        self.state.image_id = image.identifier
        container = await self._start(image)
        if isinstance(container, Ended):
            return container
        self.container = container
        self.state.started = self.state.ready = False
        hook = (self._described.get("lifecycle") or {}).get("postStart")
        if hook and await self._hook(container, hook, "PostStart"):
            await self._end(container, self._around.grace)
        else:
            self._set(running(container.started))
        await self._look_after(container)
        ended = await container.ended()
        self._finish(ended)
        return ended

    async def _look_after(self, container: Container) -> None:
        probes = asyncio.get_running_loop().create_task(self._probe(container))
        try:
            await container.ended()
        finally:
            probes.cancel()
            (fault,) = await asyncio.gather(probes, return_exceptions=True)
            if fault is not None and not isinstance(fault, asyncio.CancelledError):
                _LOG.error("probes of %s: %r", container.identifier, fault)

    async def _start(self, image: Image) -> Container | Ended:
        """Start it; how it "ended" when its program could not be started. Waits while its configuration is missing."""
        while True:
            try:
                asked = await specification(self._workshop, self._around, self._described, image, self.state.restarts)
                container = await self._workshop.containers.start(asked)
            except (ConfigurationError, ContainerError) as error:
                reason = error.reason if isinstance(error, ContainerError) else "CreateContainerConfigError"
                self._event("Warning", "Failed", f"Error: {error}")
                if reason == "RunContainerError":
                    return self._not_started(str(error))
                self._set(waiting(reason, str(error)))
                await asyncio.sleep(self._workshop.timing.back_off)
            else:
                self.state.identifier = f"{RUNTIME}://{container.identifier}"
                self._event("Normal", "Created", f"Created container: {self.name}")
                self._event("Normal", "Started", f"Started container {self.name}")
                return container

    def _not_started(self, message: str) -> Ended:
        now = datetime.now(UTC)
        ended = Ended(START_ERROR, 0, "StartError", now, now)
        self.state.state = terminated(ended, self.state.identifier, message)
        self._changed()
        return ended

    def _finish(self, ended: Ended) -> None:
        if ended.reason == "OOMKilled":
            self._event("Warning", "OOMKilling", f"Memory limit of container {self.name} reached; it was killed")
        self.state.ready = self.state.started = False
        self.state.state = terminated(ended, self.state.identifier, self._last_words(ended))
        self._changed()

    def _last_words(self, ended: Ended) -> str:
        """The termination message: its file, or on failure the end of the log where that is asked for."""
        path = message_file(self._around, self.name)
        text = path.read_bytes()[-LONGEST_MESSAGE:].decode(errors="replace") if path.exists() else ""
        wanted = self._described.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        if text or not wanted or ended.code == 0 or self.container is None:
            return text
        lines = self.container.specification.log.read_bytes()[-2 * LONGEST_MESSAGE :].splitlines()
        return b"\n".join(line.split(b" ", 3)[-1] for line in lines)[-2048:].decode(errors="replace")

    def _over(self, ended: Ended) -> bool:
        """Whether it stays as it is."""
        if self._stopping:
            return True
        if self._policy == "Always":
            return False
        return self._policy == "Never" or ended.code == 0

    async def _back_off(self, ended: Ended) -> None:
        """Wait before the next start: nothing after the first end, then longer and longer."""
        steady = self._workshop.timing.longest_back_off * STEADY
        if (ended.finished - ended.started).total_seconds() > steady:
            self._crashes = 0
        if self._crashes:
            pause = self._workshop.timing.pause(self._crashes)
            metadata = self._around.pod["metadata"]
            pod = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            self._event("Warning", "BackOff", f"Back-off restarting failed container {self.name} in pod {pod}")
            self.state.last = self.state.state
            message = f"back-off {pause:g}s restarting failed container={self.name} pod={pod}"
            self._set(waiting("CrashLoopBackOff", message))
            await asyncio.sleep(pause)
        else:
            self.state.last = self.state.state
        self._crashes += 1
        self.state.restarts += 1

    async def _probe(self, container: Container) -> None:
        """Startup first; then liveness and readiness side by side."""
        startup = probe(self._described, "startupProbe")
        if startup is not None and not await self._starts_up(startup, container):
            return
        self.state.started = True
        self.startup_over.set()
        readiness = probe(self._described, "readinessProbe")
        liveness = probe(self._described, "livenessProbe")
        self.state.ready = readiness is None
        self._changed()
        async with asyncio.TaskGroup() as group:
            if readiness is not None:
                group.create_task(self._watch_readiness(readiness, container))
            if liveness is not None:
                group.create_task(self._watch_liveness(liveness, container))

    async def _starts_up(self, startup: Probe, container: Container) -> bool:
        async for answer in watch_probe(startup, container):
            if answer.message:
                self._event("Warning", "Unhealthy", f"Startup probe failed: {answer.message}")
            if answer.verdict is Verdict.SUCCESS:
                return True
            if answer.verdict is Verdict.FAILURE:
                await self._restart(container, "startup")
                return False
        return False

    async def _watch_readiness(self, readiness: Probe, container: Container) -> None:
        async for answer in watch_probe(readiness, container):
            if answer.message:
                self._event("Warning", "Unhealthy", f"Readiness probe failed: {answer.message}")
            ready = self.state.ready if answer.verdict is None else answer.verdict is Verdict.SUCCESS
            if ready != self.state.ready:
                self.state.ready = ready
                self._changed()

    async def _watch_liveness(self, liveness: Probe, container: Container) -> None:
        async for answer in watch_probe(liveness, container):
            if answer.message:
                self._event("Warning", "Unhealthy", f"Liveness probe failed: {answer.message}")
            if answer.verdict is Verdict.FAILURE and not self._stopping:
                await self._restart(container, "liveness")
                return

    async def _restart(self, container: Container, kind: str) -> None:
        """End it, so that it is started again."""
        self._event("Normal", "Killing", f"Container {self.name} failed {kind} probe, will be restarted")
        await self._end(container, self._around.grace)

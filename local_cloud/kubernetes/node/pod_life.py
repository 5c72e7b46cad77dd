"""One pod from its arrival on a node to its end: volumes, init containers, containers, status, deletion."""

from __future__ import annotations

import asyncio
import logging
import shutil
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.kubernetes.api_client import ApiStatusError
from local_cloud.kubernetes.node.client import NOT_FOUND
from local_cloud.kubernetes.node.container_life import ContainerLife
from local_cloud.kubernetes.node.container_state import ContainerState, initialized, phase, waiting
from local_cloud.kubernetes.node.describing import PodSurroundings
from local_cloud.kubernetes.node.nodes import now
from local_cloud.kubernetes.node.volumes import VolumeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_cloud.kubernetes.node.client import Object
    from local_cloud.kubernetes.node.workshop import Workshop

_LOG = logging.getLogger(__name__)

OVER = ("Succeeded", "Failed")
# How often volumes are made to agree with the API, in seconds; the kubelet takes up to a minute.
REFRESH_SECONDS = 5.0


class PodLife:
    """Runs one pod; `run` ends when the pod has ended, or is deleted and gone from the API."""

    def __init__(self, workshop: Workshop, around: PodSurroundings) -> None:
        """Go on from the status the pod has."""
        self._workshop = workshop
        self._around = around
        self._changes = asyncio.Event()
        self._deletion = asyncio.Event()
        self._phase = around.pod["status"].get("phase", "Pending")
        self._written: dict[str, Any] = {}
        self._transitions: dict[str, tuple[str, str]] = {}
        self._version = ""
        spec = around.pod["spec"]
        known = {
            entry["name"]: entry
            for kind in ("initContainerStatuses", "containerStatuses")
            for entry in around.pod["status"].get(kind) or ()
        }
        waits = bool(spec.get("initContainers"))
        self._initial = [
            self._life(container, known.get(container["name"]), initial=True, waits=False)
            for container in spec.get("initContainers") or ()
        ]
        self._main = [
            self._life(container, known.get(container["name"]), initial=False, waits=waits)
            for container in spec["containers"]
        ]

    def _life(self, container: Object, known: Object | None, *, initial: bool, waits: bool) -> ContainerLife:
        policy = self._around.pod["spec"].get("restartPolicy", "Always")
        if initial:
            # An init container succeeds once, and is tried again unless the pod never restarts anything.
            always = container.get("restartPolicy") == "Always"
            policy = "Always" if always else "Never" if policy == "Never" else "OnFailure"
        return ContainerLife(
            self._workshop,
            self._around,
            container,
            ContainerState.known(container, known, initializing=waits),
            policy=policy,
            initial=initial,
            changed=self._changes.set,
        )

    @property
    def around(self) -> PodSurroundings:
        """The pod and its surroundings."""
        return self._around

    def find(self, container: str) -> ContainerLife | None:
        """A container by name."""
        return next((life for life in (*self._initial, *self._main) if life.name == container), None)

    @property
    def lives(self) -> Sequence[ContainerLife]:
        """Its containers."""
        return self._main

    def update(self, pod: Object) -> None:
        """The pod as the API has it now."""
        self._around.pod = pod
        if "deletionTimestamp" in pod["metadata"]:
            self._deletion.set()

    def vanish(self) -> None:
        """The pod is gone from the API: end it without ceremony."""
        self._around.pod = {**self._around.pod, "metadata": {**self._around.pod["metadata"], "gone": True}}
        self._deletion.set()

    async def run(self) -> None:
        """The whole life."""
        writer = asyncio.create_task(self._write_changes())
        refresher = asyncio.create_task(self._refresh())
        work = asyncio.create_task(self._work())
        deleted = asyncio.create_task(self._deletion.wait())
        try:
            await asyncio.wait((work, deleted), return_when=asyncio.FIRST_COMPLETED)
            if not self._deletion.is_set() and work.exception() is None:
                await self._write()
                await self._deletion.wait()
            await self._end(work)
        finally:
            for task in (writer, refresher, work, deleted):
                task.cancel()
            results = await asyncio.gather(writer, refresher, work, deleted, return_exceptions=True)
            for fault in results:
                if isinstance(fault, Exception):
                    _LOG.error("pod %s: %r", self._around.pod["metadata"]["name"], fault)
        shutil.rmtree(self._around.directory, ignore_errors=True)
        self._workshop.tokens.forget(self._around.uid)

    async def _work(self) -> None:
        """Everything that the pod does by itself."""
        if self._phase in OVER:
            return
        self._changes.set()
        await self._set_up_volumes()
        async with asyncio.TaskGroup() as group:
            begun = initialized(self._around.pod, self._states(self._initial)) and not self._has_sidecars()
            if not begun and not await self._initialize(group):
                return
            for life in self._main:
                if life.state.terminated is None or self._goes_on(life):
                    life.state.state = waiting("ContainerCreating")
                    group.create_task(life.run())
            self._changes.set()

    def _has_sidecars(self) -> bool:
        described = self._around.pod["spec"].get("initContainers") or ()
        return any(container.get("restartPolicy") == "Always" for container in described)

    def _goes_on(self, life: ContainerLife) -> bool:
        """Whether a container that had ended when the agent began is to be started again."""
        policy = self._around.pod["spec"].get("restartPolicy", "Always")
        end = life.state.terminated
        if policy == "Always" or (policy == "OnFailure" and end is not None and end["exitCode"] != 0):
            life.state.last = life.state.state
            life.state.restarts += 1
            return True
        return False

    async def _initialize(self, group: asyncio.TaskGroup) -> bool:
        """Run the init containers one after the other; whether the others may start."""
        described = {container["name"]: container for container in self._around.pod["spec"]["initContainers"]}
        for life in self._initial:
            if described[life.name].get("restartPolicy") == "Always":
                group.create_task(life.run())
                await life.startup_over.wait()
                continue
            if life.state.terminated is None or life.state.terminated["exitCode"] != 0:
                await life.run()
            end = life.state.terminated
            if end is None or end["exitCode"] != 0:
                return False
        return True

    async def _set_up_volumes(self) -> None:
        """Until all are there."""
        while True:
            try:
                await self._around.volumes.set_up(self._around.pod)
            except (VolumeError, ApiStatusError, aiohttp.ClientError) as error:
                self._workshop.events.pod(self._around.pod, "Warning", "FailedMount", str(error))
                await asyncio.sleep(self._workshop.timing.back_off)
            else:
                return

    async def _refresh(self) -> None:
        """Keep volumes in agreement with the API."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if any(life.state.running for life in (*self._initial, *self._main)):
                try:
                    await self._around.volumes.set_up(self._around.pod)
                except (VolumeError, ApiStatusError, aiohttp.ClientError, TimeoutError) as error:
                    _LOG.info("volumes of %s: %s", self._around.pod["metadata"]["name"], error)

    async def _end(self, work: asyncio.Task[None]) -> None:
        """Stop every container within the grace period, and take the pod out of the API."""
        metadata = self._around.pod["metadata"]
        gone = metadata.get("gone", False)
        grace = metadata.get("deletionGracePeriodSeconds", self._around.grace)
        if gone:
            grace = 0
        await asyncio.gather(*(life.stop(grace) for life in self._main))
        # Sidecars outlive what they serve.
        for life in reversed(self._initial):
            await life.stop(min(grace, 2.0) if self._main else grace)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if gone:
            return
        await self._write()
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        await self._workshop.client.delete_with(path, options)

    async def _write_changes(self) -> None:
        """Write the status whenever something has changed."""
        while True:
            await self._changes.wait()
            await asyncio.sleep(self._workshop.timing.settle)
            self._changes.clear()
            await self._write()

    async def _write(self) -> None:
        status = self._status()
        if status == self._written:
            return
        metadata = self._around.pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        for pause in (0.2, 1.0, 3.0, 10.0, 0.0):
            try:
                await self._workshop.client.patch(path, {"metadata": {"uid": metadata["uid"]}, "status": status})
            except ApiStatusError as error:
                if error.status != NOT_FOUND:
                    _LOG.info("status of %s: %s", metadata["name"], error)
                return
            except (aiohttp.ClientError, TimeoutError, OSError):
                await asyncio.sleep(pause)
            else:
                self._written = status
                return

    @staticmethod
    def _states(lives: Sequence[ContainerLife]) -> list[ContainerState]:
        return [life.state for life in lives]

    def _status(self) -> dict[str, Any]:
        pod, addresses = self._around.pod, self._around.addresses
        initial, main = self._states(self._initial), self._states(self._main)
        if self._phase not in OVER:
            self._phase = phase(pod, initial, main)
        status: dict[str, Any] = {
            "phase": self._phase,
            "conditions": self._conditions(initial, main),
            "hostIP": addresses.node_address,
            "hostIPs": [{"ip": addresses.node_address}],
            "podIP": addresses.pod_address,
            "podIPs": [{"ip": addresses.pod_address}],
            "startTime": pod["status"].get("startTime") or self._written.get("startTime") or now(),
            "containerStatuses": [state.as_status() for state in main],
        }
        if "generation" in pod["metadata"]:
            status["observedGeneration"] = pod["metadata"]["generation"]
        if initial:
            # To a pod's status an init container is ready when it has done its work.
            shown = [state.as_status() for state in initial]
            for entry, state in zip(shown, initial, strict=True):
                entry["ready"] = state.ready or bool(state.terminated and state.terminated["exitCode"] == 0)
            status["initContainerStatuses"] = shown
        return status

    def _conditions(self, initial: list[ContainerState], main: list[ContainerState]) -> list[dict[str, Any]]:
        pod = self._around.pod
        done = self._phase == "Succeeded"
        unready = [state.name for state in main if not state.ready]
        sidecars = {
            container["name"]
            for container in pod["spec"].get("initContainers") or ()
            if container.get("restartPolicy") == "Always"
        }
        unready += [state.name for state in initial if state.name in sidecars and not state.ready]
        begun = initialized(pod, initial)
        gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
        passed = {entry["type"] for entry in pod["status"].get("conditions") or () if entry["status"] == "True"}
        why = "PodCompleted" if done else "PodFailed" if self._phase == "Failed" else "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
        ready = not unready and all(gate in passed for gate in gates)
        if not unready and not ready:
            why, message = "ReadinessGatesNotReady", "the status of a readiness gate is not True"
        return [
            self._condition("PodReadyToStartContainers", self._phase not in OVER, "", ""),
            self._condition("Initialized", begun, "ContainersNotInitialized", "containers with incomplete status"),
            self._condition("ContainersReady", not unready, why, message),
            self._condition("Ready", ready, why, message),
        ]

    def _condition(self, kind: str, holds: bool, reason: str, message: str) -> dict[str, Any]:
        status = "True" if holds else "False"
        before, since = self._transitions.get(kind, ("", ""))
        if before != status:
            found = self._around.pod["status"].get("conditions") or ()
            known = {entry["type"]: entry for entry in found}.get(kind) if not before else None
            since = known["lastTransitionTime"] if known and known["status"] == status else now()
            self._transitions[kind] = (status, since)
        condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        if not holds and reason:
            return condition | {"reason": reason, "message": message}
        return condition | {"reason": None, "message": None}

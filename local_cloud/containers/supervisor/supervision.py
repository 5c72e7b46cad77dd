"""The supervisor's loop: orders from whoever started it, calls of containers, their outputs and their ends."""

from __future__ import annotations

import array
import errno
import json
import os
import select
import selectors
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud.containers.logs import LogWriter
from local_cloud.containers.supervisor import launch, notifications
from local_cloud.containers.supervisor.addresses import Neighbourhood
from local_cloud.containers.supervisor.plan import container_plan, process_plan
from local_cloud.containers.supervisor.processes import proportional_memory, used
from local_cloud.containers.supervisor.running import RunningContainer, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The largest order, in bytes: environment and arguments of one container.
LARGEST_MESSAGE = 1 << 20
# How often memory is looked at where there is a limit, in seconds.
MEMORY_INTERVAL = 0.5
READ_SIZE = 64 * 1024


class Supervision:
    """One per supervisor process; `control` is a SOCK_SEQPACKET socket to whoever gives orders."""

    def __init__(self, control: socket.socket) -> None:
        """Take orders from `control`."""
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._places: dict[str, Neighbourhood] = {}
        self._containers: dict[str, RunningContainer] = {}
        self._tasks: dict[str, Task] = {}
        self._memory_due = 0.0
        self._over = False

    def run(self) -> None:
        """Until nobody is left to give orders; then nothing of the containers is left either."""
        self._watch(self._control.fileno(), self._order)
        try:
            while not self._over:
                limited = any(container.plan.memory_limit for container in self._containers.values())
                for key, _ in self._selector.select(MEMORY_INTERVAL if limited else None):
                    # What an earlier one of this round has closed is not looked at any more.
                    if self._selector.get_map().get(key.fd) is key:
                        key.data()
                if limited:
                    self._check_memory()
        finally:
            for task in list(self._tasks.values()):
                task.signal(signal.SIGKILL)

    def _watch(self, descriptor: int, act: Callable[[], object]) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, act)

    def _forget(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)

    def _say(self, message: Mapping[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except (BrokenPipeError, ConnectionResetError):
            self._over = True

    def _order(self) -> None:
        """Take one order."""
        try:
            content, descriptors, _, _ = socket.recv_fds(self._control, LARGEST_MESSAGE, 3, socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            content, descriptors = b"", []
        if not content:
            self._over = True
            return
        order = json.loads(content)
        orders = {"start": self._start, "execute": self._execute, "signal": self._signal, "usage": self._usage}
        try:
            orders[order["do"]](order, descriptors)
        except OSError as error:
            self._say({"said": "failed", "key": order["key"], "reason": "CreateContainerError", "message": str(error)})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _start(self, order: Mapping[str, Any], _descriptors: list[int]) -> None:
        plan = container_plan(order["plan"])
        place = self._places.setdefault(plan.place.address, Neighbourhood(plan.place.address))
        if plan.place.metadata_host:
            place.metadata = (plan.place.metadata_host, plan.place.metadata_port)
        log = LogWriter(Path(plan.log))
        birth, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pipes = {"stdout": os.pipe(), "stderr": os.pipe()}
        if os.geteuid() == 0:
            # /dev/stdout is opened anew by what runs as another user.
            for _, end in pipes.values():
                os.fchown(end, plan.process.user, plan.process.group)
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        task = Task(plan.identifier, plan.identifier, place, birth)
        container = RunningContainer(plan, task, log)
        try:
            with theirs:
                pid = launch.start(plan, theirs, (nothing, pipes["stdout"][1], pipes["stderr"][1]))
        finally:
            for descriptor in (nothing, pipes["stdout"][1], pipes["stderr"][1]):
                os.close(descriptor)
        self._containers[plan.identifier] = container
        for stream, (end, _) in pipes.items():
            self._watch_output(container, stream, end)
        self._follow(task)
        self._born(task, pid)

    def _execute(self, order: Mapping[str, Any], descriptors: list[int]) -> None:
        container = self._containers.get(order["container"])
        if container is None or container.task.process < 0:
            raise OSError(errno.ESRCH, "the container is not running")
        plan = process_plan(order["plan"])
        birth, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        task = Task(order["key"], container.plan.identifier, container.task.place, birth)
        with theirs:
            first, second, third = descriptors
            between = launch.start_beside(container.task.process, plan, theirs, (first, second, third))
        self._follow(task)
        os.waitpid(between, 0)

    def _signal(self, order: Mapping[str, Any], _: list[int]) -> None:
        task = self._tasks.get(order["key"])
        if task is not None:
            task.signal(order["number"])

    def _usage(self, order: Mapping[str, Any], _: list[int]) -> None:
        container = self._containers.get(order["container"])
        found = used(self._roots(container)) if container is not None else None
        self._say({"said": "usage", "key": order["key"], "usage": found})

    def _roots(self, container: RunningContainer) -> list[int]:
        """The processes of a container that are children of this one."""
        name = container.plan.identifier
        return [task.pid for task in self._tasks.values() if task.container == name and task.process >= 0]

    def _follow(self, task: Task) -> None:
        self._tasks[task.key] = task
        self._watch(task.birth.fileno(), lambda: self._birth(task))

    def _born(self, task: Task, pid: int) -> None:
        task.watch(pid)
        self._watch(task.process, lambda: self._end(task))

    def _birth(self, task: Task) -> None:
        """What a child says on its way to the program; silence means that it has arrived."""
        content, descriptors, _, _ = socket.recv_fds(task.birth, READ_SIZE, 1, socket.MSG_CMSG_CLOEXEC)
        kind, rest = content[:1], content[1:]
        if kind == launch.LISTENER:
            (listener,) = array.array("i", descriptors)
            self._watch(listener, lambda: self._call(listener, task))
        elif kind == launch.SIBLING:
            self._born(task, int(rest))
        elif kind == launch.FAILED:
            reason, message = json.loads(rest)
            task.failure = (reason, message)
        else:
            self._arrive(task)

    def _arrive(self, task: Task) -> None:
        self._forget(task.birth.fileno())
        task.birth.close()
        if not task.pid:
            # Nothing came into being that could end.
            del self._tasks[task.key]
            self._say_failed(task)
        elif task.failure is None:
            self._say({"said": "started", "key": task.key, "pid": task.pid, "started": task.started})

    def _say_failed(self, task: Task) -> None:
        reason, message = task.failure or ("CreateContainerError", "the process died before it ran its program")
        self._say({"said": "failed", "key": task.key, "reason": reason, "message": message})

    def _call(self, listener: int, task: Task) -> None:
        """A stopped call, or the end of all that could make one."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        if any(event & select.POLLIN for _, event in poll.poll(0)):
            notifications.serve(listener, task.container, task.place)
        else:
            self._forget(listener)
            os.close(listener)

    def _watch_output(self, container: RunningContainer, stream: str, end: int) -> None:
        os.set_blocking(end, False)
        container.outputs[end] = stream
        self._watch(end, lambda: self._output(container, end))

    def _output(self, container: RunningContainer, end: int) -> bool:
        """Take what a container wrote; whether there may be more. The pipe is closed when nobody can write to it."""
        try:
            content = os.read(end, READ_SIZE)
        except BlockingIOError:
            return False
        if content:
            container.log.write(container.outputs[end], content)
        else:
            self._close_output(container, end)
        return bool(content)

    def _close_output(self, container: RunningContainer, end: int) -> None:
        self._forget(end)
        del container.outputs[end]
        os.close(end)

    def _end(self, task: Task) -> None:
        self._forget(task.process)
        message = task.reap()
        del self._tasks[task.key]
        while task.birth.fileno() >= 0:
            self._birth(task)
        container = self._containers.get(task.key)
        if container is not None:
            self._finish(container)
        if task.failure is None:
            self._say(message)
        else:
            self._say_failed(task)

    def _finish(self, container: RunningContainer) -> None:
        """Its first process has ended, and with it all others: nobody writes any more."""
        for end in list(container.outputs):
            while self._output(container, end):
                continue
            if end in container.outputs:
                self._close_output(container, end)
        container.log.close()
        name = container.plan.identifier
        container.task.place.listening.pop(name, None)
        del self._containers[name]

    def _check_memory(self) -> None:
        if time.monotonic() < self._memory_due:
            return
        self._memory_due = time.monotonic() + MEMORY_INTERVAL
        for container in list(self._containers.values()):
            limit = container.plan.memory_limit
            roots = self._roots(container) if limit else []
            if roots and used(roots).memory_bytes > limit and proportional_memory(roots) > limit:
                container.task.killed_for_memory = True
                container.task.signal(signal.SIGKILL)

"""The child's side of a start: from the fork to the program, every step announced should it fail."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import signal
import socket
import termios
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from local_cloud.containers.supervisor import kernel, root, seccomp

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cloud.containers.supervisor.plan import ContainerPlan, ProcessPlan

NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS

# What the birth socket says: LISTENER comes with the filter's listener, SIBLING with a process id, FAILED with why.
LISTENER = b"L"
SIBLING = b"P"
FAILED = b"F"

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What engines say of a command that cannot be run.
NOT_FOUND = 127

NEEDS_USER_NAMESPACES = (
    "without root, containers need user namespaces: see sysctl kernel.unprivileged_userns_clone and"
    " kernel.apparmor_restrict_unprivileged_userns, or run the local cloud as root"
)


class LaunchError(Exception):
    """A step that failed, with Kubernetes' word for it."""

    def __init__(self, reason: str, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.reason = reason


def start(plan: ContainerPlan, birth: socket.socket, files: tuple[int, int, int]) -> int:
    """Fork a container; its id. What happens on the way is told on `birth`, which closes when the program runs."""
    outside = (os.geteuid(), os.getegid())
    child = kernel.fork(NAMESPACES | (kernel.CLONE_NEWUSER if plan.own_user else 0))
    if child == 0:
        _become(birth, lambda: _enter_new(plan, outside), plan.process, files)
    return child


def start_beside(process: int, plan: ProcessPlan, birth: socket.socket, files: tuple[int, int, int]) -> int:
    """Fork a command into the namespaces of the process behind a pidfd; the id of a child that ends at once.

    The command itself becomes another child of this process: its id comes as SIBLING.
    """
    child = os.fork()
    if child == 0:
        _become_beside(process, plan, birth, files)
    return child


def _become_beside(process: int, plan: ProcessPlan, birth: socket.socket, files: tuple[int, int, int]) -> NoReturn:
    try:
        kernel.join(process, NAMESPACES | (kernel.CLONE_NEWUSER if plan.own_user else 0))
        sibling = kernel.fork(kernel.CLONE_PARENT)
    except OSError as error:
        _fail(birth, "CreateContainerError", f"cannot enter the container: {error}")
    if sibling:
        birth.send(SIBLING + str(sibling).encode())
        os._exit(0)
    _become(birth, lambda: None, plan, files)


def _enter_new(plan: ContainerPlan, outside: tuple[int, int]) -> None:
    """Namespaces of its own, filled; `outside` are the ids of user and group that this process has."""
    try:
        if plan.own_user:
            _map_user(plan.process, outside)
        root.build(plan.root, own_user=plan.own_user)
        kernel.set_host_name(plan.place.hostname)
    except OSError as error:
        refused = plan.own_user and error.errno in (errno.EPERM, errno.EACCES)
        hint = f" ({NEEDS_USER_NAMESPACES})" if refused else ""
        raise LaunchError("CreateContainerError", f"cannot prepare the container: {error}{hint}") from error


def _map_user(plan: ProcessPlan, outside: tuple[int, int]) -> None:
    """The one user and group of this process, called as the container wants."""
    user, group = outside
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{plan.group} {group} 1"),
        ("uid_map", f"{plan.user} {user} 1"),
    ):
        Path("/proc/self", name).write_text(text)


def _become(
    birth: socket.socket, enter: Callable[[], None], plan: ProcessPlan, files: tuple[int, int, int]
) -> NoReturn:
    """Turn this process into the program."""
    try:
        os.setsid()
        for number, descriptor in enumerate(files):
            os.dup2(descriptor, number)
        if plan.terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        enter()
        # Engines make the working directory, as root; where it cannot be made, going there says why.
        with suppress(OSError):
            Path(plan.directory).mkdir(parents=True, exist_ok=True)
        _take_rights(plan)
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        _go_to(plan.directory)
        kernel.control_process(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.control_process(kernel.PR_SET_NO_NEW_PRIVS, 1)
        listener = seccomp.install()
        socket.send_fds(birth, [LISTENER], [listener])
        os.close(listener)
        _execute(plan)
    except LaunchError as error:
        _fail(birth, error.reason, str(error))
    except OSError as error:
        _fail(birth, "CreateContainerError", f"cannot start the container: {error}")
    except BaseException as error:  # noqa: BLE001 - a forked child must never go back into the supervisor's loop
        _fail(birth, "CreateContainerError", f"cannot start the container: {type(error).__name__}: {error}")


def _take_rights(plan: ProcessPlan) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kernel.limit_capabilities(frozenset(plan.capabilities))
    if not plan.own_user:
        os.setgroups(plan.groups)
    os.setresgid(plan.group, plan.group, plan.group)
    os.setresuid(plan.user, plan.user, plan.user)


def _go_to(directory: str) -> None:
    """The working directory."""
    try:
        os.chdir(directory)
    except OSError as error:
        raise LaunchError("RunContainerError", f"working directory {directory}: {error.strerror}") from error


def _execute(plan: ProcessPlan) -> NoReturn:
    """Become the program, found as a shell would."""
    name = plan.arguments[0]
    directories = plan.environment.get("PATH", DEFAULT_PATH).split(":")
    candidates = [name] if "/" in name else [f"{directory or '.'}/{name}" for directory in directories]
    refused: OSError | None = None
    for candidate in candidates:
        try:
            os.execve(candidate, plan.arguments, plan.environment)  # noqa: S606 - a container is to run what its image says
        except OSError as error:
            if refused is None or error.errno not in (errno.ENOENT, errno.ENOTDIR):
                refused = error
    missing = refused is None or refused.errno in (errno.ENOENT, errno.ENOTDIR)
    where = "no such file or directory" if "/" in name else "executable file not found in $PATH"
    why = where if missing else (refused.strerror or str(refused)).lower() if refused else where
    raise LaunchError("RunContainerError", f'exec: "{name}": {why}')


def _fail(birth: socket.socket, reason: str, message: str) -> NoReturn:
    birth.send(FAILED + json.dumps([reason, message]).encode())
    os._exit(NOT_FOUND)

"""Answers the stopped calls of a container: binds in its place, rewrites what it connects to."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing
from pathlib import Path

from local_cloud.containers.supervisor import kernel, seccomp
from local_cloud.containers.supervisor.addresses import Address, Neighbourhood, Unreachable

# struct sockaddr_storage; a longer address is no address.
LONGEST_ADDRESS = 128
ONLY_IPV6 = 41, 26  # IPPROTO_IPV6, IPV6_V6ONLY


def serve(listener: int, container: str, place: Neighbourhood) -> None:
    """Answer one notification of `container`."""
    notification = seccomp.receive(listener)
    if notification is None:
        return
    try:
        error = _handle(notification, container, place)
    except (ProcessLookupError, FileNotFoundError):
        # The thread ended meanwhile: nobody waits for an answer.
        error = errno.ESRCH
    except OSError as refused:
        error = refused.errno or errno.EACCES
    if error is None:
        seccomp.let_go(listener, notification)
    else:
        seccomp.answer(listener, notification, error)


def _handle(notification: seccomp.Notification, container: str, place: Neighbourhood) -> int | None:
    """An error number (0: done), or None when the call goes on."""
    pointer, size = notification.arguments[4:6] if notification.call == "sendto" else notification.arguments[1:3]
    with closing(_Memory(notification.thread)) as memory:
        asked = Address.read(memory.read(pointer, min(size & 0xFFFFFFFF, LONGEST_ADDRESS)))
        if asked is None:
            return None
        if notification.call == "bind":
            instead = place.bound(asked)
            return None if instead is None else _bind(notification, container, place, asked, instead)
        try:
            instead = place.connected(asked)
        except Unreachable:
            return errno.ENETUNREACH
        if instead is not None:
            memory.write(pointer, instead.written())
        return None


def _bind(
    notification: seccomp.Notification, container: str, place: Neighbourhood, asked: Address, instead: Address
) -> int:
    """Bind the container's own socket from here; the kernel's error number, 0 when it is bound."""
    process = os.pidfd_open(_leader(notification.thread))
    try:
        descriptor = kernel.descriptor_of(process, notification.arguments[0])
    finally:
        os.close(process)
    with socket.socket(fileno=descriptor) as own:
        if own.type == socket.SOCK_STREAM:
            # What a former container of this address has not finished closing is nobody's business in a new one.
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if own.family == socket.AF_INET6:
            if asked.port in place.listening[container] and own.getsockopt(*ONLY_IPV6):
                # It listens on the IPv4 address already and asks for IPv6 apart: there is none here to be reached at.
                own.bind(("::1", 0))
                return 0
            own.setsockopt(*ONLY_IPV6, 0)
            own.bind((f"::ffff:{instead.host}", instead.port))
        else:
            own.bind((instead.host, instead.port))
        if own.type == socket.SOCK_STREAM:
            place.listening[container].add(asked.port or own.getsockname()[1])
    return 0


def _leader(thread: int) -> int:
    """The process that a thread belongs to."""
    for line in Path(f"/proc/{thread}/status").read_text().splitlines():
        if line.startswith("Tgid:"):
            return int(line.split()[1])
    raise ProcessLookupError(thread)


class _Memory:
    """A thread's memory."""

    def __init__(self, thread: int) -> None:
        self._descriptor = os.open(f"/proc/{thread}/mem", os.O_RDWR | os.O_CLOEXEC)

    def read(self, pointer: int, size: int) -> bytes:
        """What is at `pointer`; empty when nothing is mapped there."""
        try:
            return os.pread(self._descriptor, size, pointer)
        except (OSError, OverflowError):
            return b""

    def write(self, pointer: int, content: bytes) -> None:
        """Replace what is at `pointer`."""
        os.pwrite(self._descriptor, content, pointer)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

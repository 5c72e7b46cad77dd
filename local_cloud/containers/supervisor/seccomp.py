"""The filter that stops `bind`, `connect` and `sendto` of a container until their address is rewritten.

man 2 seccomp_unotify; <linux/seccomp.h>, <linux/filter.h>.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import platform
import struct
from dataclasses import dataclass

from local_cloud.containers.supervisor import kernel

SECCOMP_SET_MODE_FILTER = 1
FLAG_NEW_LISTENER = 1 << 3
# A call that waits for its answer is interrupted by death only; without it a language that interrupts its own threads
# by signals (Go) asks again and again.
FLAG_WAIT_KILLABLE = 1 << 5

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NOTIFY = 0x7FC00000

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

# struct seccomp_data: number, architecture, instruction pointer, six arguments of eight bytes.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

# struct sockaddr_un: what has its size is an address of a file.
_UNIX_ADDRESS_SIZE = 110

# AUDIT_ARCH_* and system call numbers.
_MACHINES = {
    "x86_64": (0xC000003E, {"bind": 49, "connect": 42, "sendto": 44, "io_uring_setup": 425}),
    "aarch64": (0xC00000B7, {"bind": 200, "connect": 203, "sendto": 206, "io_uring_setup": 425}),
}

_RECEIVE = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV
_SEND = 0xC0182101  # SECCOMP_IOCTL_NOTIF_SEND
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_ANSWER = struct.Struct("=QqiI")


@dataclass(frozen=True)
class Notification:
    """A stopped call: its id, the thread that made it (as this machine counts), its name and arguments."""

    identifier: int
    thread: int
    call: str
    arguments: tuple[int, ...]


def _machine() -> tuple[int, dict[str, int]]:
    try:
        return _MACHINES[platform.machine()]
    except KeyError:
        raise OSError(errno.ENOSYS, f"no system call numbers for {platform.machine()}") from None


def _program() -> bytes:
    """The filter. Jumps count instructions from the next one."""
    architecture, calls = _machine()
    third, fifth = _ARGUMENTS + 2 * 8, _ARGUMENTS + 4 * 8
    instructions = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 5, architecture),  # another: allow
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 5, 0, calls["bind"]),  # look at the size
        (_EQUAL, 4, 0, calls["connect"]),
        (_EQUAL, 5, 0, calls["sendto"]),  # look for an address
        (_EQUAL, 1, 0, calls["io_uring_setup"]),
        (_RETURN, 0, 0, _ALLOW),
        # What goes through io_uring would never be seen here; programs fall back.
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_LOAD, 0, 0, third),
        (_EQUAL, 5, 4, _UNIX_ADDRESS_SIZE),
        (_LOAD, 0, 0, fifth),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, fifth + 4),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _NOTIFY),
        (_RETURN, 0, 0, _ALLOW),
    )
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install() -> int:
    """Put this process and all it will start under the filter; the descriptor at which its calls are announced.

    OSError when the kernel refuses: EBUSY where something else watches already, EINVAL before Linux 5.5.
    """
    code = _program()
    program = _Program(len(code) // 8, code)
    for flags in (FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE, FLAG_NEW_LISTENER):
        try:
            return kernel.system_call("seccomp", SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(program))
        except OSError as error:
            refused = error
            if error.errno != errno.EINVAL:
                break
    raise OSError(refused.errno, f"this kernel offers no seccomp user notification ({refused.strerror})")


def receive(listener: int) -> Notification | None:
    """The next stopped call; None when its thread has died meanwhile."""
    buffer = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except FileNotFoundError:
        return None
    identifier, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
    calls = {value: name for name, value in _machine()[1].items()}
    return Notification(identifier, thread, calls[number], tuple(arguments))


def let_go(listener: int, notification: Notification) -> None:
    """Let the call happen."""
    _answer(listener, _ANSWER.pack(notification.identifier, 0, 0, _CONTINUE))


def answer(listener: int, notification: Notification, error: int) -> None:
    """Answer in place of the kernel: with success (0), or with an error number."""
    _answer(listener, _ANSWER.pack(notification.identifier, 0, -error, 0))


def _answer(listener: int, packed: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, packed)
    except FileNotFoundError:
        # The thread has died, or was interrupted and will ask again.
        return

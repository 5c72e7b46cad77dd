"""System calls that Python does not offer: namespaces, mounts, capabilities, file descriptors of other processes."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from typing import Any

# A library handle that keeps the interpreter's lock during a call: a forked child goes on as its holder.
_LIBC = ctypes.PyDLL(None, use_errno=True)

# <linux/sched.h>
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_PARENT = 0x00008000

# <linux/mount.h>
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

# <linux/capability.h>: bits by number.
CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
)

# asm/unistd.h of the two architectures that the platform runs on.
_NUMBERS = {
    "x86_64": {"clone": 56, "pivot_root": 155, "seccomp": 317, "pidfd_getfd": 438, "setns": 308},
    "aarch64": {"clone": 220, "pivot_root": 41, "seccomp": 277, "pidfd_getfd": 438, "setns": 268},
}


def number(call: str) -> int:
    """The number of a system call here; OSError ENOSYS on an architecture that is not known."""
    try:
        return _NUMBERS[platform.machine()][call]
    except KeyError:
        raise OSError(errno.ENOSYS, f"{call} is not known on {platform.machine()}") from None


def checked(result: int, *words: object) -> int:
    """`result` of a C function; OSError with its error number and `words` when it is -1."""
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)}: {' '.join(str(word) for word in words)}")
    return result


def system_call(call: str, *arguments: Any) -> int:
    """Any call by name with numbers, pointers and bytes as arguments."""
    wide = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    return checked(_LIBC.syscall(ctypes.c_long(number(call)), *wide), call)


def fork(flags: int) -> int:
    """fork(2) into new namespaces (or, with CLONE_PARENT, as a sibling); 0 in the child, its id in the parent.

    Only for a process with one thread.
    """
    import signal

    child = system_call("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    return child


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    result = _LIBC.mount(
        source.encode() or None, target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    checked(result, "mount", kind or "bind", source, "on", target)


def pivot_into(root: str) -> None:
    """Make the mount at `root` the root directory, and forget what was there before."""
    os.chdir(root)
    system_call("pivot_root", b".", b".")
    checked(_LIBC.umount2(b".", MNT_DETACH), "umount the former root")
    os.chdir("/")


def set_host_name(name: str) -> None:
    """sethostname(2)."""
    encoded = name.encode()
    checked(_LIBC.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname", name)


def join(process: int, flags: int) -> None:
    """Enter the namespaces `flags` of the process behind a pidfd."""
    system_call("setns", process, flags)


def control_process(option: int, *arguments: int) -> None:
    """prctl(2)."""
    wide = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    checked(_LIBC.prctl(ctypes.c_int(option), *wide), "prctl", option)


def limit_capabilities(names: frozenset[str]) -> None:
    """Drop every capability but `names` from what a program started from here may ever have."""
    for bit, name in enumerate(CAPABILITIES):
        if name in names:
            continue
        try:
            control_process(PR_CAPBSET_DROP, bit)
        except OSError as error:
            # A kernel older than the capability does not know its number.
            if error.errno != errno.EINVAL:
                raise


def descriptor_of(process: int, number_there: int) -> int:
    """A duplicate of a file descriptor of the process behind a pidfd."""
    return system_call("pidfd_getfd", process, number_there, 0)

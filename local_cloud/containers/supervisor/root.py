"""Builds a container's root directory in its own mount namespace, and enters it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from local_cloud.containers.supervisor import kernel

if TYPE_CHECKING:
    from local_cloud.containers.supervisor.plan import MountPlan, RootPlan

# Symbolic links that are followed before a path counts as a loop, as in Linux.
LONGEST_CHAIN = 40

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
# Ways from a container to the settings of the machine.
KERNEL_SETTINGS = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")


def build(plan: RootPlan, *, own_user: bool) -> None:
    """Mount everything and make it the root directory; OSError names the step that the kernel refused."""
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    _join_layers(plan, own_user=own_user)
    merged = plan.merged
    if plan.host_usr:
        _show_usr(plan)
    kernel.mount("proc", _directory(merged, "/proc"), "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    for path in KERNEL_SETTINGS:
        if not own_user and Path(merged + path).exists():
            _bind(merged + path, merged + path, read_only=True)
    _bind("/sys", _directory(merged, "/sys"), read_only=True)
    _devices(_directory(merged, "/dev"), own_user=own_user)
    for mount in sorted(plan.mounts, key=lambda mount: mount.target.rstrip("/").count("/")):
        _attach(merged, mount)
    if plan.read_only:
        kernel.mount("", merged, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _kept(merged))
    kernel.pivot_into(merged)


def _join_layers(plan: RootPlan, *, own_user: bool) -> None:
    options = [f"lowerdir={_joined(plan.lower)}", f"upperdir={_escaped(plan.upper)}", f"workdir={_escaped(plan.work)}"]
    # A user namespace may not write the attributes by which root marks what is deleted.
    options += ["userxattr"] if own_user else []
    kernel.mount("overlay", plan.merged, "overlay", data=",".join(options))


def _show_usr(plan: RootPlan) -> None:
    """This machine's /usr under what the image and the base bring themselves; read-only."""
    lower = tuple(f"{layer}/usr" for layer in plan.lower if Path(f"{layer}/usr").is_dir())
    target = _directory(plan.merged, "/usr")
    kernel.mount("overlay", target, "overlay", kernel.MS_RDONLY, f"lowerdir={_joined((*lower, '/usr'))}")


def _joined(directories: tuple[str, ...]) -> str:
    return ":".join(_escaped(directory) for directory in directories)


def _escaped(path: str) -> str:
    """As overlay mounts want `:` and `,` in paths."""
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def _devices(directory: str, *, own_user: bool) -> None:
    kernel.mount("tmpfs", directory, "tmpfs", kernel.MS_NOSUID, "mode=755,size=65536k")
    for name in DEVICES:
        target = Path(directory, name)
        target.touch()
        _bind(f"/dev/{name}", str(target), read_only=False)
    for name, pointed in DEVICE_LINKS.items():
        Path(directory, name).symlink_to(pointed)
    shared = Path(directory, "shm")
    shared.mkdir()
    kernel.mount("shm", str(shared), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777,size=65536k")
    terminals = Path(directory, "pts")
    terminals.mkdir()
    data = "newinstance,ptmxmode=0666,mode=0620" + ("" if own_user else ",gid=5")
    kernel.mount("devpts", str(terminals), "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, data)


def _attach(merged: str, mount: MountPlan) -> None:
    """Bind one mount; its target is made when the image does not have it."""
    if stat.S_ISDIR(os.stat(mount.source).st_mode):  # noqa: PTH116 - the name says that links are followed
        target = _directory(merged, mount.target)
    else:
        parent, _, name = mount.target.rstrip("/").rpartition("/")
        inside = _inside(merged, f"{_inside_name(merged, parent)}/{name}")
        inside.touch()
        target = str(inside)
    _bind(mount.source, target, read_only=mount.read_only)


def _bind(source: str, target: str, *, read_only: bool) -> None:
    kernel.mount(source, target, flags=kernel.MS_BIND | kernel.MS_REC)
    if read_only:
        kernel.mount("", target, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _kept(target))


def _kept(target: str) -> int:
    """Restrictions a mount has; a user namespace may not take them off."""
    return os.statvfs(target).f_flag & (kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _inside_name(merged: str, path: str) -> str:
    """`path` of the container, made a directory; its name from the container's root."""
    return _directory(merged, path).removeprefix(merged)


def _directory(merged: str, path: str) -> str:
    """The directory `path` of the container as this process sees it; made when missing."""
    inside = _inside(merged, path)
    inside.mkdir(parents=True, exist_ok=True)
    return str(inside)


def _inside(merged: str, path: str) -> Path:
    """`path` with the container's symbolic links followed as the container would, never out of `merged`."""
    found: list[str] = []
    left = [part for part in path.split("/") if part]
    links = 0
    while left:
        part = left.pop(0)
        if part == "..":
            found = found[:-1]
            continue
        if part == ".":
            continue
        here = Path(merged, *found, part)
        if not here.is_symlink():
            found.append(part)
            continue
        links += 1
        if links > LONGEST_CHAIN:
            raise OSError(f"too many symbolic links in {path}")
        pointed = str(here.readlink())
        if pointed.startswith("/"):
            found = []
        left = [step for step in pointed.split("/") if step] + left
    return Path(merged, *found)

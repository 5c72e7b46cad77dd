"""The base of an image that has none: this machine's programs and libraries, and the interpreter that runs us."""

from __future__ import annotations

import errno
import shutil
import sys
import tempfile
from pathlib import Path

from local_cloud.containers.specification import Mount

LABEL = "digs.presidential.base"
HOST = "host"

# Copied, as they are small and a container may want to change its own.
FILES = (
    "etc/passwd",
    "etc/group",
    "etc/nsswitch.conf",
    "etc/ld.so.cache",
    "etc/ld.so.conf",
    "etc/localtime",
    "etc/mime.types",
    "etc/services",
    "etc/protocols",
)
# Shown as they are on this machine.
SHOWN = ("etc/ssl", "etc/pki", "etc/ca-certificates", "etc/alternatives", "etc/ld.so.conf.d", "etc/fonts", "opt")
# On most distributions symbolic links into /usr.
OUTSIDE_USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
EMPTY = ("proc", "sys", "dev", "run", "var", "home", "root", "srv", "mnt", "usr")
OPEN_TO_ALL = ("tmp", "var/tmp")
INTERPRETER_LINKS = ("usr/local/bin/python", "usr/local/bin/python3")


def prepare(directory: Path, root: Path = Path("/")) -> Path:
    """Make the directory that lies under such an image's own, once; it is `directory`. `root` is this machine's.

    Containers that start side by side may all find that it is missing: each makes one, the first to be whole stays.
    """
    if directory.exists():
        return directory
    staged = Path(tempfile.mkdtemp(prefix=f"{directory.name}.", dir=directory.parent))
    try:
        _furnish(staged, root)
        try:
            staged.rename(directory)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return directory


def _furnish(staged: Path, root: Path) -> None:
    staged.chmod(0o755)
    for name in EMPTY:
        (staged / name).mkdir(parents=True)
    for name in OPEN_TO_ALL:
        (staged / name).mkdir(parents=True)
        (staged / name).chmod(0o1777)
    (staged / "etc").mkdir()
    for name in FILES:
        if (root / name).is_file():
            shutil.copy(root / name, staged / name)
    for name in OUTSIDE_USR:
        if (root / name).is_symlink():
            (staged / name).symlink_to((root / name).readlink())
    interpreter = Path(sys.executable).resolve()
    for link in INTERPRETER_LINKS:
        (staged / link).parent.mkdir(parents=True, exist_ok=True)
        (staged / link).symlink_to(interpreter)


def mounts(root: Path = Path("/")) -> tuple[Mount, ...]:
    """What of this machine is shown, read-only, beside /usr."""
    shown = [root / name for name in (*SHOWN, *OUTSIDE_USR) if (root / name).is_dir()]
    found = [Mount(path, f"/{path.relative_to(root)}", read_only=True) for path in shown if not path.is_symlink()]
    prefix = Path(sys.base_prefix).resolve()
    if not prefix.is_relative_to("/usr"):
        found.append(Mount(prefix, str(prefix), read_only=True))
    return tuple(found)

"""Unpacks the layers of an image into one directory: no path leaves it, no device is made, deletions are honoured.

https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
MAGIC_GZIP = b"\x1f\x8b"
MAGIC_ZSTANDARD = b"\x28\xb5\x2f\xfd"

OWNER_MAY_WRITE = 0o700


class LayerError(ValueError):
    """A layer that cannot be unpacked."""


def unpack(layers: Iterable[Path], target: Path) -> None:
    """Unpack tar archives (plain or gzip) over one another into `target`, which is made; LayerError names the entry."""
    target.mkdir(parents=True)
    target.chmod(0o755)
    late: dict[Path, int] = {}
    for layer in layers:
        try:
            with _opened(layer) as content, tarfile.open(fileobj=content, mode="r|") as archive:
                _unpack_one(archive, target, late)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise LayerError(f"layer {layer.name}: {error}") from error
    # A directory that its owner may not write is closed when all layers have been in it.
    for directory, mode in late.items():
        if directory.is_dir() and not directory.is_symlink():
            directory.chmod(mode)


def _opened(layer: Path) -> IO[bytes]:
    with layer.open("rb") as file:
        start = file.read(4)
    if start.startswith(MAGIC_GZIP):
        return cast("IO[bytes]", gzip.open(layer, "rb"))
    if start == MAGIC_ZSTANDARD:
        raise LayerError(f"layer {layer.name}: zstd compression is not supported; push the image with gzip layers")
    return layer.open("rb")


def _unpack_one(archive: tarfile.TarFile, target: Path, late: dict[Path, int]) -> None:
    fresh: set[Path] = set()
    for entry in archive:
        name = PurePosixPath(entry.name)
        if ".." in name.parts:
            raise LayerError(f"{entry.name} leaves the image")
        parts = [part for part in name.parts if part not in ("/", ".")]
        if not parts:
            continue
        parent = _directory(target, parts[:-1])
        if parts[-1] == OPAQUE:
            _empty(parent, fresh)
        elif parts[-1].startswith(WHITEOUT):
            _remove(parent / parts[-1].removeprefix(WHITEOUT))
        else:
            path = parent / parts[-1]
            _place(archive, entry, path, target)
            fresh.add(path)
            _settle(entry, path, late)


def _place(archive: tarfile.TarFile, entry: tarfile.TarInfo, path: Path, target: Path) -> None:
    """Make what `entry` is at `path`, in place of what a lower layer had there."""
    if entry.isdir():
        if path.is_symlink() or not path.is_dir():
            _remove(path)
            path.mkdir()
        return
    if not (entry.isreg() or entry.issym() or entry.islnk()):
        # Devices and pipes: an image has no business with them.
        return
    _remove(path)
    if entry.issym():
        path.symlink_to(entry.linkname)
    elif entry.islnk():
        linked = [part for part in PurePosixPath(entry.linkname).parts if part not in ("/", ".")]
        if not linked or ".." in linked:
            raise LayerError(f"{entry.name} is a link to {entry.linkname}, which leaves the image")
        source = _directory(target, linked[:-1]) / linked[-1]
        os.link(source, path, follow_symlinks=False)
    else:
        content = archive.extractfile(entry)
        assert content is not None
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)


def _settle(entry: tarfile.TarInfo, path: Path, late: dict[Path, int]) -> None:
    """Owner, mode and time; a program never gets to run as its owner unasked (set-user-id is dropped)."""
    if entry.issym() or not path.exists() or path.is_symlink():
        return
    if os.geteuid() == 0:
        os.chown(path, entry.uid, entry.gid)
    mode = entry.mode & 0o1777
    if entry.isdir():
        if mode & OWNER_MAY_WRITE != OWNER_MAY_WRITE:
            late[path] = mode
        else:
            late.pop(path, None)
        path.chmod(mode | OWNER_MAY_WRITE)
    elif entry.isreg():
        path.chmod(mode)
    if not entry.isdir():
        os.utime(path, (entry.mtime, entry.mtime))


def _directory(target: Path, parts: list[str]) -> Path:
    """The real directory for `parts`: links within the image are followed inside it, missing ones are made."""
    here = target
    left = list(parts)
    links = 0
    while left:
        part = left.pop(0)
        if part == "..":
            here = here.parent if here != target else target
            continue
        path = here / part
        if path.is_symlink():
            links += 1
            if links > 40:
                raise LayerError(f"too many symbolic links on the way to {'/'.join(parts)}")
            pointed = PurePosixPath(path.readlink())
            if pointed.is_absolute():
                here = target
            left = [step for step in pointed.parts if step not in ("/", ".")] + left
            continue
        if path.exists() and not path.is_dir():
            path.unlink()
        path.mkdir(exist_ok=True)
        here = path
    return here


def _empty(directory: Path, fresh: set[Path]) -> None:
    """Remove what lower layers put into `directory`; what this layer put there stays."""
    for path in directory.iterdir():
        if path not in fresh and not any(path in one.parents for one in fresh):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.is_symlink() or path.exists():
        path.unlink()

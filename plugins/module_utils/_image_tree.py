"""PRIVATE to the collection: what lies in an image, and layers that come out the same, byte by byte, every time."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

# Compression of layers; the same everywhere, or digests would differ.
GZIP_LEVEL = 6
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Entry:
    """A file (`source` on this machine, or `content`), a directory, or a symbolic link (`link`)."""

    mode: int
    source: Path | None = None
    content: bytes | None = None
    link: str = ""
    user: int = 0
    group: int = 0

    @property
    def is_directory(self) -> bool:
        return self.source is None and self.content is None and not self.link


DIRECTORY = Entry(0o755)
Tree = Mapping[str, Entry]
"""Path in the image without its leading slash → what is there."""


@dataclass
class Layers:
    """The layers of one stage, the lowest first, each with the instruction that made it."""

    made: list[tuple[str, dict[str, Entry]]] = field(default_factory=list)

    def add(self, by: str, tree: Tree) -> None:
        """A new layer of `tree`, with the directories above that are not there yet."""
        whole = self.merged()
        layer: dict[str, Entry] = {}
        for name, entry in tree.items():
            for above in reversed(PurePosixPath(name).parents[:-1]):
                layer.setdefault(str(above), whole.get(str(above), DIRECTORY))
            layer[name] = entry
        known = {name for name, entry in layer.items() if entry.is_directory and whole.get(name) == entry}
        layer = {name: entry for name, entry in layer.items() if name not in known}
        if layer:
            self.made.append((by, layer))

    def merged(self) -> dict[str, Entry]:
        """What lies in all of them together."""
        whole: dict[str, Entry] = {}
        for _name, tree in self.made:
            whole |= tree
        return whole

    def below(self, path: str) -> dict[str, Entry]:
        """What lies at `path` (relative to it; the empty name is the path itself)."""
        name = path.strip("/")
        found = {}
        for key, entry in self.merged().items():
            if key == name:
                found[""] = entry
            elif not name or key.startswith(f"{name}/"):
                found[key.removeprefix(f"{name}/") if name else key] = entry
        return found


def tree_of(directory: Path) -> dict[str, Entry]:
    """Everything below a directory of this machine, links as links."""
    found: dict[str, Entry] = {}
    for root, directories, files in os.walk(directory):
        for name in (*directories, *files):
            path = Path(root, name)
            found[path.relative_to(directory).as_posix()] = entry_of(path)
    return found


def entry_of(path: Path) -> Entry:
    """One thing of this machine: of its permissions only whether it may be executed counts."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry(0o777, link=str(path.readlink()))
    if stat.S_ISDIR(status.st_mode):
        return DIRECTORY
    return Entry(0o755 if status.st_mode & 0o111 else 0o644, source=path)


def owned(tree: Tree, user: int, group: int, mode: int | None = None) -> dict[str, Entry]:
    """The same things of another owner, and with another mode where one is given."""
    return {
        name: replace(entry, user=user, group=group, mode=entry.mode if mode is None or entry.link else mode)
        for name, entry in tree.items()
    }


@dataclass(frozen=True)
class Layer:
    """One packed layer: `digest` of the compressed bytes, `difference` of the tar inside."""

    digest: str
    difference: str
    size: int
    path: Path
    by: str


def pack(by: str, tree: Tree, directory: Path) -> Layer:
    """Write a layer into `directory`, named by its digest."""
    staged = directory / f"{os.getpid()}-{id(tree)}.new"
    plain = hashlib.sha256()
    with staged.open("wb") as file, gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
        writer = _Hashing(packed, plain)
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for name in sorted(tree):
                _append(archive, name, tree[name])
    digest = hashlib.sha256(staged.read_bytes()).hexdigest()
    path = staged.with_name(digest)
    staged.replace(path)
    return Layer(f"sha256:{digest}", f"sha256:{plain.hexdigest()}", path.stat().st_size, path, by)


class _Hashing(io.RawIOBase):
    """Passes on what is written, and hashes it."""

    def __init__(self, target: gzip.GzipFile, seen: hashlib._Hash) -> None:
        self._target = target
        self._seen = seen

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._seen.update(data)
        return self._target.write(data)


def _append(archive: tarfile.TarFile, name: str, entry: Entry) -> None:
    info = tarfile.TarInfo(f"{name}/" if entry.is_directory else name)
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.user, entry.group, 0
    if entry.link:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        archive.addfile(info)
    elif entry.is_directory:
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    else:
        content = entry.content if entry.content is not None else _content(entry)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))


def _content(entry: Entry) -> bytes:
    if entry.source is None:
        raise ValueError("an entry has neither content nor a source")
    return entry.source.read_bytes()

"""Contents of repositories as files by their digest, and uploads under way.

`<state>/registry/<directory of the repository>/sha256/<hex>` holds a blob or a manifest, written once and never
changed, so that two repositories may share one by a hard link; `uploads/<id>` grows until its digest is known.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator
    from pathlib import Path

_PIECE = 1024 * 1024


class Files:
    """The files of every repository; `directory` is the one that the repository's fact names."""

    def __init__(self, root: Path) -> None:
        """Keep them below `root`."""
        self._root = root

    def find(self, directory: str, digest: str) -> Path | None:
        """The file of a digest, or None."""
        path = self._path(directory, digest)
        return path if path.is_file() else None

    def begin(self, directory: str) -> str:
        """A new, empty upload; its id."""
        identifier = uuid.uuid4().hex
        path = self._upload(directory, identifier)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        return identifier

    def received(self, directory: str, identifier: str) -> int | None:
        """How many bytes of an upload are there; None when there is no such upload."""
        path = self._upload(directory, identifier)
        return path.stat().st_size if path.is_file() else None

    async def append(self, directory: str, identifier: str, content: AsyncIterator[bytes]) -> int:
        """Add to an upload; its size then."""
        with self._upload(directory, identifier).open("ab") as file:
            async for piece in content:
                file.write(piece)
            return file.tell()

    async def finish(self, directory: str, identifier: str, digest: str) -> Path | None:
        """Keep an upload under `digest`; None when its content has another one (the upload is gone then)."""
        upload, path = self._upload(directory, identifier), self._path(directory, digest)
        found = await asyncio.to_thread(digest_of, upload)
        if found != digest:
            upload.unlink()
            return None
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        upload.replace(path)
        return path

    def cancel(self, directory: str, identifier: str) -> None:
        """Forget an upload."""
        self._upload(directory, identifier).unlink(missing_ok=True)

    def keep(self, directory: str, content: bytes) -> str:
        """Keep `content` under its digest, which is returned."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        path = self._path(directory, digest)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            staged = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
            staged.write_bytes(content)
            staged.replace(path)
        return digest

    def mount(self, source: str, target: str, digest: str) -> bool:
        """Share a blob of one repository with another; False when the first has none such."""
        have, wanted = self._path(source, digest), self._path(target, digest)
        if not have.is_file():
            return False
        wanted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not wanted.exists():
            os.link(have, wanted)
        return True

    def size(self, directory: str) -> int:
        """Bytes of all blobs and manifests of a repository."""
        return sum(path.stat().st_size for path in self._kept(directory))

    def directories(self) -> list[str]:
        """Every directory there is."""
        return sorted(path.name for path in self._root.iterdir()) if self._root.is_dir() else []

    def remove(self, directory: str) -> None:
        """Take a repository's files away."""
        shutil.rmtree(self._root / directory)

    def sweep(self, directory: str, used: Collection[str], before: float) -> int:
        """Remove what is not `used` and was written before a POSIX time; how many bytes that freed."""
        freed = 0
        for path in self._kept(directory):
            status = path.stat()
            if f"sha256:{path.name}" not in used and status.st_mtime < before:
                freed += status.st_size
                path.unlink()
        for path in (self._root / directory / "uploads").glob("*"):
            if path.stat().st_mtime < before:
                path.unlink()
        return freed

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _kept(self, directory: str) -> Iterator[Path]:
        return (self._root / directory / "sha256").glob("*")

    def _path(self, directory: str, digest: str) -> Path:
        return self._root / directory / "sha256" / digest.removeprefix("sha256:")

    def _upload(self, directory: str, identifier: str) -> Path:
        return self._root / directory / "uploads" / identifier


def digest_of(path: Path) -> str:
    """`sha256:…` of a file."""
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            seen.update(piece)
    return f"sha256:{seen.hexdigest()}"

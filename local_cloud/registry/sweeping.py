"""What no image uses any more is removed from disk: files of deleted repositories and blobs of deleted images."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from local_cloud.emulator.profiles.artifacts import contents, repositories
from local_cloud.registry import manifests

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator
    from local_cloud.registry.files import Files

# A blob is pushed before the manifest that uses it: it stays for this long without one, in seconds.
GRACE_SECONDS = 3600.0


def sweep(emulator: Emulator, files: Files) -> int:
    """Remove what is not used; how many bytes that freed."""
    live = {
        str(emulator.store.fact(repositories.directory_key(repository.name))): repository.name
        for repository in emulator.store.children(contents.SERVICE, repositories.COLLECTION)
    }
    freed = 0
    for directory in files.directories():
        if directory not in live:
            freed += files.size(directory)
            files.remove(directory)
            continue
        used = _used(emulator, files, directory, live[directory])
        freed += files.sweep(directory, used, time.time() - GRACE_SECONDS)
        with emulator.store.transaction():
            emulator.store.put_fact(repositories.size_key(live[directory]), files.size(directory))
    return freed


def _used(emulator: Emulator, files: Files, directory: str, repository: str) -> set[str]:
    """Digests of every manifest of a repository and of every blob that one of them has."""
    used: set[str] = set()
    for version in emulator.store.below(contents.SERVICE, f"{repository}/packages"):
        if version.collection != contents.VERSIONS:
            continue
        digest = version.name.rpartition("/")[2]
        used.add(digest)
        path = files.find(directory, digest)
        if path is not None:
            manifest = manifests.parse(path.read_bytes(), str(version.body["metadata"]["mediaType"]))
            used |= {str(descriptor["digest"]) for descriptor in manifest.blobs()}
    return used

"""Download the program of an official release and hold it against the release's own checksums."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools.progress import say

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

# Seconds until a host that does not answer counts as one that cannot be reached: then the build is the way.
_PATIENCE = 8
# Seconds between two progress lines, and bytes read at a time.
_QUIET = 5.0
_CHUNK = 1 << 20


class Unreachable(Exception):
    """The release cannot be had here; the message says why."""


@dataclass(frozen=True)
class Release:
    """Addresses of a release and of its SHA-256 sums, with {version}, {system} and {machine} to fill in.

    `archive` is a zip or tar.gz that holds the program, or the program itself.
    """

    archive: str
    sums: str


def download(release: Release, version: str, program: str, target: Path) -> None:
    """Put `program` of `release` at `target`; `Unreachable` when the host is, or when the checksum does not fit."""
    names = {
        "version": version,
        "system": platform.system().lower(),
        "machine": _MACHINES.get(platform.machine(), platform.machine()),
    }
    address = release.archive.format(**names)
    expected = _digest(_read(release.sums.format(**names)).decode(), address.rpartition("/")[2])
    print(f"Downloading {address.rpartition('/')[2]} {version} ...", flush=True)
    archive = _read(address)
    if hashlib.sha256(archive).hexdigest() != expected:
        raise Unreachable(f"the checksum of {address} is not the published one")
    place(_unpacked(archive, address, program), target)


def _digest(sums: str, file: str) -> str:
    """The sum of `file` in a list of sums, or the only one of a file that holds nothing else."""
    words = sums.split()
    if len(words) == 1:
        return words[0]
    listed = (line.split() for line in sums.splitlines())
    return next((words[0] for words in listed if len(words) == 2 and words[1].lstrip("*") == file), "")


def _unpacked(archive: bytes, address: str, program: str) -> bytes:
    """The content of `program`, wherever it lies in the archive; the archive itself when it is none."""
    if address.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            return packed.read(program)
    if address.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed_tar:
            member = next(one for one in packed_tar.getmembers() if one.isfile() and Path(one.name).name == program)
            file = packed_tar.extractfile(member)
            assert file is not None
            return file.read()
    return archive


def place(content: bytes, target: Path) -> None:
    """Write an executable `target` whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.write_bytes(content)
    part.chmod(0o755)
    part.replace(target)


def _read(address: str) -> bytes:
    host, file = address.split("/")[2], address.rpartition("/")[2]
    content = bytearray()
    told = time.monotonic()
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - the addresses stand in tools.yml
            size = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                content += chunk
                if time.monotonic() - told > _QUIET:
                    told = time.monotonic()
                    say(file, f"{len(content) >> 20} of {size >> 20} MiB", len(content), size)
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        raise Unreachable(f"{host} cannot be reached: {reason}") from error
    return bytes(content)

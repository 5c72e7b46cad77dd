"""Download the program of an official release and hold it against the release's own checksums."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

# Seconds until a host that does not answer counts as one that cannot be reached: then the build is the way.
_PATIENCE = 8


class Unreachable(Exception):
    """The release cannot be had here; the message says why."""


@dataclass(frozen=True)
class Release:
    """Addresses of an archive and of its SHA-256 sums, with {version}, {system} and {machine} to fill in."""

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
    sums = _read(release.sums.format(**names)).decode()
    print(f"Downloading {address.rpartition('/')[2]} ...", flush=True)
    archive = _read(address)
    expected = {name: digest for digest, name in (line.split() for line in sums.splitlines())}
    if hashlib.sha256(archive).hexdigest() != expected.get(address.rpartition("/")[2]):
        raise Unreachable(f"the checksum of {address} is not the published one")
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        place(content.read(program), target)


def place(content: bytes, target: Path) -> None:
    """Write an executable `target` whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.write_bytes(content)
    part.chmod(0o755)
    part.replace(target)


def _read(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - the addresses stand in tools.yml
            content: bytes = answer.read()
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        raise Unreachable(f"{address.split('/')[2]} cannot be reached: {reason}") from error
    return content

"""Log files of containers, in the format of Kubernetes' container runtime interface, rotated by size.

A line is `TIME stdout|stderr F|P TEXT`; P marks a part of a line that was too long.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Kubernetes' own defaults: containerLogMaxSize, containerLogMaxFiles, and the longest line of its runtimes, in bytes.
LARGEST_FILE = 10 * 1024 * 1024
MOST_FILES = 5
LONGEST_LINE = 16 * 1024


def timestamp(nanoseconds: int) -> str:
    """RFC 3339 with nanoseconds, in UTC, of a POSIX time in nanoseconds."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def rotated(path: Path, number: int) -> Path:
    """The file that was current `number` rotations ago."""
    return path if number == 0 else path.with_name(f"{path.name}.{number}")


class LogWriter:
    """Writes what the outputs of one container say."""

    def __init__(self, path: Path, largest: int = LARGEST_FILE) -> None:
        """Append to `path` (its directory is made); a file larger than `largest` bytes is put aside."""
        self._path = path
        self._largest = largest
        self._begun: dict[str, bytes] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, stream: str, content: bytes) -> None:
        """Take what came from `stream` (`stdout` or `stderr`); a line is written when it is whole."""
        *lines, rest = (self._begun.pop(stream, b"") + content).split(b"\n")
        stamp = timestamp(time.time_ns())
        written = [self._parts(stamp, stream, line) for line in lines]
        while len(rest) > LONGEST_LINE:
            written.append(_line(stamp, stream, b"P", rest[:LONGEST_LINE]))
            rest = rest[LONGEST_LINE:]
        if rest:
            self._begun[stream] = rest
        self._append(b"".join(written))

    def close(self) -> None:
        """Write what has no end of line, and close."""
        stamp = timestamp(time.time_ns())
        self._append(b"".join(self._parts(stamp, stream, rest) for stream, rest in self._begun.items()))
        self._begun.clear()
        self._file.close()

    def _parts(self, stamp: str, stream: str, line: bytes) -> bytes:
        cuts = range(0, max(len(line), 1), LONGEST_LINE)
        return b"".join(
            _line(stamp, stream, b"F" if cut + LONGEST_LINE >= len(line) else b"P", line[cut : cut + LONGEST_LINE])
            for cut in cuts
        )

    def _append(self, content: bytes) -> None:
        if not content:
            return
        self._file.write(content)
        self._size += len(content)
        if self._size > self._largest:
            self._rotate()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(MOST_FILES - 2, -1, -1):
            if rotated(self._path, number).exists():
                rotated(self._path, number).replace(rotated(self._path, number + 1))
        self._file = self._path.open("ab", buffering=0)
        self._size = 0


def _line(stamp: str, stream: str, tag: bytes, text: bytes) -> bytes:
    return b"%s %s %s %s\n" % (stamp.encode(), stream.encode(), tag, text)

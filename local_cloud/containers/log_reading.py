"""Reads log files of containers as `kubectl logs` asks for them: the end, since a time, following."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from local_cloud.containers.logs import MOST_FILES, rotated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from pathlib import Path

# How often a followed file is looked at, in seconds.
FOLLOW_INTERVAL = 0.1


class Entry(NamedTuple):
    """One entry: its time as written, `stdout` or `stderr`, whether the line ends here, its text."""

    time: str
    stream: str
    whole: bool
    text: bytes


@dataclass(frozen=True)
class LogQuery:
    """What to show: the last `tail` lines, those since `since` (RFC 3339 UTC), with `timestamps`, `limit` bytes."""

    follow: bool = False
    tail: int | None = None
    since: str = ""
    timestamps: bool = False
    limit: int | None = None
    stream: str = ""


def parse(line: bytes) -> Entry | None:
    """An entry from a line of a file; None when it is cut short."""
    parts = line.split(b" ", 3)
    if len(parts) != 4:
        return None
    return Entry(parts[0].decode(), parts[1].decode(), parts[2] == b"F", parts[3])


async def read(path: Path, query: LogQuery, over: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Text in pieces; with `follow` until `over` says that nothing more will come."""
    left = query.limit
    async for piece in _pieces(path, query, over):
        shown = piece if left is None else piece[:left]
        if shown:
            yield shown
        if left is not None:
            left -= len(shown)
            if left <= 0:
                return


async def _pieces(path: Path, query: LogQuery, over: Callable[[], bool]) -> AsyncIterator[bytes]:
    ended = over()
    current, position, inode = _since(path, 0, 0)
    chosen: Iterator[Entry] = (entry for entry in chain(_aside(path), _parsed(current)) if _wanted(entry, query))
    if query.tail is not None:
        chosen = iter(_last(chosen, query.tail))
    yield b"".join(_shown(entry, query) for entry in chosen)
    while query.follow and not ended:
        await asyncio.sleep(FOLLOW_INTERVAL)
        ended = over()
        lines, position, inode = _since(path, position, inode)
        yield b"".join(_shown(entry, query) for entry in _parsed(lines) if _wanted(entry, query))


def _since(path: Path, position: int, inode: int) -> tuple[list[bytes], int, int]:
    """Whole lines after `position`; after a rotation also the rest of the file that was put aside."""
    lines: list[bytes] = []
    if not path.exists():
        return lines, position, inode
    now = path.stat()
    if inode not in (0, now.st_ino):
        aside = rotated(path, 1)
        if aside.exists() and aside.stat().st_ino == inode:
            with aside.open("rb") as file:
                file.seek(position)
                lines += file.read().splitlines()
        position = 0
    if now.st_size > position:
        with path.open("rb") as file:
            file.seek(position)
            content = file.read()
        whole, _, _ = content.rpartition(b"\n")
        if whole:
            lines += whole.split(b"\n")
            position += len(whole) + 1
    return lines, position, now.st_ino


def _aside(path: Path) -> Iterator[Entry]:
    """Every entry of the files that were put aside, oldest first."""
    for number in range(MOST_FILES - 1, 0, -1):
        file = rotated(path, number)
        if file.exists():
            with file.open("rb") as content:
                yield from _parsed(line.rstrip(b"\n") for line in content)


def _parsed(lines: Iterable[bytes]) -> Iterator[Entry]:
    return (entry for entry in map(parse, lines) if entry is not None)


def _wanted(entry: Entry, query: LogQuery) -> bool:
    return entry.time >= query.since and (not query.stream or entry.stream == query.stream)


def _last(entries: Iterator[Entry], lines: int) -> list[Entry]:
    """The entries of the last `lines` lines; the parts of a long line count once."""
    kept: deque[list[Entry]] = deque(maxlen=lines)
    line: list[Entry] = []
    for entry in entries:
        line.append(entry)
        if entry.whole:
            kept.append(line)
            line = []
    return [entry for whole in kept for entry in whole]


def _shown(entry: Entry, query: LogQuery) -> bytes:
    stamp = f"{entry.time} ".encode() if query.timestamps else b""
    return stamp + entry.text + (b"\n" if entry.whole else b"")

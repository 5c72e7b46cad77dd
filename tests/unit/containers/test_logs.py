"""Log files: written whole lines, rotated, read as `kubectl logs` asks."""

from __future__ import annotations

import asyncio
from pathlib import Path

from local_cloud.containers.log_reading import LogQuery, read
from local_cloud.containers.logs import LONGEST_LINE, LogWriter, rotated


def text(path: Path, query: LogQuery | None = None) -> bytes:
    async def collected() -> bytes:
        return b"".join([piece async for piece in read(path, query or LogQuery(), lambda: True)])

    return asyncio.run(collected())


def test_lines_come_whole_and_with_their_stream(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "0.log"
    log = LogWriter(path)
    log.write("stdout", b"one\ntw")
    log.write("stderr", b"bad\n")
    log.write("stdout", b"o\nlast")
    log.close()
    assert text(path) == b"one\nbad\ntwo\nlast\n"
    assert text(path, LogQuery(stream="stderr")) == b"bad\n"
    assert text(path, LogQuery(tail=2)) == b"two\nlast\n"
    assert text(path, LogQuery(tail=0)) == b""
    assert text(path, LogQuery(limit=5)) == b"one\nb"


def test_a_long_line_is_one_line(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "0.log")
    line = b"x" * (3 * LONGEST_LINE + 7)
    log.write("stdout", b"before\n" + line + b"\nafter\n")
    log.close()
    assert text(tmp_path / "0.log") == b"before\n" + line + b"\nafter\n"
    assert text(tmp_path / "0.log", LogQuery(tail=2)) == line + b"\nafter\n"


def test_files_are_put_aside_and_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    log = LogWriter(path, largest=200)
    for number in range(12):
        log.write("stdout", b"%03d\n" % number)
    log.close()
    assert rotated(path, 1).exists()
    assert text(path) == b"".join(b"%03d\n" % number for number in range(12))


def test_only_what_came_since(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_text("2026-11-23T05:00:00.000000001Z stdout F a\n2026-11-23T05:00:00.000000003Z stdout F b\n")
    assert text(path, LogQuery(since="2026-11-23T05:00:00.000000002Z")) == b"b\n"
    assert text(path, LogQuery(timestamps=True, tail=1)) == b"2026-11-23T05:00:00.000000003Z b\n"


def test_following_goes_over_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "0.log"

    async def followed() -> bytes:
        log, ended = LogWriter(path, largest=120), asyncio.Event()

        async def write() -> None:
            for number in range(8):
                log.write("stdout", b"%03d\n" % number)
                await asyncio.sleep(0.06)
            log.close()
            ended.set()

        task = asyncio.create_task(write())
        pieces = [piece async for piece in read(path, LogQuery(follow=True), ended.is_set)]
        await task
        return b"".join(pieces)

    assert asyncio.run(followed()) == b"".join(b"%03d\n" % number for number in range(8))

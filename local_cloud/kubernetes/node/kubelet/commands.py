"""Commands in running containers, and what a container says, over channels to a client."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import struct
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

from local_cloud.containers.container import ContainerError, Streams
from local_cloud.containers.log_reading import LogQuery, read
from local_cloud.containers.logs import timestamp
from local_cloud.kubernetes.node.kubelet.channels import ERROR, RESIZE, STDERR, STDIN, STDOUT, failure, status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local_cloud.containers.container import Container, Ended
    from local_cloud.kubernetes.node.kubelet.channels import Channels

READ_SIZE = 32 * 1024


async def execute(
    container: Container, command: Sequence[str], wanted: set[str], channels: Channels, tty: bool
) -> None:
    """Run `command`; `wanted` are the streams that the client has asked for."""
    run = _in_terminal if tty else _with_pipes
    work = asyncio.ensure_future(run(container, command, wanted, channels))
    gone = asyncio.ensure_future(channels.gone())
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            return
        try:
            said = status(work.result().code)
        except ContainerError as error:
            said = failure(str(error))
        with suppress(ConnectionResetError):
            await channels.write(ERROR, said)
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)
        with suppress(ConnectionResetError):
            await channels.close()


async def _with_pipes(container: Container, command: Sequence[str], wanted: set[str], channels: Channels) -> Ended:
    reading, theirs_in = os.pipe()
    from_out, theirs_out = os.pipe()
    from_err, theirs_err = os.pipe()
    tasks = [
        asyncio.ensure_future(_from_descriptor(from_out, channels, STDOUT)),
        asyncio.ensure_future(_from_descriptor(from_err, channels, STDERR)),
    ]
    if STDIN in wanted:
        feeder = asyncio.ensure_future(_to_descriptor(theirs_in, channels))
    else:
        os.close(theirs_in)
        feeder = None
    try:
        try:
            ended = await container.execute(command, Streams(reading, theirs_out, theirs_err))
        finally:
            for descriptor in (reading, theirs_out, theirs_err):
                os.close(descriptor)
        await asyncio.gather(*tasks)
    finally:
        for task in (*tasks, *([feeder] if feeder else [])):
            task.cancel()
        await asyncio.gather(*tasks, *([feeder] if feeder else []), return_exceptions=True)
    return ended


async def _in_terminal(container: Container, command: Sequence[str], wanted: set[str], channels: Channels) -> Ended:
    ours, theirs = os.openpty()
    output = asyncio.ensure_future(_from_descriptor(os.dup(ours), channels, STDOUT))
    others = [asyncio.ensure_future(_resize(ours, channels))]
    if STDIN in wanted:
        others.append(asyncio.ensure_future(_to_descriptor(os.dup(ours), channels)))
    try:
        try:
            ended = await container.execute(command, Streams(theirs, theirs, theirs, terminal=True), {"TERM": "xterm"})
        finally:
            os.close(theirs)
        await output
    finally:
        for task in (output, *others):
            task.cancel()
        await asyncio.gather(output, *others, return_exceptions=True)
        os.close(ours)
    return ended


async def _from_descriptor(descriptor: int, channels: Channels, name: str) -> None:
    """Pass on what can be read until its end; closes the descriptor."""
    os.set_blocking(descriptor, False)
    try:
        while True:
            await _ready(descriptor, write=False)
            try:
                content = os.read(descriptor, READ_SIZE)
            except BlockingIOError:
                continue
            except OSError:
                # A terminal whose other end is closed says EIO.
                return
            if not content:
                return
            await channels.write(name, content)
    except ConnectionResetError:
        return
    finally:
        os.close(descriptor)


async def _to_descriptor(descriptor: int, channels: Channels) -> None:
    """Pass on what the client types until its end; closes the descriptor."""
    os.set_blocking(descriptor, False)
    try:
        while content := await channels.read(STDIN):
            while content:
                await _ready(descriptor, write=True)
                with suppress(BlockingIOError):
                    content = content[os.write(descriptor, content) :]
    except OSError:
        return
    finally:
        os.close(descriptor)


async def _ready(descriptor: int, *, write: bool) -> None:
    """Return when a descriptor can be read or written."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        remove(descriptor)


async def _resize(terminal: int, channels: Channels) -> None:
    """Give the terminal the size that the client's has: `{"Width": 80, "Height": 24}`."""
    while content := await channels.read(RESIZE):
        for line in content.splitlines():
            with suppress(ValueError, KeyError, OSError):
                size = json.loads(line)
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size["Height"], size["Width"], 0, 0))


async def attach(container: Container, channels: Channels, now: int) -> None:
    """Pass on what a container says from `now` (POSIX nanoseconds) to its end."""
    path = container.specification.log
    try:
        async with asyncio.TaskGroup() as group:
            for name in (STDOUT, STDERR):
                query = LogQuery(follow=True, since=timestamp(now), stream=name)
                group.create_task(_follow(container, path, query, channels, name))
        await channels.write(ERROR, status((await container.ended()).code))
    except* ConnectionResetError:
        pass
    finally:
        with suppress(ConnectionResetError):
            await channels.close()


async def _follow(container: Container, path: Path, query: LogQuery, channels: Channels, name: str) -> None:
    async for piece in read(path, query, lambda: not container.running):
        await channels.write(name, piece)

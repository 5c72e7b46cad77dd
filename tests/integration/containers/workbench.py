"""A workbench for containers: start one, ask it, run a command in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from local_cloud.containers.container import Container, Ended, Streams
from local_cloud.containers.containers import Containers
from local_cloud.containers.images import Image
from local_cloud.containers.specification import ContainerSpecification, Place
from local_cloud.twins import twin

# Long enough for a loaded machine; nothing waits for its end.
PATIENCE = 30.0


class Workbench:
    """Starts containers from images by name, each at an address of its own."""

    def __init__(self, containers: Containers, directory: Path, made: dict[str, Image]) -> None:
        self.containers = containers
        self.directory = directory
        self.made = made
        self._number = 1

    def log(self, container: Container) -> str:
        return container.specification.log.read_text()

    async def start(self, image: str, *command: str, **more: Any) -> Container:
        """Start; `more` is what ContainerSpecification takes."""
        self._number += 1
        # One range for each process that runs tests.
        address = f"10.{os.getpid() % 200 + 20}.77.{self._number}"
        asked = ContainerSpecification(
            identifier=f"c{self._number}",
            image=self.made[image],
            place=Place(address, f"host-{self._number}"),
            log=self.directory / "logs" / f"{self._number}.log",
            command=command or None,
        )
        return await self.containers.start(replace(asked, **more))


async def fetched(container: Container, port: int = 8080) -> str:
    """What the container's web server answers, once it listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                reader, writer = await asyncio.open_connection(*twin(container.specification.place.address, port))
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
                continue
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            content = await reader.read()
            writer.close()
            return content.partition(b"\r\n\r\n")[2].decode()


async def said(container: Container, *command: str) -> tuple[int, str]:
    """Exit code and output of a command in the container."""
    reading, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        ended: Ended = await asyncio.wait_for(container.execute(command, Streams(nothing, writing, writing)), PATIENCE)
    finally:
        os.close(writing)
        os.close(nothing)
    with os.fdopen(reading) as output:
        return ended.code, output.read()


Run = Callable[[Callable[[Workbench], Awaitable[None]]], None]

"""The processes of one cluster: a MongoDB-protocol server, and the front that lets users in."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud import programs
from local_cloud.children import Child
from local_cloud.hosts import LOOPBACK
from local_cloud.state import write_private
from local_cloud.twins import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# How long a server may take until it answers, in seconds; a JVM on a busy machine takes a while.
START_SECONDS = 60.0
_WATCH_SECONDS = 0.05


@dataclass(frozen=True)
class Server:
    """What runs for the cluster with this id; `directory` holds its data."""

    identifier: str
    directory: Path

    @property
    def children(self) -> tuple[str, str]:
        """The names of its processes: server, front."""
        return f"atlas-{self.identifier}", f"atlas-front-{self.identifier}"

    @property
    def snapshots(self) -> Path:
        """Where copies of its data are, one directory a snapshot."""
        return self.directory / "snapshots"

    @property
    def port(self) -> int:
        """The server's port on 127.0.0.1, which only the front and copies use."""
        file = self.directory / "port"
        if not file.exists():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_text(f"{free_port(LOOPBACK)}\n")
        return int(file.read_text())

    def process(self) -> Child:
        """The server itself: mongod when there is one, else mongo-java-server; ProgramMissingError without either."""
        data, port = self.directory / "data", str(self.port)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            program = programs.find("mongod")
            command = [
                str(program),
                "--dbpath",
                str(data),
                "--bind_ip",
                LOOPBACK,
                "--port",
                port,
                "--noauth",
                "--quiet",
            ]
        except programs.ProgramMissingError:
            program = programs.find("mongo-java-server")
            command = [str(program), "--bind", LOOPBACK, "--port", port, "--file", str(data / "data.mv")]
        return Child(self.children[0], command, self.directory / "server.log", os.environ)

    def front(self) -> Child:
        """The front, for what `describe` wrote."""
        command = [sys.executable, "-m", "local_cloud.atlas.front", str(self.directory / "front.json")]
        return Child(self.children[1], command, self.directory / "front.log", os.environ)

    def describe(self, name: str, address: str, port: int, users: Mapping[str, Any]) -> None:
        """Tell the front where it listens and who may come in; written only when it changed."""
        at = twin(address, port)
        told = {"name": name, "address": at.address, "port": at.port, "backend": [LOOPBACK, self.port], "users": users}
        content = json.dumps(told, sort_keys=True).encode()
        file = self.directory / "front.json"
        if not file.exists() or file.read_bytes() != content:
            write_private(file, content)

    async def answers(self, address: str, port: int, hopeless: Callable[[], bool]) -> bool:
        """Whether both accept connections within `START_SECONDS`; given up early when it is `hopeless`."""
        at = twin(address, port)
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        for place in ((LOOPBACK, self.port), (at.address, at.port)):
            while not await _accepts(*place):
                if asyncio.get_running_loop().time() > deadline or hopeless():
                    return False
                await asyncio.sleep(_WATCH_SECONDS)
        return True


async def _accepts(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.close()
    return True


def free_port(address: str) -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind((address, 0))
        return int(found.getsockname()[1])


def is_free(address: str, port: int) -> bool:
    """Whether the twin of an address of the cloud can be listened on."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(tuple(twin(address, port)))
        except OSError:
            return False
    return True

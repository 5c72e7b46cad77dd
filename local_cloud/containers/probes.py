"""Probes: is a container started, alive, ready? By HTTP, by TCP, or by a command in it."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from local_cloud.containers.container import ContainerError, Streams
from local_cloud.twins import twin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from local_cloud.containers.container import Container

USER_AGENT = "kube-probe/1.35"
# How much of an answer or an output is shown, in bytes, as the kubelet does.
SHOWN = 10 * 1024
# The first and last status of HTTP that count as success.
FIRST_GOOD, FIRST_BAD = 200, 400
# The first pause between looks at a container that has not answered well yet, in seconds, and how it grows.
FIRST_GLANCE, GLANCE_FACTOR = 0.05, 1.5


class Verdict(StrEnum):
    """What a probe found over its thresholds."""

    SUCCESS = "Success"
    FAILURE = "Failure"


class Check(Protocol):
    """One way to ask a container how it is."""

    async def ask(self, container: Container) -> str:
        """Nothing when it is well, else what is wrong."""


@dataclass(frozen=True)
class HttpCheck:
    """GET of `path` at the container's address (or `host`, an address); 200 to 399 is well."""

    port: int
    path: str = "/"
    host: str = ""
    secure: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, container: Container) -> str:
        """Ask by a connection of its own."""
        address = self.host or container.specification.place.address
        shown = f'Get "{"https" if self.secure else "http"}://{address}:{self.port}{self.path}"'
        try:
            status = await self._status(address)
        except (OSError, ssl.SSLError) as error:
            return f"{shown}: {_plain(error, address, self.port)}"
        except (ValueError, asyncio.IncompleteReadError):
            return f"{shown}: malformed HTTP response"
        return "" if FIRST_GOOD <= status < FIRST_BAD else f"HTTP probe failed with statuscode: {status}"

    async def _status(self, address: str) -> int:
        context = None
        if self.secure:
            # As the kubelet: a probe looks at no certificate.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(*twin(address, self.port), ssl=context)
        try:
            headers = {"Host": f"{address}:{self.port}", "User-Agent": USER_AGENT, "Accept": "*/*"}
            headers |= {"Connection": "close", **self.headers}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"GET {self.path} HTTP/1.1\r\n{lines}\r\n".encode())
            line = (await reader.readline()).decode("latin-1").split()
            if len(line) < 2 or not line[0].startswith("HTTP/"):
                raise ValueError(line)
            return int(line[1])
        finally:
            writer.close()


@dataclass(frozen=True)
class TcpCheck:
    """Whether somebody listens."""

    port: int
    host: str = ""

    async def ask(self, container: Container) -> str:
        """Connect, and close again."""
        address = self.host or container.specification.place.address
        try:
            _, writer = await asyncio.open_connection(*twin(address, self.port))
        except OSError as error:
            return _plain(error, address, self.port)
        writer.close()
        return ""


@dataclass(frozen=True)
class CommandCheck:
    """A command in the container that exits with 0."""

    command: tuple[str, ...]

    async def ask(self, container: Container) -> str:
        """Run it; what it said when it fails."""
        reading, writing = os.pipe()
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            ended = await container.execute(self.command, Streams(nothing, writing, writing))
        except ContainerError as error:
            return str(error)
        finally:
            os.close(writing)
            os.close(nothing)
            os.set_blocking(reading, False)
            said = _available(reading)
            os.close(reading)
        return "" if ended.code == 0 else f"command {list(self.command)} exited with {ended.code}: {said}"


@dataclass(frozen=True)
class Probe:
    """A check with its timing, in seconds, and how many equal answers in a row make a verdict."""

    check: Check
    initial_delay: float = 0
    period: float = 10
    timeout: float = 1
    success_threshold: int = 1
    failure_threshold: int = 3


@dataclass(frozen=True)
class Answer:
    """One answer of a probe: `message` is empty when all is well; `verdict` is None until a threshold is reached."""

    message: str
    verdict: Verdict | None


async def watch_probe(probe: Probe, container: Container) -> AsyncIterator[Answer]:
    """Ask again and again while the container runs; cancel to stop.

    Until the first good answer it is also looked at between the periods, so that a container that starts fast is not
    kept waiting; only what is good counts then.
    """
    await asyncio.sleep(probe.initial_delay)
    row = 0
    well: bool | None = None
    ever = False
    while container.running:
        message = await ask_once(probe, container)
        row = row + 1 if well is (not message) else 1
        well = not message
        reached = row >= (probe.success_threshold if well else probe.failure_threshold)
        yield Answer(message, (Verdict.SUCCESS if well else Verdict.FAILURE) if reached else None)
        ever = ever or well
        if ever or not await _soon_well(probe, container):
            await asyncio.sleep(probe.period if ever else 0)


async def _soon_well(probe: Probe, container: Container) -> bool:
    """Look at it for one period, more and more seldom; whether it got well before its end."""
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + probe.period, FIRST_GLANCE
    while container.running and (left := end - loop.time()) > 0:
        await asyncio.sleep(min(pause, left))
        if loop.time() < end and not await ask_once(probe, container):
            return True
        pause *= GLANCE_FACTOR
    return False


async def ask_once(probe: Probe, container: Container) -> str:
    """One answer within the probe's time; nothing when all is well."""
    try:
        async with asyncio.timeout(probe.timeout):
            return await probe.check.ask(container)
    except TimeoutError:
        return f"probe timed out after {probe.timeout:g} s: context deadline exceeded"


def _available(descriptor: int) -> str:
    try:
        return os.read(descriptor, SHOWN).decode(errors="replace").strip()
    except BlockingIOError:
        return ""


def _plain(error: Exception, address: str, port: int) -> str:
    """What went wrong in words of the cloud: the twin is nobody's business."""
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {address}:{port}: connect: connection refused"
    return str(error) or type(error).__name__

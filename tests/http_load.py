"""Requests in numbers against one address: over kept connections or a fresh one each, at a pace, every failure kept.

`python -m tests.http_load` prints what came of it as JSON, so that a test can load from a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import time
from collections import Counter
from dataclasses import dataclass, field

import uvloop

ANSWER_SECONDS = 30.0
_KEPT_FAILURES = 20


@dataclass(frozen=True)
class Target:
    """Who is asked: a loopback address, the Host header, and the CA file when TLS is spoken (empty: plain)."""

    address: str
    port: int
    host: str
    path: str = "/"
    authority: str = ""

    def request(self, *, keep: bool) -> bytes:
        """The request in bytes."""
        connection = "keep-alive" if keep else "close"
        return f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: {connection}\r\n\r\n".encode()


@dataclass
class Outcome:
    """What came of it: answers by status, failures in words, seconds it took, latencies in milliseconds."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def summary(self) -> dict[str, object]:
        """The numbers without the single latencies."""
        kept = {name: value for name, value in vars(self).items() if name != "latencies"}
        rates = {"rate": round(self.asked / self.seconds, 1) if self.seconds else 0.0}
        percentiles = {f"p{share:g}": round(self.percentile(share / 100), 2) for share in (50, 95, 99, 99.9)}
        return {**kept, **rates, **percentiles}


class _Asker:
    """One client: asks in a row until the count is used up or the time is over."""

    def __init__(self, target: Target, outcome: Outcome, context: ssl.SSLContext | None, *, keep: bool) -> None:
        self._target = target
        self._outcome = outcome
        self._context = context
        self._keep = keep
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, left: Counter[str], pause: float, until: float) -> None:
        """`left` is shared by all askers; `pause` is the least time between two requests, in seconds."""
        loop = asyncio.get_running_loop()
        while left["requests"] > 0 and loop.time() < until:
            left["requests"] -= 1
            begun = loop.time()
            self._outcome.asked += 1
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    status, body = await self._ask()
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError, ssl.SSLError) as error:
                self._outcome.failed += 1
                if len(self._outcome.failures) < _KEPT_FAILURES:
                    self._outcome.failures.append(f"{time.time():.3f} {type(error).__name__}: {error}")
                self._close()
            else:
                self._outcome.statuses[status] += 1
                self._outcome.bodies[body[:60]] += 1
                self._outcome.latencies.append((loop.time() - begun) * 1000)
            rest = pause - (loop.time() - begun)
            if rest > 0:
                await asyncio.sleep(rest)
        self._close()

    async def _ask(self) -> tuple[int, str]:
        if self._streams is None:
            name = self._target.host.partition(":")[0] if self._context else None
            self._streams = await asyncio.open_connection(
                self._target.address, self._target.port, ssl=self._context, server_hostname=name
            )
        reader, writer = self._streams
        writer.write(self._target.request(keep=self._keep))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if not self._keep or headers.get("connection", "").lower() == "close":
            self._close()
        return int(first.split(" ")[1]), body.decode("utf-8", "replace")

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def load(
    target: Target, *, requests: int, clients: int, fresh: int, rate: float = 0, seconds: float = 3600
) -> Outcome:
    """`requests` in all by `clients`, of which `fresh` open a connection for each; `rate` requests/s (0: all it takes),
    at most for `seconds`."""
    context = ssl.create_default_context(cafile=target.authority) if target.authority else None
    outcome = Outcome()
    left = Counter(requests=requests)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    pause = clients / rate if rate else 0.0
    askers = [_Asker(target, outcome, context, keep=number >= fresh) for number in range(clients)]
    await asyncio.gather(*(asker.run(left, pause, begun + seconds) for asker in askers))
    outcome.seconds = round(loop.time() - begun, 3)
    return outcome


def main() -> None:
    """Ask as the options say."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("address", "host", "path", "authority"):
        parser.add_argument(f"--{name}", default={"path": "/"}.get(name, ""))
    for name in ("port", "requests", "clients", "fresh"):
        parser.add_argument(f"--{name}", type=int, default=0)
    for name, default in (("rate", 0.0), ("seconds", 3600.0)):
        parser.add_argument(f"--{name}", type=float, default=default)
    given = parser.parse_args()
    target = Target(given.address, given.port, given.host, given.path, given.authority)
    outcome = uvloop.run(
        load(
            target,
            requests=given.requests,
            clients=given.clients,
            fresh=given.fresh,
            rate=given.rate,
            seconds=given.seconds,
        )
    )
    print(json.dumps(outcome.summary()))


if __name__ == "__main__":
    main()

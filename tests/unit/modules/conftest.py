"""What the unit tests of modules share: a scripted Google, and a clock that costs no time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils import _client
from plugins.module_utils._client import Client
from plugins.module_utils._wait import Clock
from tests.unit.modules.google_server import GoogleServer, google_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class HandClock(Clock):
    """Time passes only by sleeping; no jitter. `slept` are the pauses in seconds."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def jittered(self, seconds: float) -> float:
        return seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleServer]:
    with google_server(tmp_path) as server:
        yield server
    _client._CLIENTS.clear()


@pytest.fixture
def client(google: GoogleServer, clock: HandClock) -> Client:
    return Client.from_params(google.params, clock)


@pytest.fixture(autouse=True)
def no_google_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell says about Google must not reach a unit test."""
    for name in (
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "PRESIDENTIAL_DIGS_PROGRESS",
    ):
        monkeypatch.delenv(name, raising=False)


class Exit(Exception):
    """How a module under test ends; `result` is what it returned."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg", "exit"))
        self.result = result

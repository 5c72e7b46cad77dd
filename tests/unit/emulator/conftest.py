"""An emulator in memory and the calls that tests make to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_cloud.emulator.engine import Emulator
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.profiles.cloudresourcemanager import DOMAIN, ORGANIZATION
from local_cloud.emulator.settings import IamMode, Settings
from local_cloud.identity.principal import Principal

PROJECT = "unit-test-project"
FOREVER = datetime.max.replace(tzinfo=UTC)
OWNER = Principal(f"user:owner@{DOMAIN}", f"owner@{DOMAIN}", "1", FOREVER)


@dataclass
class StandingClock:
    """A clock that stands still until a test moves it."""

    moment: datetime = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """The current time (aware, UTC)."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class Cloud:
    """The emulator with one caller at a time."""

    clock: StandingClock = field(default_factory=StandingClock)
    settings: Settings = field(default_factory=lambda: Settings(iam=IamMode.OFF))
    caller: Principal | None = OWNER

    def __post_init__(self) -> None:
        """Start empty."""
        self.emulator = Emulator(":memory:", clock=self.clock, settings=self.settings)

    def send(self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        """One call: `url` is `host/path?query` without the googleapis.com."""
        address, _, query = url.partition("?")
        host, _, path = address.partition("/")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"{host}.googleapis.com", f"/{path}", query, headers or {}, content, self.caller)
        return self.emulator.handle(request)

    def ok(self, method: str, url: str, body: Any = None) -> Any:
        """The parsed answer of a call that must succeed."""
        response = self.send(method, url, body)
        assert response.status < 300, response.body.decode()
        return response.parsed()

    def refused(self, status: int, method: str, url: str, body: Any = None) -> dict[str, Any]:
        """The error of a call that must be refused with `status`."""
        response = self.send(method, url, body)
        assert response.status == status, response.body.decode()
        error: dict[str, Any] = response.parsed()["error"]
        return error

    def project(self, name: str = PROJECT) -> str:
        """A new project with every served API enabled."""
        kind, _, identifier = ORGANIZATION.partition("/")
        parent = {"type": kind.removesuffix("s"), "id": identifier}
        self.ok("POST", "cloudresourcemanager/v1/projects", {"projectId": name, "name": name, "parent": parent})
        for api in self.emulator.profiles:
            self.ok("POST", f"serviceusage/v1/projects/{name}/services/{api}.googleapis.com:enable", {})
        return name


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """An empty cloud."""
    cloud = Cloud()
    yield cloud
    cloud.emulator.close()


@pytest.fixture
def project(cloud: Cloud) -> str:
    """The id of a project in `cloud` with every API enabled."""
    return cloud.project()

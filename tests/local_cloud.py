"""A local cloud for tests: the real daemon on a fresh state directory, and short ways to talk to it.

In a conftest: `from tests.local_cloud import cloud, clean_cloud`. `cloud` is one daemon per test module; `clean_cloud`
is the same one, emptied before each test. `running_cloud(directory)` starts one wherever it is needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local_cloud.admin_client import AdminClient
from local_cloud.state import StateDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent

# A command of the local cloud ends within this time, or something is wrong; in seconds.
COMMAND_SECONDS = 120

__all__ = ["Faults", "LocalCloud", "clean_cloud", "cloud", "running_cloud"]


class Faults:
    """The fault rules of one local cloud."""

    def __init__(self, admin: AdminClient) -> None:
        """Rules of the daemon behind `admin`."""
        self._admin = admin

    def add(self, **rule: Any) -> int:
        """Put a rule in force, e.g. `add(method="*.setIamPolicy", reason="conflict", count=1)`; its id."""
        return int(self._admin.post("/faults", rule)["id"])

    def list(self) -> list[dict[str, Any]]:
        """Every rule with `seen` and `hits`."""
        found: list[dict[str, Any]] = self._admin.get("/faults")["faults"]
        return found

    def clear(self) -> None:
        """Drop all."""
        self._admin.delete("/faults")


class LocalCloud:
    """One local cloud. Calls go through the proxy, as any client's would, with the owner's token."""

    def __init__(self, directory: Path) -> None:
        """The local cloud whose state is in `directory`; `start` makes it answer."""
        self.state = StateDirectory(directory)
        self._session = requests.Session()
        self._session.trust_env = False
        self._env: dict[str, str] | None = None

    @property
    def admin(self) -> AdminClient:
        """The admin API."""
        return AdminClient(self.state.admin_socket)

    @property
    def faults(self) -> Faults:
        """The fault rules."""
        return Faults(self.admin)

    @property
    def env(self) -> dict[str, str]:
        """What `env` exports; name → value."""
        if self._env is None:
            self._env = json.loads(self.command("env", "--format", "json").stdout)
        return self._env

    @property
    def token(self) -> str:
        """The owner's access token."""
        return self.env["GOOGLE_OAUTH_ACCESS_TOKEN"]

    @property
    def port(self) -> int:
        """The proxy's port."""
        return int(self.env["CLOUDSDK_PROXY_PORT"])

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        return int(json.loads(self.state.pid_file.read_text())["pid"])

    def environ(self, **more: str) -> dict[str, str]:
        """A whole environment for a child process: this process's own, `env`, and `more`."""
        return {**os.environ, **self.env, **more}

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `python -m local_cloud --state … ARGUMENTS`; AssertionError with its output when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "local_cloud", "--state", str(self.state.root), *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, f"local_cloud {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def start(self, *options: str) -> None:
        """`up` with `options`."""
        self.command("up", *options)
        self._env = None

    def stop(self) -> None:
        """`down`."""
        self.command("down")
        self._session.close()
        self._env = None

    def request(
        self, verb: str, url: str, *, token: str | None = "owner", headers: Mapping[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """One call; `url` may leave out `https://`. `token` is an access token, the owner's when left out, None: none.

        `more` is what `requests` takes: `json`, `data`, `params`, `stream`.
        """
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {self.token if token == 'owner' else token}"
        proxy = self.env["HTTPS_PROXY"]
        return self._session.request(
            verb,
            url if "://" in url else f"https://{url}",
            headers=sent,
            proxies={"http": proxy, "https": proxy},
            verify=self.env["REQUESTS_CA_BUNDLE"],
            timeout=60,
            **more,
        )

    def get(self, url: str, **more: Any) -> requests.Response:
        """GET; see `request`."""
        return self.request("GET", url, **more)

    def post(self, url: str, json: Any = None, **more: Any) -> requests.Response:
        """POST; see `request`."""
        return self.request("POST", url, json=json, **more)

    def put(self, url: str, json: Any = None, **more: Any) -> requests.Response:
        """PUT; see `request`."""
        return self.request("PUT", url, json=json, **more)

    def patch(self, url: str, json: Any = None, **more: Any) -> requests.Response:
        """PATCH; see `request`."""
        return self.request("PATCH", url, json=json, **more)

    def delete(self, url: str, **more: Any) -> requests.Response:
        """DELETE; see `request`."""
        return self.request("DELETE", url, **more)

    def journal(self, **query: str | int) -> list[dict[str, Any]]:
        """Exchanges, oldest first: `journal(method="compute.*", status="5xx", after=17)`."""
        found: list[dict[str, Any]] = self.admin.get("/journal", query)["exchanges"]
        return found

    def count(self, **query: str | int) -> int:
        """How many exchanges."""
        return int(self.admin.get("/journal/count", query)["count"])

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings (`iam="enforce"`, `operation_seconds=5`); all of them."""
        return self.admin.patch("/settings", changes)

    def advance(self, seconds: float) -> None:
        """Move the cloud's clock forward."""
        self.admin.post("/clock", {"advance": seconds})

    def token_for(self, member: str) -> str:
        """An access token of `user:…` or of an existing `serviceAccount:…`."""
        return str(self.admin.post("/tokens", {"member": member})["token"])

    def reset(self) -> None:
        """Back to the empty cloud, with an empty journal; settings and the owner's token stay."""
        self.admin.post("/reset")

    def snapshot(self, name: str) -> None:
        """Keep what the cloud holds."""
        self.admin.post("/snapshots", {"name": name})

    def restore(self, name: str) -> None:
        """Put a snapshot back."""
        self.admin.post("/restore", {"name": name})


@contextmanager
def running_cloud(directory: Path, *options: str) -> Iterator[LocalCloud]:
    """A local cloud with its state in `directory`, started with `up OPTIONS`, stopped whatever happens."""
    started = LocalCloud(directory)
    try:
        started.start(*options)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud per test module."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as started:
        yield started


@pytest.fixture
def clean_cloud(cloud: LocalCloud) -> LocalCloud:
    """The module's local cloud, emptied."""
    cloud.reset()
    return cloud

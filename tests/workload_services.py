"""The services of workloads/ as processes, and the MongoDB-protocol server they use, for tests.

`mongodb()` and `running_service(name, **environment)` are context managers; what they started is ended with them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from tools import toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKLOADS = Path(__file__).resolve().parent.parent / "workloads"
SECRETS = {"JWT_SECRET": "a" * 40, "JWT_REFRESH_SECRET": "b" * 40}
# A process that does not come up or end within this time, in seconds, is broken.
PATIENCE = 60


@dataclass
class Service:
    """One running service: `lines` is what it printed, `url` where it answers."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    port: int = 0
    _said: threading.Condition = field(default_factory=threading.Condition)
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """Read what the process prints, and never ask a proxy for it."""
        self.session.trust_env = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def call(self, verb: str, path: str, **more: Any) -> requests.Response:
        """One request; `more` is what `requests` takes."""
        return self.session.request(verb, f"{self.url}{path}", timeout=PATIENCE, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> requests.Response:
        """POST; see `call`."""
        return self.call("POST", path, json=json, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        """GET; see `call`."""
        return self.call("GET", path, **more)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line that has `pattern`; AssertionError with everything printed when the process ends without."""
        with self._said:
            found = self._said.wait_for(lambda: self._found(pattern) or self._silent, PATIENCE)
        assert isinstance(found, re.Match), "\n".join(self.lines)
        return found

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.session.close()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    _silent = False

    def _found(self, pattern: str) -> re.Match[str] | None:
        return next((found for line in self.lines if (found := re.search(pattern, line))), None)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._silent = True
            self._said.notify_all()


def environment(name: str, **more: str) -> dict[str, str]:
    """What a service's process gets: a port of the system's choice, no delays, no metrics port, and `more`."""
    paths = [WORKLOADS / name, WORKLOADS]
    return {
        "PATH": os.environ["PATH"],
        **{key: value for key, value in os.environ.items() if key.startswith("PRESIDENTIAL_DIGS_TEST")},
        "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "METRICS_PORT": "0",
        "SHUTDOWN_DELAY_SECONDS": "0",
        **more,
    }


def start_service(name: str, **more: str) -> Service:
    """A process of `name` that listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", name.replace("-", "_")],
        env=environment(name, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    service = Service(process)
    try:
        service.port = int(service.wait_for(r'listens on port \d+".*"port": (\d+)')[1])
    except BaseException:
        service.end(signal.SIGKILL)
        raise
    return service


@contextmanager
def running_service(name: str, **more: str) -> Iterator[Service]:
    """A process of `name`, ended at the end."""
    service = start_service(name, **more)
    try:
        yield service
    finally:
        service.end()


@contextmanager
def mongodb(*options: str) -> Iterator[str]:
    """A MongoDB-protocol server that keeps nothing; `mongodb://127.0.0.1:PORT`."""
    tool = toolchain.table()["mongo-java-server"]
    program = toolchain.ensure(tool, toolchain.cache_directory())
    process = subprocess.Popen(
        [str(program), "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    server = Service(process)
    try:
        yield f"mongodb://{server.wait_for(r'listening on (.+)')[1]}"
    finally:
        server.end()


def database_name() -> str:
    """A name that no other test uses."""
    return f"test_{uuid.uuid4().hex[:12]}"

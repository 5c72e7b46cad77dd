"""One cluster with nodes for all tests here: a real control plane, the agent in a process of its own, three images."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_cloud.kubernetes.access import ClusterAccess
from tests import images
from tests.kubernetes import ClusterForTests, running_control_plane

ROOT = Path(__file__).resolve().parents[3]
NUMBER = 211
# Long enough for a loaded machine; nothing waits for its end.
PATIENCE = 60.0
# Every look is a kubectl.
POLL_SECONDS = 0.4


@dataclass
class Nodes:
    """The cluster, and the agent that is its nodes."""

    cluster: ClusterForTests
    directory: Path
    images: dict[str, str]
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def access(self) -> ClusterAccess:
        return self.cluster.access

    def start(self, **pools: int) -> None:
        """Start the agent with nodes."""
        state = self.access.directory.parent.parent
        command = [sys.executable, "-m", "tests.integration.kubernetes_node.agent_process", str(state)]
        command += [self.access.cluster, str(os.getpid() % 250)]
        with (self.directory / "agent.log").open("a") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True, cwd=ROOT, start_new_session=True
            )
        self.want(**pools)

    def want(self, **pools: int) -> None:
        """Say which nodes there are to be: pool (with _ for -) → nodes a zone."""
        assert self.process is not None
        assert self.process.stdin is not None
        wanted = {name.replace("_", "-"): count for name, count in pools.items()}
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        count = 2 * sum(wanted.values())
        self.until(lambda: sum(_ready(node) for node in self.get("nodes")["items"]) == count == self.count("nodes"))

    def kill(self) -> list[psutil.Process]:
        """Kill the agent at once; every process it had."""
        assert self.process is not None
        everyone = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        assert self.process.stdin is not None
        self.process.stdin.close()
        return everyone

    def stop(self) -> None:
        """End the agent."""
        if self.process is not None:
            assert self.process.stdin is not None
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process.stdin.close()

    def get(self, *arguments: str) -> Any:
        return self.cluster.get(*arguments)

    def count(self, *arguments: str) -> int:
        return len(self.get(*arguments)["items"])

    def kubectl(self, *arguments: str, check: bool = True, content: Any = None) -> str:
        """Both outputs of a command."""
        done = self.cluster.kubectl(*arguments, check=check, content=content)
        return done.stdout + done.stderr

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"{self.kubectl('get', 'pods,events', '-A')[-3000:]}"
            time.sleep(POLL_SECONDS)

    def apply(self, *objects: Any) -> None:
        """Server-side apply."""
        content = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl("apply", "--server-side", "-f", "-", content=content)

    def state(self, pod: str, container: int = 0) -> dict[str, Any]:
        """A container's status; empty before there is one."""
        statuses = self.get("pod", pod)["status"].get("containerStatuses") or [{}]
        found: dict[str, Any] = statuses[container]
        return found

    def events(self, pod: str) -> dict[str, str]:
        """Reason → messages of the events of a pod, a line each."""
        said: dict[str, str] = {}
        for event in self.get("events", "--field-selector", f"involvedObject.name={pod}")["items"]:
            said[event["reason"]] = f"{said.get(event['reason'], '')}{event['message']}\n"
        return said


def _ready(node: Any) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions") or ())


def pod(name: str, image: str, *, spec: Any = None, **container: Any) -> dict[str, Any]:
    """A pod with one container."""
    one = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", **container}
    whole = {"terminationGracePeriodSeconds": 2, **(spec or {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": [one], **whole},
    }


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Two nodes in two zones."""
    directory = tmp_path_factory.mktemp("nodes")
    references = {
        "python": images.python_image(directory / "python"),
        "shell": images.image(directory / "shell", {}, Entrypoint=["sh", "-c"]),
    }
    with running_control_plane(tmp_path_factory.mktemp("cluster"), NUMBER, metrics=True) as cluster:
        found = Nodes(cluster, directory, references)
        try:
            found.start(general=1)
            found.until(lambda: found.kubectl("get", "serviceaccount", "default", check=False).startswith("NAME"))
            yield found
        finally:
            found.stop()

"""A Kubernetes control plane for tests: the real programs, without a daemon and without nodes.

In a conftest: `from tests.kubernetes import control_plane`. It is one for the whole session; tests keep to namespaces
of their own. `running_control_plane(directory)` starts another one.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_cloud import programs
from local_cloud.certificates import Authority
from local_cloud.children import Children
from local_cloud.kubernetes.access import ClusterAccess, Identity
from local_cloud.kubernetes.control_plane.configuration import Doors
from local_cloud.kubernetes.control_plane.description import ClusterDescription
from local_cloud.kubernetes.control_plane.egress import Egress
from local_cloud.kubernetes.control_plane.plane import ControlPlane
from local_cloud.state import StateDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ClusterForTests", "control_plane", "running_control_plane"]

# A control plane is ready after seconds; a machine under load gets much longer.
START_SECONDS = 120
COMMAND_SECONDS = 120

# Sessions side by side keep their addresses apart by these.
FIRST_NUMBER = 200

# A port where nothing listens: without a daemon no Google token is recognised, and client certificates do.
_NOBODY = 9


@dataclass(frozen=True)
class ClusterForTests:
    """A control plane that is ready."""

    access: ClusterAccess

    def kubectl(self, *arguments: str, check: bool = True, content: Any = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator; `content` is given as JSON on the standard input."""
        done = subprocess.run(
            [str(programs.find("kubectl")), "--kubeconfig", str(self.access.kubeconfig(Identity.ADMIN)), *arguments],
            input=None if content is None else json.dumps(content),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def get(self, *arguments: str) -> Any:
        """What `kubectl get ARGUMENTS` answers, as an object."""
        return json.loads(self.kubectl("get", *arguments, "--output", "json").stdout)


@contextmanager
def running_control_plane(
    directory: Path, number: int = FIRST_NUMBER, *, metrics: bool = False
) -> Iterator[ClusterForTests]:
    """A control plane with its state in `directory`; `number` (up to 254) keeps its addresses from another one's.

    `metrics` announces the metrics API, which somebody must then serve.
    """
    cluster = _described(number)
    state = StateDirectory(directory)
    state.create()
    state.place_sockets()
    ready, ended, failures = threading.Event(), threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            asyncio.run(_life(state, cluster, ready, ended, metrics=metrics))
        except BaseException as error:  # noqa: BLE001 - handed to the test that waits
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        ready.wait()
        if failures:
            raise failures[0]
        yield ClusterForTests(ClusterAccess.of(state.root, cluster.name))
    finally:
        ended.set()
        thread.join()
        state.remove_sockets()


def _described(number: int) -> ClusterDescription:
    return ClusterDescription(
        name="projects/tests/locations/europe-west1/clusters/crm",
        public_address=f"192.0.2.{number}",
        private_address=f"172.16.{number}.2",
        metrics_address=f"172.16.{number}.3",
        dns_endpoint="gke-tests-1.europe-west1.gke.goog",
        pods=f"10.{number}.0.0/16",
        services="10.8.0.0/20",
    )


async def _life(
    state: StateDirectory, cluster: ClusterDescription, ready: threading.Event, ended: threading.Event, *, metrics: bool
) -> None:
    egress, children = Egress(), Children(state)
    plane = ControlPlane(ClusterAccess.of(state.root, cluster.name), cluster, children)
    await egress.start(state.egress_socket)
    doors = Doors(_NOBODY, state.ca_certificate, state.egress_socket)
    try:
        async with asyncio.timeout(START_SECONDS):
            await plane.start(Authority.open(state), doors, print)
            await plane.equip(metrics=metrics)
        ready.set()
        await asyncio.to_thread(ended.wait)
    finally:
        await plane.stop()
        await egress.stop()


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterForTests]:
    """One control plane for all tests of a worker."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with running_control_plane(tmp_path_factory.mktemp("control-plane"), FIRST_NUMBER + worker) as cluster:
        yield cluster

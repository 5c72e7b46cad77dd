"""Clusters outlive the death of any of their processes and of the daemon, and leave nothing when they are deleted."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests import clusters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clusters import Cluster

pytestmark = pytest.mark.seconds(45)

PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
# What is killed is back after seconds; a machine under load gets much longer.
BACK_SECONDS = 90
# https://github.com/kubernetes/kubernetes: what four processes may hold, resident, in bytes.
MOST_MEMORY = 450 * 1024**2


def works(cluster: Cluster, name: str) -> None:
    """A Deployment gets its pod, and the pod a node: API server, etcd, controllers and scheduler do their work."""
    deadline = time.monotonic() + BACK_SECONDS
    while cluster.kubectl("create", "deployment", name, "--image=example.invalid/x", check=False).returncode:
        assert time.monotonic() < deadline, "the API did not come back"
        time.sleep(0.5)
    cluster.kubectl(
        "wait", "pod", f"--selector=app={name}", "--for=condition=PodScheduled", f"--timeout={BACK_SECONDS}s"
    ) if _pod_comes(cluster, name, deadline) else None
    cluster.kubectl("delete", "deployment", name)


def _pod_comes(cluster: Cluster, name: str, deadline: float) -> bool:
    while "pod/" not in cluster.kubectl("get", "pods", f"--selector=app={name}", "--output=name").stdout:
        assert time.monotonic() < deadline, "no pod was made"
        time.sleep(0.3)
    return True


def test_a_control_plane_is_small(cluster: Cluster) -> None:
    """On a laptop there is a browser as well."""
    pids = cluster.processes()
    assert sum(psutil.Process(pids[part]).memory_info().rss for part in PARTS) < MOST_MEMORY


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_process_comes_back(cluster: Cluster, part: str) -> None:
    """What was stored is there, and what is wished happens."""
    cluster.kubectl("create", "configmap", f"kept-{part}")
    before = cluster.processes()[part]
    os.kill(before, signal.SIGKILL)
    works(cluster, f"after-{part}")
    assert cluster.processes()[part] != before
    assert f"kept-{part}" in cluster.kubectl("get", "configmaps", "--output=name").stdout


def test_a_killed_daemon_is_followed_by_one_that_runs_the_cluster(cluster: Cluster) -> None:
    """The old processes are ended, not joined by new ones beside them."""
    cluster.kubectl("create", "configmap", "kept")
    before = cluster.processes()
    os.kill(cluster.cloud.pid, signal.SIGKILL)
    cluster.cloud.start()
    works(cluster, "after-daemon")
    assert "configmap/kept" in cluster.kubectl("get", "configmaps", "--output=name").stdout
    assert cluster.get()["status"] == "RUNNING"
    assert not [pid for pid in before.values() if psutil.pid_exists(pid)]


def test_clusters_keep_apart_and_a_deleted_one_leaves_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """Neither processes nor files nor resources; its neighbour goes on."""
    other = clusters.create(cluster.cloud, "other", 2, tmp_path)
    cluster.kubectl("create", "configmap", "only-here")
    assert "only-here" not in other.kubectl("get", "configmaps", "--output=name").stdout
    assert other.get()["endpoint"] != cluster.get()["endpoint"]
    pids, access = other.processes(), other.access
    manager = other.get()["instanceGroupUrls"][0]
    assert cluster.cloud.get(manager).status_code == 200

    other.delete()

    assert cluster.cloud.get(f"container.googleapis.com/v1/{other.resource}").status_code == 404
    assert cluster.cloud.get(manager).status_code == 404
    assert not access.directory.exists()
    assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]
    assert other.processes() == {}
    assert "only-here" in cluster.kubectl("get", "configmaps", "--output=name").stdout

"""Whatever is killed while services are rolled out, the next run converges, and nobody is left behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.ansible_runs import ROOT, RUN_SECONDS, play
from tests.local_cloud import LocalCloud

# What is killed, by what stands in the command line of its process.
VICTIMS = {
    "API server": "/kube-apiserver",
    "controller manager": "/kube-controller-manager",
    "scheduler": "/kube-scheduler",
    "etcd": "/etcd ",
    "node agent": "local_cloud.kubernetes.node",
    "data plane": "local_cloud.data_plane",
    "Cloud Run": "local_cloud.cloud_run",
    "daemon": "",
    "playbook": "",
}
NUMBER = 20
SERVICES = ("auth-service", "lead-import-service", "conversation-backend", "frontend")
# About as long as a rollout of all services takes, in seconds.
ROLLOUT_SECONDS = 15.0


@pytest.fixture(scope="module")
def site(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A whole site."""
    cloud.settings(iam="enforce")
    run = play(cloud, "site.yml", runs=tmp_path_factory.mktemp("made"))
    assert run.code == 0, run.output
    yield cloud
    mine = str(cloud.state.root)
    cloud.stop()
    assert [
        process for process in psutil.process_iter(["cmdline"]) if mine in " ".join(process.info["cmdline"] or [])
    ] == []


def changed(number: int) -> list[str]:
    """Options that give every service another environment, so that all of them are rolled out anew."""
    overrides = {name: {"environment": {"LOG_LEVEL": ("INFO", "DEBUG")[number % 2]}} for name in SERVICES}
    return ["-e", json.dumps({"platform_service_overrides": overrides})]


def kill(site: LocalCloud, what: str, playbook: subprocess.Popen[bytes]) -> None:
    """`kill -9` it; a daemon is started again, as whoever runs the machine would."""
    if what == "playbook":
        with suppress(ProcessLookupError):
            os.killpg(playbook.pid, signal.SIGKILL)
    elif what == "daemon":
        os.kill(site.pid, signal.SIGKILL)
        site.start()
    else:
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or []) + " "
            if VICTIMS[what] in line and str(site.state.root) in line:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


@pytest.mark.soak
@pytest.mark.parametrize("number", range(NUMBER))
def test_the_next_run_converges(number: int, site: LocalCloud, tmp_path: Path) -> None:
    chosen = random.Random(f"rollout{number}")  # noqa: S311 - a moment, not a secret
    what = list(VICTIMS)[number % len(VICTIMS)]
    command = [
        str(shutil.which("ansible-playbook")),
        "playbooks/services.yml",
        "-i",
        "inventories/local",
        *changed(number),
    ]
    environment = site.environ(PRESIDENTIAL_DIGS_RUNS=str(tmp_path), ANSIBLE_NOCOLOR="1")
    with (tmp_path / "killed.log").open("wb") as log:
        playbook = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        with suppress(subprocess.TimeoutExpired):
            playbook.wait(chosen.uniform(1.0, ROLLOUT_SECONDS))
        kill(site, what, playbook)
        playbook.wait(RUN_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(playbook.pid, signal.SIGKILL)
    mended = play(site, "playbooks/services.yml", *changed(number), runs=tmp_path)
    assert mended.code == 0, mended.output
    again = play(site, "playbooks/services.yml", *changed(number), runs=tmp_path)
    assert (again.code, again.changed) == (0, 0), again.output

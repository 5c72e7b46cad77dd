"""A run killed anywhere, or a local cloud killed under it: the next run converges, nothing is there twice or lost, no
lock stays."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.ansible_runs import ROOT, play
from tests.integration.site.holdings import holdings, locks
from tests.local_cloud import LocalCloud

# How many moments `make soak` tries; `make test` tries one of each.
RUN_KILLS, DAEMON_KILLS = 20, 10
# The same moments in every run, so that a red one can be looked at again.
MOMENTS = random.Random(20261123)  # noqa: S311 - moments, not secrets


@pytest.fixture(scope="module")
def finished(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[str], float]:
    """What a site holds that was left in peace, and how many seconds it took."""
    cloud.reset()
    started = time.monotonic()
    run = play(cloud, "site.yml", runs=tmp_path_factory.mktemp("peace"))
    assert run.code == 0, run.output
    return holdings(cloud), time.monotonic() - started


def _start(cloud: LocalCloud, runs: Path) -> subprocess.Popen[bytes]:
    command = [str(shutil.which("ansible-playbook")), "site.yml", "-i", "inventories/local"]
    environment = cloud.environ(PRESIDENTIAL_DIGS_RUNS=str(runs), ANSIBLE_NOCOLOR="1")
    with (runs / "killed.log").open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)


def _until(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def _converges(cloud: LocalCloud, runs: Path, wanted: Counter[str]) -> None:
    run = play(cloud, "site.yml", runs=runs)
    assert run.code == 0, run.output
    assert locks(cloud) == []
    assert holdings(cloud) - wanted == Counter()
    assert wanted - holdings(cloud) == Counter()


def _moments(soak: bool, kills: int) -> list[float]:
    return [MOMENTS.uniform(0.05, 0.85) for _ in range(kills if soak else 1)]


@pytest.mark.seconds(90)
def test_run_is_killed(
    cloud: LocalCloud, finished: tuple[Counter[str], float], soak: bool, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    wanted, seconds = finished
    for number, moment in enumerate(_moments(soak, RUN_KILLS)):
        with subtests.test(moment=moment):
            cloud.reset()
            runs = tmp_path / str(number)
            runs.mkdir()
            process = _start(cloud, runs)
            _until(process, seconds * moment)
            # A run that was quicker than the first has left nothing to kill.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            _converges(cloud, runs, wanted)


@pytest.mark.seconds(90)
def test_daemon_is_killed(
    cloud: LocalCloud, finished: tuple[Counter[str], float], soak: bool, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    wanted, seconds = finished
    for number, moment in enumerate(_moments(soak, DAEMON_KILLS)):
        with subtests.test(moment=moment):
            cloud.reset()
            runs = tmp_path / str(number)
            runs.mkdir()
            process = _start(cloud, runs)
            _until(process, seconds * moment)
            os.kill(cloud.pid, signal.SIGKILL)
            cloud.start()
            process.wait()
            _converges(cloud, runs, wanted)

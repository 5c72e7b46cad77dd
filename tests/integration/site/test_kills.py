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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.ansible_runs import ROOT, RUN_SECONDS, play
from tests.integration.site.holdings import FIRST_STAGE, holdings, locks
from tests.local_cloud import LocalCloud


@pytest.fixture(scope="module")
def finished(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[str], float]:
    """What a site holds that was left in peace, and how many seconds it took."""
    cloud.reset()
    started = time.monotonic()
    run = play(cloud, "site.yml", *FIRST_STAGE, runs=tmp_path_factory.mktemp("peace"))
    assert run.code == 0, run.output
    return holdings(cloud), time.monotonic() - started


def _start(cloud: LocalCloud, runs: Path) -> subprocess.Popen[bytes]:
    command = [str(shutil.which("ansible-playbook")), "site.yml", "-i", "inventories/local", *FIRST_STAGE]
    environment = cloud.environ(PRESIDENTIAL_DIGS_RUNS=str(runs), ANSIBLE_NOCOLOR="1")
    with (runs / "killed.log").open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)


def _until(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def _converges(cloud: LocalCloud, runs: Path, wanted: Counter[str]) -> None:
    run = play(cloud, "site.yml", *FIRST_STAGE, runs=runs)
    assert run.code == 0, run.output
    assert locks(cloud) == []
    assert holdings(cloud) - wanted == Counter()
    assert wanted - holdings(cloud) == Counter()


def _kill_run(cloud: LocalCloud, process: subprocess.Popen[bytes]) -> None:
    # A run that was quicker than the first has left nothing to kill.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _kill_daemon(cloud: LocalCloud, process: subprocess.Popen[bytes]) -> None:
    os.kill(cloud.pid, signal.SIGKILL)
    cloud.start()


KILLS: dict[str, Callable[[LocalCloud, subprocess.Popen[bytes]], None]] = {"run": _kill_run, "daemon": _kill_daemon}
# How many moments `make soak` tries of each; `make test` tries one.
MOMENTS = {"run": 20, "daemon": 10}


def _survives(what: str, number: int, cloud: LocalCloud, finished: tuple[Counter[str], float], runs: Path) -> None:
    wanted, seconds = finished
    # The same moments in every soak, so that a red one can be looked at again.
    moment = random.Random(f"{what}{number}").uniform(0.05, 0.85)  # noqa: S311 - a moment, not a secret
    cloud.reset()
    process = _start(cloud, runs)
    try:
        _until(process, seconds * moment)
        KILLS[what](cloud, process)
        process.wait(timeout=RUN_SECONDS)
    finally:
        # Whatever went wrong: nobody else ends a run that leads a session of its own.
        _kill_run(cloud, process)
    _converges(cloud, runs, wanted)


@pytest.mark.seconds(60)
@pytest.mark.parametrize("what", list(KILLS))
def test_next_run_converges(what: str, cloud: LocalCloud, finished: tuple[Counter[str], float], tmp_path: Path) -> None:
    _survives(what, 0, cloud, finished, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("what", "number"), [(what, number) for what, count in MOMENTS.items() for number in range(count)]
)
def test_next_run_converges_from_any_moment(
    what: str, number: int, cloud: LocalCloud, finished: tuple[Counter[str], float], tmp_path: Path
) -> None:
    _survives(what, number, cloud, finished, tmp_path)

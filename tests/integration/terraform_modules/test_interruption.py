"""Stopped by a signal, a deadline or a kill, a run leaves a whole state and no lock that is not explained."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._terraform_unlocking import unlock
from tests.integration.terraform_modules.conftest import make_pets, playbook_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.terraform_modules.conftest import Pets

# Long enough for a test to act while the apply is under way; the interrupt ends it early.
SLOW = {"size": 1, "seconds": 30}
PATIENCE_SECONDS = 60


def until(what: str, happened: Any) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen in {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def processes(work: Path, name: str = "terraform") -> list[int]:
    """The living processes of a name that work in a directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            place = str(entry.joinpath("cwd").readlink())
            state = entry.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            if str(work) in place and state != "Z" and name in entry.joinpath("comm").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture
def slow(tmp_path: Path) -> Pets:
    """A root whose apply takes long."""
    return make_pets(tmp_path, "terraform")


@pytest.fixture
def applying(slow: Pets) -> Iterator[subprocess.Popen[str]]:
    """An ansible-playbook that is in the middle of the apply."""
    shared = {"root": str(slow.root), "work_directory": str(slow.work), "state_file": str(slow.state_file)}
    tasks: list[dict[str, Any]] = [
        {
            "presidential_digs.platform.terraform_plan": {
                **shared,
                "cache_directory": str(slow.directory / "cache"),
                "variables": SLOW,
            },
            "register": "plan",
        },
        {
            "presidential_digs.platform.terraform_apply": {
                "plan_file": "{{ plan.plan_file }}",
                "plan_sha256": "{{ plan.plan_sha256 }}",
            }
        },
    ]
    command, environment = playbook_command(slow.directory, tasks)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as run:
        try:
            until("the slow resource", lambda: run.poll() is not None or is_provisioning(slow))
            assert run.poll() is None, run.communicate()[0]
            yield run
        finally:
            if run.poll() is None:
                run.kill()
            for process in [*processes(slow.work), *processes(slow.work, "sleep")]:
                os.kill(process, signal.SIGKILL)


def is_provisioning(pets: Pets) -> bool:
    log = pets.work / "apply.jsonl"
    return log.exists() and '"provision_progress"' in log.read_text()


def workers(run: subprocess.Popen[str]) -> list[int]:
    """The processes that Ansible forked for its tasks."""
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text()
    return [int(child) for child in children.split()]


def is_unlocked_and_whole(pets: Pets) -> bool:
    """Whether terraform is gone, the lock with it, and the state knows what was made before the interrupt."""
    left = pets.state_file.with_name(f".{pets.state_file.name}.lock.info")
    if processes(pets.work) or left.exists() or not pets.state_file.exists():
        return False
    return {"pet", "cattle", "member"} <= {resource["name"] for resource in pets.state()["resources"]}


def converges(pets: Pets) -> None:
    """The next run makes what is missing, once, and the one after it has nothing to do."""
    variables = {"size": 1, "seconds": 0}
    pets.plan_and_apply(variables=variables)
    addresses = [resource["name"] for resource in pets.state()["resources"]]
    assert sorted(addresses) == ["cattle", "member", "pet"]
    assert pets.plan(variables=variables)["empty"]


def test_ctrl_c_lets_terraform_finish(slow: Pets, applying: subprocess.Popen[str]) -> None:
    os.killpg(applying.pid, signal.SIGINT)
    applying.communicate(timeout=PATIENCE_SECONDS)
    until("terraform's end", lambda: is_unlocked_and_whole(slow))
    assert "Interrupt received" in (slow.work / "apply.jsonl").read_text()
    assert not (slow.work / "plan").exists()
    converges(slow)


def test_a_terminated_worker_lets_terraform_finish(slow: Pets, applying: subprocess.Popen[str]) -> None:
    for worker in workers(applying):
        os.kill(worker, signal.SIGTERM)
    until("terraform's end", lambda: is_unlocked_and_whole(slow))
    # The worker takes the plan away after terraform has ended.
    until("the plan's end", lambda: not (slow.work / "plan").exists())
    converges(slow)


def test_a_killed_run_lets_terraform_finish(slow: Pets, applying: subprocess.Popen[str]) -> None:
    for process in [*workers(applying), applying.pid]:
        os.kill(process, signal.SIGKILL)
    until("terraform's end", lambda: is_unlocked_and_whole(slow))
    assert (slow.work / "plan").exists()
    slow.plan(work_directory=str(slow.directory / "next run"))
    assert not (slow.work / "plan").exists(), "the plan of a killed run holds values and is removed by the next"
    converges(slow)


def test_a_killed_terraform_is_a_failure_and_the_next_run_converges(
    slow: Pets, applying: subprocess.Popen[str]
) -> None:
    (terraform,) = processes(slow.work)
    os.kill(terraform, signal.SIGKILL)
    output, _ = applying.communicate(timeout=PATIENCE_SECONDS)
    assert applying.returncode == 2
    assert "TERRAFORM_FAILED" in output
    converges(slow)


def test_the_deadline_stops_terraform_and_keeps_the_state(slow: Pets) -> None:
    plan = slow.plan(variables=SLOW)
    with pytest.raises(Failure) as caught:
        slow.apply(plan, timeout=2)
    assert caught.value.reason == "TIMEOUT"
    assert is_unlocked_and_whole(slow)
    until("the end of what a provisioner had started", lambda: not processes(slow.work, "sleep"))
    converges(slow)


def test_two_runs_at_once_lock_each_other_out(slow: Pets, applying: subprocess.Popen[str]) -> None:
    other = {"work_directory": str(slow.directory / "other"), "variables": {"size": 2}}
    with pytest.raises(Failure) as caught:
        slow.plan(**other)
    assert caught.value.reason == "STATE_LOCKED"
    found = re.search(r"lock_id=([0-9a-f-]{36})", caught.value.hint)
    assert found
    with pytest.raises(Failure) as caught:
        unlock(slow.params(lock_id=found[1], minimum_age=0, only_if_holder_is_gone=False), None, check_mode=False)
    assert caught.value.reason == "LOCK_HELD_HERE"


def test_one_waits_for_the_other(slow: Pets) -> None:
    """The second run gets the lock when the first has given it back."""
    first = slow.plan(variables={"size": 1, "seconds": 2})
    script = (
        "import sys, json; from tests.integration.terraform_modules.conftest import Pets; from pathlib import Path\n"
        "given = json.loads(sys.argv[1]); Pets(Path(given['directory']), 'terraform').apply(given['plan'])"
    )
    given = json.dumps({"directory": str(slow.directory), "plan": first})
    with subprocess.Popen([sys.executable, "-c", script, given], cwd=Path(__file__).parents[3]) as running:
        until("the slow resource", lambda: is_provisioning(slow))
        plan = slow.plan(
            work_directory=str(slow.directory / "other"), lock_timeout=60, variables={"size": 1, "seconds": 2}
        )
        assert running.wait(PATIENCE_SECONDS) == 0
    assert plan["empty"]


def test_a_state_that_is_not_locked_needs_no_unlocking(slow: Pets) -> None:
    given = slow.params(lock_id="any", minimum_age=0, only_if_holder_is_gone=False)
    assert unlock(given, None, check_mode=False) == {"changed": False, "lock": None, "why": "the state is not locked"}

"""From the states of containers to the phase of their pod."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.kubernetes.node.container_state import ContainerState, initialized, phase, waiting

RUNNING = {"running": {"startedAt": "2026-11-23T05:00:00Z"}}


def ended(code: int) -> dict[str, Any]:
    return {"terminated": {"exitCode": code}}


def states(*found: dict[str, Any]) -> list[ContainerState]:
    return [ContainerState(str(number), "image", state=state) for number, state in enumerate(found)]


@pytest.mark.parametrize(
    ("policy", "main", "wanted"),
    [
        ("Always", [RUNNING, waiting("ContainerCreating")], "Pending"),
        ("Always", [RUNNING, RUNNING], "Running"),
        ("Always", [ended(0)], "Running"),
        ("Never", [ended(0), RUNNING], "Running"),
        ("Never", [ended(0), ended(0)], "Succeeded"),
        ("Never", [ended(0), ended(1)], "Failed"),
        ("OnFailure", [ended(0), ended(1)], "Running"),
        ("OnFailure", [ended(0)], "Succeeded"),
    ],
)
def test_phases(policy: str, main: list[dict[str, Any]], wanted: str) -> None:
    assert phase({"spec": {"restartPolicy": policy}}, [], states(*main)) == wanted


def test_a_failed_init_container_fails_what_is_never_restarted() -> None:
    assert phase({"spec": {"restartPolicy": "Never"}}, states(ended(1)), states(waiting("PodInitializing"))) == "Failed"
    assert phase({"spec": {}}, states(ended(1)), states(waiting("PodInitializing"))) == "Pending"


def test_sidecars_are_initialized_when_started() -> None:
    pod = {"spec": {"initContainers": [{"name": "0"}, {"name": "1", "restartPolicy": "Always"}]}}
    initial = states(ended(0), RUNNING)
    assert not initialized(pod, initial)
    initial[1].started = True
    assert initialized(pod, initial)
    initial[0].state = ended(1)
    assert not initialized(pod, initial)


def test_what_ran_before_the_agent_counts_as_a_restart() -> None:
    container = {"name": "main", "image": "image"}
    status = {"state": RUNNING, "restartCount": 2, "containerID": "presidential-digs://x"}
    found = ContainerState.known(container, status, initializing=False)
    assert found.restarts == 3
    assert found.last["terminated"]["exitCode"] == 137
    assert "waiting" in found.state
    finished = ContainerState.known(container, {"state": ended(0), "restartCount": 1}, initializing=False)
    assert (finished.restarts, finished.terminated) == (1, {"exitCode": 0})

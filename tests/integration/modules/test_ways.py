"""A module gives the same inside the worker and through AnsiballZ; the options of a task choose the way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.modules.playbook import Played, Step, play, play_all, step

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

THROUGH_ANSIBALLZ = "Using module file"
"""What `-vvv` says of a module that is packed and started as a process of its own."""

PARENT = "organizations/123456789012"


def steps(project: str, **keywords: Any) -> list[Step]:
    """Every kind of ending: predicted, made, unchanged, refused by the specification, by the module, by the API."""
    fine = {"project_id": project, "parent": PARENT, "labels": {"a": "b"}}
    return [
        step("predicted", "project", fine, check_mode=True, **keywords),
        step("made", "project", fine, **keywords),
        step("again", "project", fine, **keywords),
        step("unknown_option", "project", {**fine, "colour": "red"}, **keywords),
        step("bad_option", "project", {**fine, "project_id": "X"}, **keywords),
        step("no_such_parent", "project", {"project_id": f"{project}-x", "parent": "folders/1"}, **keywords),
        step("read", "project_info", {"project_id": project}, **keywords),
    ]


@pytest.fixture(scope="module")
def both(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """The same steps both ways, in two runs so that the output of each is its own."""
    here = play(cloud, tmp_path_factory.mktemp("here"), steps("digs-ways-one"), options=["-vvv"])
    slow = steps("digs-ways-two", environment={"SOME": "thing"})
    return {"here": here, "there": play(cloud, tmp_path_factory.mktemp("there"), slow, options=["-vvv"])}


def test_the_way_is_the_one_that_was_asked_for(both: dict[str, Played]) -> None:
    assert f"{THROUGH_ANSIBALLZ} " not in _of_ours(both["here"])
    assert _of_ours(both["there"]).count(THROUGH_ANSIBALLZ) == len(steps("x"))


def _of_ours(played: Played) -> str:
    return "\n".join(line for line in played.output.splitlines() if "presidential_digs" in line or "/plugins/" in line)


@pytest.mark.parametrize("name", [one.name for one in steps("x")])
def test_results_are_the_same(both: dict[str, Played], name: str) -> None:
    here, there = (_comparable(both[way].results[name]) for way in ("here", "there"))

    assert here == there


DIFFERENT = frozenset(
    {"createTime", "updateTime", "etag", "name", "exception", "invocation", "warnings", "deprecations"}
)


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items() if key not in DIFFERENT}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return value.replace("digs-ways-two", "digs-ways-one") if isinstance(value, str) else value


def test_failures_are_structured_both_ways(both: dict[str, Played]) -> None:
    for played in both.values():
        assert "Supported parameters include" in played.results["unknown_option"]["msg"]
        assert played.results["bad_option"]["failure"]["reason"] == "INVALID_OPTION"
        refused = played.results["no_such_parent"]["failure"]
        assert refused["status"] == 403
        assert refused["request"].startswith("POST https://cloudresourcemanager.googleapis.com")


def test_other_options_of_a_task_work_as_ever(cloud: LocalCloud, tmp_path: Path) -> None:
    read = {"project_id": "digs-absent-project"}
    other = {"ansible_python_interpreter": f"/usr/bin/env {sys.executable}"}
    scripts = {
        "background": [step("waited", "project_info", read, **{"async": 60, "poll": 1})],
        "loop": [step("each", "project_info", {"project_id": "{{ item }}"}, loop=["digs-one", "digs-two"])],
        "until": [step("tried", "project_info", read, until="false", retries=2, delay=0)],
        "interpreter": [step("other", "project_info", read, vars=other)],
    }

    played = play_all(cloud, tmp_path, scripts)

    assert played["background"].results["waited"]["projects"] == []
    assert [item["projects"] for item in played["loop"].results["each"]["results"]] == [[], []]
    assert played["until"].results["tried"]["attempts"] == 2
    assert played["interpreter"].results["other"]["projects"] == []


def test_a_tasks_timeout_ends_a_wait(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.faults.add(service="cloudresourcemanager", latency=30)
    try:
        played = play(cloud, tmp_path, [step("slow", "project_info", {"project_id": "digs-x-project"}, timeout=1)])
    finally:
        cloud.faults.clear()

    assert "Timed out after" in played.results["slow"]["msg"]


def test_module_defaults_reach_every_module(cloud: LocalCloud, tmp_path: Path) -> None:
    group = {"group/presidential_digs.platform.google": {"access_token": "", "auth_kind": "access_token"}}
    played = play(
        cloud,
        tmp_path,
        [step("none", "services_info", {"project": "digs-x-project"})],
        play_keywords={"module_defaults": group},
        environment={"GOOGLE_OAUTH_ACCESS_TOKEN": ""},
    )

    assert "auth_kind=access_token needs the option access_token" in played.results["none"]["msg"]


def test_the_token_of_a_play_is_minted_once_and_never_shown(cloud: LocalCloud, tmp_path: Path) -> None:
    before = cloud.count(host="oauth2.googleapis.com")
    token = "{{ result_minted.access_token }}"
    played = play(
        cloud,
        tmp_path,
        [
            step("minted", "credential", {"auth_kind": "application", "mint_token": True}),
            step("used", "credential", {"access_token": token}),
            step("again", "project_info", {"project_id": "digs-x-project", "access_token": token}),
        ],
        options=["-vvv"],
        environment={"GOOGLE_OAUTH_ACCESS_TOKEN": ""},
    )

    minted = played.results["minted"]
    assert played.results["used"]["identity"]["member"] == "user:owner@presidential-digs.example"
    assert played.results["again"]["projects"] == []
    assert cloud.count(host="oauth2.googleapis.com") == before + 1
    assert minted["access_token"] not in played.output

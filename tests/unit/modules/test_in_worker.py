"""When a task may run inside the worker, and what it is given there."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from plugins.plugin_utils.in_worker import HOOK, InWorkerAction, action_for, plain


class TaggedText(str):
    """A string of another class, as Ansible's templating gives them."""

    __slots__ = ()


def action(
    *, transport: str = "local", become: bool = False, async_val: int = 0, environment: list[Any] | None = None
) -> InWorkerAction:
    made = InWorkerAction.__new__(InWorkerAction)
    made._connection = SimpleNamespace(transport=transport)
    made._play_context = SimpleNamespace(become=become)
    made._task = SimpleNamespace(async_val=async_val, environment=environment or [])
    made._templar = SimpleNamespace(template=lambda value: value)
    return made


def test_a_plain_local_task_runs_in_the_worker() -> None:
    assert action(environment=[{}, None]).runs_in_worker({})


@pytest.mark.parametrize(
    "settings",
    [{"transport": "ssh"}, {"become": True}, {"async_val": 10}, {"environment": [{"A": "b"}]}],
    ids=["another host", "another user", "in the background", "another environment"],
)
def test_anything_else_takes_the_ordinary_way(settings: dict[str, Any]) -> None:
    assert not action(**settings).runs_in_worker({})


@pytest.mark.parametrize(
    ("interpreter", "here"),
    [(None, True), ("auto_silent", True), (sys.executable, True), ("/opt/other/bin/python3", False)],
)
def test_another_interpreter_takes_the_ordinary_way(interpreter: str | None, here: bool) -> None:
    assert action().runs_in_worker({"ansible_python_interpreter": interpreter}) is here


def test_an_ansible_without_the_hook_takes_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(AnsibleModule, HOOK)

    assert not action().runs_in_worker({})


def test_arguments_arrive_as_plain_types() -> None:
    given = {TaggedText("key"): [TaggedText("a"), 1, 2.5, True, None, (TaggedText("b"),)]}

    arrived = plain(given)

    assert arrived == {"key": ["a", 1, 2.5, True, None, ["b"]]}
    assert {type(key) for key in arrived} == {str}
    assert [type(item) for item in arrived["key"]] == [str, int, float, bool, type(None), list]


def test_an_action_runs_the_module_of_its_own_name() -> None:
    made = action_for("plugins.action.bucket")

    assert made.module.__name__ == "plugins.modules.bucket"

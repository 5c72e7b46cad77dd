"""Every call of the bootstrap may fail once in every way that Google fails, and everything still becomes as declared.

`make test` runs one fault for each call, another one for each; the soak runs all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils import _retry
from tests.integration.modules.direct import run_module
from tests.integration.modules.test_grammar import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_cloud import LocalCloud

FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "dropped before": {"drop": "request"},
    "dropped after": {"drop": "response"},
    "409 stale etag": {"reason": "conflict"},
}

VERBS = ("create", "update", "delete", "back")


@dataclass(frozen=True)
class Deed:
    """One module brought through its verbs: which results it gave, and which API methods it called."""

    changed: list[bool]
    nouns: list[Any]
    methods: list[str]


def arguments_of(module: str) -> list[dict[str, Any]]:
    words = WORDS[module]
    given: dict[str, Any] = {}
    steps = []
    for verb in VERBS:
        if verb in words:
            base = {"create": {}, "update": given, "delete": {"state": "absent"}, "back": {}}[verb]
            given = base | words[verb]
            steps.append(given)
    return steps


def prepare(cloud: LocalCloud, module: str) -> None:
    """What the module needs, kept as a snapshot that each case starts from."""
    cloud.faults.clear()
    cloud.reset()
    for task in WORDS[module].get("before", ()):
        for name, arguments in task.items():
            assert not run_module(cloud, name, arguments).get("failed")
    cloud.snapshot(f"before-{module}")


def perform(cloud: LocalCloud, module: str) -> Deed:
    start = max((exchange["number"] for exchange in cloud.journal()), default=0)
    results = [run_module(cloud, module, arguments) for arguments in arguments_of(module)]
    for result in results:
        assert not result.get("failed"), result["msg"]
    again = run_module(cloud, module, arguments_of(module)[-1])
    methods = dict.fromkeys(exchange["method_id"] for exchange in cloud.journal(after=start))
    noun = WORDS[module]["noun"]
    shown = [
        {key: value for key, value in result[noun].items() if key in KNOWN}
        if isinstance(result[noun], dict)
        else result[noun]
        for result in results
    ]
    return Deed([result["changed"] for result in (*results, again)], shown, [name for name in methods if name])


KNOWN = frozenset(
    {"labels", "state", "lifecycle", "versioning", "includedPermissions", "title", "displayName", "description"}
    | {"disabled", "attributeMapping", "billingAccountName", "quotaConfig", "stage", "deleted", "projectId", "email"}
)
"""Fields that do not depend on when, and how often, something was tried."""


@pytest.fixture
def forgiving_cloud(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """The cloud, to modules that pause a tenth as long: the order of what they do is the same."""
    monkeypatch.setattr(_retry, "FIRST_PAUSE", _retry.FIRST_PAUSE / 10)
    yield cloud
    cloud.faults.clear()


def sweep(cloud: LocalCloud, module: str, chosen: Any) -> list[str]:
    """The faults that a module did not survive, of those `chosen(index of the method)`."""
    prepare(cloud, module)
    right = perform(cloud, module)
    wrong: list[str] = []
    for index, method in enumerate(right.methods):
        for fault in chosen(index):
            cloud.restore(f"before-{module}")
            cloud.faults.clear()
            cloud.faults.add(method=method, count=1, **FAULTS[fault])
            try:
                deed = perform(cloud, module)
            except AssertionError as failure:
                wrong.append(f"{method} answered {fault}: {failure}")
                continue
            if not cloud.faults.list()[0]["hits"]:
                wrong.append(f"{method} answered {fault}: was not called")
            if (deed.changed, deed.nouns) != (right.changed, right.nouns):
                wrong.append(f"{method} answered {fault}: {deed} instead of {right}")
    return wrong


@pytest.mark.parametrize("module", sorted(WORDS))
def test_a_passing_fault_of_any_call_is_survived(forgiving_cloud: LocalCloud, module: str) -> None:
    kinds = sorted(FAULTS)

    assert sweep(forgiving_cloud, module, lambda index: [kinds[(index + len(module)) % len(kinds)]]) == []


@pytest.mark.soak
@pytest.mark.parametrize("module", sorted(WORDS))
def test_every_fault_of_every_call_is_survived(forgiving_cloud: LocalCloud, module: str) -> None:
    assert sweep(forgiving_cloud, module, lambda _index: sorted(FAULTS)) == []

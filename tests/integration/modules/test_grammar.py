"""Every module speaks the same grammar: check, create, again, update, delete, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from plugins.module_utils._compare import restricted
from tests.integration.modules.playbook import Played, Step, play_all, step

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

GRAMMAR = Path(__file__).with_name("grammar")

WORDS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in GRAMMAR.glob("*.yml")}

VERBS = ("create", "update", "delete", "back")


def sentence(module: str, words: dict[str, Any]) -> list[Step]:
    """The steps of one module's file."""
    steps = [
        step(f"before_{index}", name, arguments)
        for index, task in enumerate(words.get("before", ()))
        for name, arguments in task.items()
    ]
    arguments: dict[str, Any] = {}
    for verb in VERBS:
        if verb not in words:
            continue
        arguments = {"create": {}, "update": arguments, "delete": {"state": "absent"}, "back": {}}[verb] | words[verb]
        steps.append(step(f"{verb}_check", module, arguments, check_mode=True))
        steps.append(step(verb, module, arguments))
        steps.append(step(f"{verb}_again", module, arguments))
    return steps


@pytest.fixture(scope="module")
def spoken(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Every module's sentence, spoken side by side in one run."""
    return play_all(cloud, tmp_path_factory.mktemp("grammar"), {name: sentence(name, WORDS[name]) for name in WORDS})


@pytest.mark.parametrize("module", sorted(WORDS))
def test_grammar(spoken: dict[str, Played], module: str) -> None:
    results, noun = spoken[module].results, WORDS[module]["noun"]
    assert results, spoken[module].output
    for name, result in results.items():
        assert not result.get("failed"), f"{name}: {result.get('msg')}"
    for verb in VERBS:
        if verb not in results:
            continue
        predicted, made, again = (results[name] for name in (f"{verb}_check", verb, f"{verb}_again"))
        assert (predicted["changed"], made["changed"], again["changed"]) == (True, True, False), verb
        assert predicted["diff"] == made["diff"], verb
        assert made["diff"]["before"] != made["diff"]["after"], verb
        assert restricted(made[noun], predicted[noun]) == restricted(predicted[noun], predicted[noun]), verb
        assert again[noun] == made[noun], verb

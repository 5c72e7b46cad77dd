"""Every module's documentation says exactly what its argument specification takes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugins.module_utils._spec import argument_spec
from tests.local_cloud import ROOT

GROUPS = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]

GOOGLE = sorted(GROUPS["google"])

# (module, its action group)
GROUPED = [(name, group) for group, names in GROUPS.items() for name in names]

PLUGINS = ROOT / "plugins"


class Built(Exception):
    """Stops `main` where it would build its AnsibleModule; carries what it would build it from."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.given = given


def specification(name: str) -> dict[str, Any]:
    def build(**given: Any) -> None:
        raise Built(**given)

    with pytest.raises(Built) as caught:
        import_module(f"plugins.modules.{name}").main(build)
    return caught.value.given


def documented(name: str) -> dict[str, Any]:
    """The module's documentation with its fragments laid under it."""
    document: dict[str, Any] = yaml.safe_load(import_module(f"plugins.modules.{name}").DOCUMENTATION)
    options: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for reference in document["extends_documentation_fragment"]:
        _, _, fragment, *section = reference.split(".")
        source = import_module(f"plugins.doc_fragments.{fragment}").ModuleDocFragment
        text = yaml.safe_load(getattr(source, section[0].upper() if section else "DOCUMENTATION"))
        options |= text.get("options") or {}
        attributes |= text.get("attributes") or {}
    return {**document, "options": {**options, **document.get("options", {})}, "attributes": attributes}


def shape_of_spec(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "type": option.get("type", "str"),
            "required": bool(option.get("required")),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "elements": option.get("elements"),
            "options": shape_of_spec(option.get("options") or {}),
        }
        for name, option in spec.items()
    }


def shape_of_text(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "type": option.get("type", "str"),
            "required": bool(option.get("required")),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "elements": option.get("elements"),
            "options": shape_of_text(option.get("suboptions") or {}),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("name", [name for name, _ in GROUPED])
def test_options_are_documented_as_they_are(name: str) -> None:
    given = specification(name)

    assert shape_of_text(documented(name)["options"]) == shape_of_spec(given["argument_spec"])
    assert given["supports_check_mode"] is True


@pytest.mark.parametrize(("name", "group"), GROUPED)
def test_every_module_states_its_attributes(name: str, group: str) -> None:
    attributes = documented(name)["attributes"]

    assert {"check_mode", "diff_mode", "idempotent", "action_group"} <= set(attributes)
    assert attributes["action_group"]["membership"] == [f"presidential_digs.platform.{group}"]


@pytest.mark.parametrize("name", [name for name, _ in GROUPED])
def test_examples_and_samples_are_there(name: str) -> None:
    module = import_module(f"plugins.modules.{name}")

    tasks = yaml.safe_load(module.EXAMPLES)
    own = f"presidential_digs.platform.{name}"
    assert any(own in task for task in tasks)
    returned = yaml.safe_load(module.RETURN)
    assert all("returned" in entry and {"sample", "contains"} & set(entry) for entry in returned.values())
    known = set(specification(name)["argument_spec"])
    assert all(set(task[own]) <= known for task in tasks if own in task)


def test_every_module_has_an_action_and_is_in_a_group() -> None:
    modules = {path.stem for path in (PLUGINS / "modules").glob("*.py")}
    talking = {name for name in modules if "_client" in _imports(name) or name in GOOGLE}

    assert talking <= set(GOOGLE) | set(GROUPS["terraform"])
    assert set(GOOGLE) <= {path.stem for path in (PLUGINS / "action").glob("*.py")}


def _imports(name: str) -> str:
    return Path(PLUGINS / "modules" / f"{name}.py").read_text(encoding="utf-8")


def test_every_option_that_looks_secret_is_marked_for_ansible() -> None:
    from plugins.module_utils._masking import looks_secret

    for name, _ in GROUPED:
        for option, detail in _flat(specification(name)["argument_spec"]):
            assert not looks_secret(option) or "no_log" in detail, f"{name}: {option}"


def _flat(spec: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [pair for name, detail in spec.items() for pair in [(name, detail), *_flat(detail.get("options") or {})]]


def test_an_option_cannot_be_defined_twice() -> None:
    with pytest.raises(ValueError, match="proxy"):
        argument_spec(proxy={"type": "str"})

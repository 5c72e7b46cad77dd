"""What each root plans for given variables: a subset of the values, the number of resources by type, the outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.terraform_roots.examples import EXAMPLES
from tests.integration.terraform_roots.workspace import Workspace

PLANS = sorted(Path(__file__).with_name("plans").glob("*.yml"))


def differences(expected: Any, found: Any, where: str) -> Iterator[str]:
    """Where `found` lacks what `expected` says: mappings may hold more, lists and the rest are equal."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key, value in expected.items():
            if key not in found:
                yield f"{where}.{key}: missing, expected {value!r}"
            else:
                yield from differences(value, found[key], f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (value, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(value, other, f"{where}[{index}]")
    elif expected != found:
        yield f"{where}: {found!r}, expected {expected!r}"


def resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every planned resource of a module and of those inside it."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_plan(path: Path, workspace: Callable[[str], Workspace], project_number: str) -> None:
    """The plan holds what the inventory of that name lists, and no resource of a type it does not."""
    wanted = yaml.safe_load(path.read_text(encoding="utf-8"))
    root = workspace(wanted["root"])
    own = {"project_number": project_number} if "project_number" in EXAMPLES[wanted["root"]].variables("0") else {}
    root.told(wanted["variables"] | own)
    planned = root.plan()["planned_values"]
    found = {resource["address"]: resource["values"] for resource in resources(planned["root_module"])}

    assert dict(Counter(each["type"] for each in resources(planned["root_module"]))) == wanted["counts"]
    assert list(differences(wanted["values"], found, "values")) == []
    outputs = {name: output.get("value") for name, output in planned["outputs"].items()}
    assert list(differences(wanted.get("outputs", {}), outputs, "outputs")) == []
    for attribute, value in wanted.get("everywhere", {}).items():
        strays = {
            address: values[attribute] for address, values in found.items() if values.get(attribute, value) != value
        }
        assert strays == {}, f"{attribute} is not {value!r} everywhere"

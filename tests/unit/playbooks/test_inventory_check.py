"""Every malformed inventory is refused by file, key, value and what is allowed; the four that we ship are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.template import Templar

from plugins.plugin_utils.inventory_finding import sentence
from plugins.plugin_utils.inventory_judgement import home, judge
from plugins.plugin_utils.inventory_rendering import render
from plugins.plugin_utils.inventory_schema import read_topics
from plugins.plugin_utils.inventory_sources import read_sources
from tests.ansible_runs import malformed_inventories, spoil

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "roles" / "preflight" / "files" / "environment"
CASES = malformed_inventories()

Read = Callable[[Path, str], tuple[dict[str, Any], Templar]]


def refusals(read: Read, inventory: Path, **overrides: Any) -> list[dict[str, str]]:
    """What is wrong with `inventory`, `overrides` standing for extra variables."""
    raw, templar = read(inventory, "project")
    templar.available_variables = raw = {**raw, **overrides}
    topics = read_topics(SCHEMAS)
    values, unresolved = render(templar, raw, "platform_")
    sources = read_sources([inventory])
    return [
        finding.located(sources, home(topics, inventory, str(finding.path[0])))
        for finding in judge(topics, values, unresolved, sources, "platform_")
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_malformed_inventory_is_refused(case: dict[str, Any], inventories: Path, read: Read) -> None:
    inventory = spoil(inventories, case)

    found = refusals(read, inventory)

    named = [finding for finding in found if finding["key"] == case["key"] and case["allowed"] in finding["allowed"]]
    assert named, "\n".join(sentence(finding) for finding in found) or "accepted"
    assert case["value"] in named[0]["value"]
    file = (inventories / case.get("in", case["file"])).resolve()
    assert Path(named[0]["file"].split(":")[0]).resolve() == file


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_shipped_inventory_is_accepted_once_an_organisation_is_named(environment: str, read: Read) -> None:
    own = yaml.safe_load((ROOT / "tests/unit/playbooks/organization.yml").read_text(encoding="utf-8"))

    found = refusals(read, ROOT / "inventories" / environment, **own)

    assert found == []


def test_host_of_a_service_has_one_variable_more(read: Read) -> None:
    inventory = ROOT / "inventories" / "local"
    raw, templar = read(inventory, "frontend")
    topics, sources = read_topics(SCHEMAS), read_sources([inventory])
    values, unresolved = render(templar, raw, "platform_")

    assert "platform_service" in values
    assert judge(topics, values, unresolved, sources, "platform_") == []


def test_fresh_checkout_names_every_placeholder(read: Read) -> None:
    found = refusals(read, ROOT / "inventories" / "prod")

    assert {finding["key"] for finding in found} == {
        "platform_organization_id",
        "platform_billing_account",
        "platform_domain",
        "platform_github.owner_id",
        "platform_github.repository_id",
    }
    assert all("organization.yml:" in finding["file"] for finding in found)


def test_line_is_the_line_of_the_key(inventories: Path, read: Read) -> None:
    case = {"file": "common/project.yml", "replace": '"{{ platform_region }}-b"', "with": "us-east1-b"}
    inventory = spoil(inventories, case)

    (found,) = refusals(read, inventory)

    file, line = found["file"].rsplit(":", 1)
    assert "us-east1-b" in Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_encrypted_value_is_not_shown(inventories: Path) -> None:
    file = inventories / "local/group_vars/all/project.yml"
    file.write_text("platform_environment: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n", encoding="utf-8")
    sources = read_sources([inventories / "local"])
    topics = read_topics(SCHEMAS)

    found = [
        finding.located(sources, "-")
        for finding in judge(topics, {"platform_environment": "hunter2"}, {}, sources, "platform_")
    ]

    assert "hunter2" not in "".join(map(sentence, found))
    assert any(finding["value"] == "(encrypted)" for finding in found)


def schema_nodes(node: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every schema in a schema that refuses values, with its path."""
    if isinstance(node, list):
        return [found for index, inner in enumerate(node) for found in schema_nodes(inner, f"{path}/{index}")]
    if not isinstance(node, dict):
        return []
    refuses = {"type", "enum", "pattern"} & node.keys() and path and not path.endswith("/properties")
    own = [(path, node)] if refuses else []
    return own + [found for key, inner in node.items() for found in schema_nodes(inner, f"{path}/{key}")]


@pytest.mark.parametrize("topic", read_topics(SCHEMAS), ids=lambda topic: topic.name)
def test_every_schema_says_what_is_allowed(topic: Any) -> None:
    assert [path for path, node in schema_nodes(topic.schema) if "allowed" not in node] == []

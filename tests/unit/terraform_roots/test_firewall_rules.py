"""The rules of firewall.yaml keep to their schema, and the schema notices what it should."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[3] / "terraform" / "roots" / "network"
RULES = ROOT / "firewall.yaml"
SCHEMA = ROOT.parents[1] / "modules" / "firewall_policy" / "rules.schema.json"

RULE: dict[str, Any] = {
    "action": "allow",
    "description": "Why.",
    "direction": "EGRESS",
    "priority": 1,
    "destination_ranges": ["10.0.0.0/8"],
}


def validator() -> jsonschema.Draft202012Validator:
    """The schema, itself checked."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_rules_keep_to_the_schema() -> None:
    """Every rule of the file is as the schema says, and the file's first line leads editors to it."""
    text = RULES.read_text(encoding="utf-8")
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert modeline
    assert (ROOT / modeline[1]).resolve() == SCHEMA.resolve()
    assert list(validator().iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"sorce_ranges": ["10.0.0.0/8"]},
        {"action": "ALLOW"},
        {"direction": "egress"},
        {"priority": 2000000000},
        {"priority": "1"},
        {"description": ""},
        {"destination_ranges": []},
        {"destination_ranges": ["10.0.0.0"]},
        {"destination_ranges": ["$range:private"]},
        {"direction": "INGRESS"},
        {"source_fqdns": ["api.example.com"]},
        {"destination_fqdns": ["*.example.com"]},
        {"layer4": {}},
        {"layer4": {"http": [80]}},
        {"layer4": {"tcp": [65536]}},
        {"layer4": {"tcp": "80"}},
        {"target_service_accounts": ["nodes"]},
    ],
    ids=str,
)
def test_schema_refuses(change: dict[str, Any]) -> None:
    """A rule without fault becomes faulty by one change."""
    assert validator().is_valid({"rule": RULE})
    assert not validator().is_valid({"rule": RULE | change})


def test_schema_and_variable_name_the_same_keys() -> None:
    """What an editor offers is what Terraform takes: a key that only one of them knows would be dropped in silence."""
    known = set(json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["rule"]["properties"])
    for variables in (ROOT / "variables.tf", SCHEMA.with_name("variables.tf")):
        text = variables.read_text(encoding="utf-8")
        declared = re.search(
            r"type = map\(object\(\{\n((?: {4}\w+ += .*\n)+) {2}\}\)\)\n(?:  default  = \{\}\n)?  nullable = false\n",
            text[text.index('rules" {') :],
        )
        assert declared, variables
        assert set(re.findall(r"^ {4}(\w+)", declared[1], re.MULTILINE)) == known

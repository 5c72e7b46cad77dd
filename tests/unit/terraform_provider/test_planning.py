"""Planning as an SDK-based provider does it."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.terraform_provider.loading import SpecificationError, _attributes, camel
from local_cloud.terraform_provider.planning import plan, same_value
from local_cloud.terraform_provider.values import UNKNOWN

ATTRIBUTES = _attributes(
    {
        "name": "required immutable string",
        "size": {"is": "optional number", "default": 10},
        "mode": "optional computed string",
        "link": "computed string",
        "note": "optional string",
        "network": {"is": "optional immutable string", "same": "reference"},
        "range": {"is": "optional string", "replaces_when": "cidr_shrinks"},
        "zone": {"is": "optional string", "stored": "upper_case"},
        "secret": "optional write-only string",
        "tags": "optional set of string",
        "data": {"is": "optional list of string", "unordered": True},
        "rule": {"is": "optional set of blocks", "inner": {"port": "required number", "id": "computed string"}},
        "log": {"is": "optional block", "inner": {"level": {"is": "optional string", "default": "INFO"}}},
        "auto": {"is": "optional computed block", "inner": {"on": "required bool"}},
        "fixed": {
            "is": "optional immutable block",
            "inner": {"a": "optional string", "b": "optional immutable string"},
        },
        "kind": {"is": "optional string", "default": "A", "blank": "A"},
        "gone": {"is": "optional block", "blank": {"on": False}, "inner": {"on": "required bool"}},
    }
)
NOTHING: dict[str, Any] = dict.fromkeys(ATTRIBUTES)
BLOCKS: dict[str, Any] = {name: [] for name, each in ATTRIBUTES.items() if each.is_block}


def config(**given: Any) -> dict[str, Any]:
    """A configuration: what is not given is null, a block that is not given is empty."""
    return {**NOTHING, **BLOCKS, "name": "n", **given}


def created(**given: Any) -> dict[str, Any]:
    """The state of an existing resource: planned from nothing, the unknown filled in."""
    state = plan(ATTRIBUTES, None, config(**given)).state
    known: dict[str, Any] = {"mode": "AUTO", "link": "https://link", "auto": [{"on": True}]}
    filled: dict[str, Any] = {name: known.get(name) if value is UNKNOWN else value for name, value in state.items()}
    for index, rule in enumerate(filled["rule"]):
        rule["id"] = f"r{index}"
    return filled


def test_a_new_resource_gets_defaults_and_unknowns() -> None:
    """Defaults are filled in, what the API decides is unknown, what nobody says is null."""
    planned = plan(ATTRIBUTES, None, config())
    assert planned.state["size"] == 10
    assert planned.state["mode"] is planned.state["link"] is planned.state["auto"] is UNKNOWN
    assert planned.state["note"] is None
    assert planned.replaces == []


def test_the_same_configuration_changes_nothing() -> None:
    """The plan is the state itself."""
    given = {"note": "x", "tags": ["b", "a"], "rule": [{"port": 1}, {"port": 2}], "log": [{"level": None}]}
    prior = created(**given)
    assert plan(ATTRIBUTES, prior, config(**given)).state == prior


@pytest.mark.parametrize(
    ("attribute", "before", "after"),
    [
        ("network", "https://www.googleapis.com/compute/v1/projects/p/global/networks/n", "n"),
        (
            "network",
            "projects/p/global/networks/n",
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
        ),
        ("zone", "EU", "eu"),
        ("tags", ["a", "b"], ["b", "a"]),
        ("data", ["a", "b"], ["b", "a"]),
        ("mode", "AUTO", ""),
        ("note", "", None),
        ("note", None, ""),
        ("gone", [{"on": False}], []),
    ],
)
def test_other_spellings_change_nothing(attribute: str, before: Any, after: Any) -> None:
    """Links, case, order and emptiness are compared by meaning."""
    prior = {**created(), attribute: before}
    planned = plan(ATTRIBUTES, prior, config(**{attribute: after}))
    assert same_value(ATTRIBUTES[attribute], prior[attribute], planned.state[attribute])
    assert planned.replaces == []


@pytest.mark.parametrize(
    ("attribute", "before", "after", "replaces"),
    [
        ("name", "n", "m", [("name",)]),
        ("name", "n", UNKNOWN, [("name",)]),
        ("network", "projects/p/global/networks/n", "m", [("network",)]),
        ("note", "x", "y", []),
        ("note", "x", None, []),
        ("range", "10.0.0.0/20", "10.0.0.0/19", []),
        ("range", "10.0.0.0/20", "10.0.0.0/21", [("range",)]),
        ("range", "10.0.0.0/20", "10.1.0.0/19", [("range",)]),
        ("fixed", [{"a": "1", "b": "1"}], [{"a": "2", "b": "1"}], []),
        ("fixed", [{"a": "1", "b": "1"}], [{"a": "1", "b": "2"}], [("fixed", 0, "b")]),
        ("fixed", [{"a": "1", "b": "1"}], [], [("fixed",)]),
        ("tags", ["a"], ["b"], []),
    ],
)
def test_changes_and_what_they_replace(attribute: str, before: Any, after: Any, replaces: list[Any]) -> None:
    """A change is planned, and says whether it needs a new resource."""
    prior = {**created(), attribute: before}
    planned = plan(ATTRIBUTES, prior, config(**{attribute: after}))
    assert not same_value(ATTRIBUTES[attribute], before, planned.state[attribute])
    assert planned.replaces == replaces


def test_an_update_keeps_what_the_api_decided() -> None:
    """Computed values stay known while something else changes."""
    planned = plan(ATTRIBUTES, created(), config(note="y")).state
    assert (planned["mode"], planned["link"], planned["auto"]) == ("AUTO", "https://link", [{"on": True}])


def test_elements_of_a_set_keep_their_computed_values() -> None:
    """An element is recognised by what was written; a new one has unknown parts."""
    prior = created(rule=[{"port": 1}, {"port": 2}])
    planned = plan(ATTRIBUTES, prior, config(rule=[{"port": 2}, {"port": 3}])).state["rule"]
    assert planned == [{"port": 2, "id": "r1"}, {"port": 3, "id": UNKNOWN}]


def test_a_write_only_argument_is_never_planned() -> None:
    """Not even when it is written."""
    assert plan(ATTRIBUTES, None, config(secret="s3cret")).state["secret"] is None


def test_a_value_that_means_unset_is_not_planned() -> None:
    """Neither written nor by default; another value is."""
    assert plan(ATTRIBUTES, None, config()).state["kind"] is None
    assert plan(ATTRIBUTES, None, config(kind="A")).state["kind"] is None
    assert plan(ATTRIBUTES, None, config(kind="B")).state["kind"] == "B"
    assert plan(ATTRIBUTES, {**created(), "kind": "B"}, config()).state["kind"] == "A"


def test_unknown_configuration_stays_unknown() -> None:
    """Values and whole blocks that only apply will tell."""
    planned = plan(ATTRIBUTES, created(), config(note=UNKNOWN, log=UNKNOWN)).state
    assert planned["note"] is planned["log"] is UNKNOWN


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ("string", "required, optional, computed"),
        ("optional text", "'optional text', allowed"),
        ({"is": "optional string", "defualt": 1}, "defualt, allowed"),
        ("optional block", "inner must stand together"),
    ],
)
def test_a_mistake_in_a_specification_is_named(declaration: Any, said: str) -> None:
    """With the attribute and what is allowed."""
    with pytest.raises(SpecificationError, match=said):
        _attributes({"thing": declaration})


@pytest.mark.parametrize(("name", "api"), [("ip_cidr_range", "ipCidrRange"), ("name", "name"), ("ipv6_x", "ipv6X")])
def test_names_follow_the_api(name: str, api: str) -> None:
    """Snake case to camel case."""
    assert camel(name) == api

"""What is declared over what is there: removals, maps as a whole, and fields that say nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.module_utils._compare import changed_fields, declared, declared_part, overlay, restricted

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("a new field", {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ("an undeclared field stays", {"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
    ("a field declared empty goes", {"a": "x"}, {"a": ""}, {}),
    ("a flag declared off goes", {"on": True}, {"on": False}, {}),
    ("an absent flag is off", {}, {"on": False}, {}),
    ("a nested field", {"v": {"on": True, "at": 1}}, {"v": {"on": False}}, {"v": {"at": 1}}),
    ("a nested field that is off already", {"a": 1}, {"v": {"on": False}}, {"a": 1}),
    (
        "a label that is not declared goes",
        {"labels": {"a": "1", "b": "2"}},
        {"labels": {"a": "1"}},
        {"labels": {"a": "1"}},
    ),
    ("no label is left", {"labels": {"a": "1"}}, {"labels": {}}, {}),
    ("a list is replaced", {"l": [1, 2]}, {"l": [2]}, {"l": [2]}),
    ("an empty nested list goes", {"lifecycle": {"rule": [1]}}, {"lifecycle": {"rule": []}}, {}),
]


@pytest.mark.parametrize(("before", "desired", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_overlay(before: dict[str, Any], desired: dict[str, Any], after: dict[str, Any]) -> None:
    assert overlay(before, desired, {"labels"}) == after


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "labels"]), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_what_was_laid_over_is_not_changed_by_laying_it_over_again(before: Any, desired: Any) -> None:
    after = overlay(before, desired, {"labels"})

    assert changed_fields(after, overlay(after, desired, {"labels"})) == []


@given(OBJECTS, OBJECTS)
def test_inputs_are_left_alone(before: Any, desired: Any) -> None:
    kept = repr((before, desired))

    overlay(before, desired)

    assert repr((before, desired)) == kept


def test_changed_fields_take_nothing_and_absence_for_the_same() -> None:
    assert changed_fields({"a": False, "b": 1, "c": {"d": []}}, {"b": 2}) == ["b"]


def test_a_diff_shows_only_what_is_declared() -> None:
    value = {"config": {"preferred": 1, "granted": 2}, "labels": {"old": "x"}, "other": 3}

    assert declared_part(value, {"config": {"preferred": 5}, "labels": {"new": "y"}}, {"labels"}) == {
        "config": {"preferred": 1},
        "labels": {"old": "x"},
    }


def test_restricted_keeps_the_keys_of_the_pattern() -> None:
    assert restricted({"a": {"x": 1, "y": 2}, "b": 3, "c": ""}, {"a": {"x": 0}, "c": "z"}) == {"a": {"x": 1}}


def test_an_option_left_out_is_not_declared() -> None:
    assert declared(a=None, b="", c=0) == {"b": "", "c": 0}

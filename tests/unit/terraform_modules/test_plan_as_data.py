"""What `terraform show -json` says becomes data that is minimal and has no secret in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.module_utils._terraform_drift import settable_drift
from plugins.module_utils._terraform_plan import (
    SENSITIVE,
    SENSITIVE_CHANGED,
    UNKNOWN,
    Change,
    Plan,
    difference,
    masked_outputs,
)

COMPUTE = "https://compute.googleapis.com/compute/v1"
PLANTED = "planted-secret-8842"


def resource(**change: Any) -> dict[str, Any]:
    """A `resource_changes` entry whose change has these fields."""
    address = change.pop("address", "google_thing.x")
    return {
        "address": address,
        "type": "google_thing",
        "provider_name": "registry.terraform.io/hashicorp/google",
        "change": {"actions": ["update"], "before": None, "after": None, **change},
    }


def plan_of(*resources: dict[str, Any], **more: Any) -> Plan:
    return Plan.from_show({"resource_changes": list(resources), **more})


def test_only_what_differs_is_kept() -> None:
    before = {"name": "n", "size": 1, "nested": {"same": True, "other": "a"}, "ranges": ["a", "b"]}
    after = {"name": "n", "size": 2, "nested": {"same": True, "other": "b"}, "ranges": ["a", "c"]}
    (change,) = plan_of(resource(before=before, after=after)).changes
    assert change.before == {"size": 1, "nested": {"other": "a"}, "ranges": ["a", "b"]}
    assert change.after == {"size": 2, "nested": {"other": "b"}, "ranges": ["a", "c"]}


def test_a_created_resource_shows_what_is_set_and_what_is_not_known_yet() -> None:
    change = plan_of(
        resource(
            actions=["create"],
            after={"name": "n", "description": None, "tags": []},
            after_unknown={"id": True, "tags": [], "network": [{"self_link": True}]},
        )
    ).changes[0]
    assert change.before is None
    assert change.after == {"name": "n", "id": UNKNOWN, "network": [{"self_link": UNKNOWN}]}


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (["no-op"], "no_op"),
        (["create"], "create"),
        (["read"], "read"),
        (["update"], "update"),
        (["delete"], "delete"),
        (["forget"], "forget"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
    ],
)
def test_every_list_of_actions_is_counted_under_one_word(actions: list[str], word: str) -> None:
    plan = plan_of(resource(actions=actions, before={"a": 1}, after={"a": 1}))
    assert plan.summary == {**dict.fromkeys(plan.summary, 0), word: 1}
    assert plan.is_empty == (word in ("no_op", "read"))


def test_replace_paths_read_like_addresses() -> None:
    (change,) = plan_of(
        resource(actions=["delete", "create"], before={}, after={}, replace_paths=[["network", 0, "id"], ["name"]])
    ).changes
    assert change.replace_paths == ("network[0].id", "name")


def test_sensitive_values_are_masked_in_every_module_and_in_lists() -> None:
    plan = plan_of(
        resource(
            address="module.a.module.b.google_thing.x",
            before={"users": [{"name": "u", "key": "old-" + PLANTED}]},
            after={"users": [{"name": "v", "key": PLANTED}]},
            before_sensitive={"users": [{"key": True}]},
            after_sensitive={"users": [{"key": True}]},
        )
    )
    (change,) = plan.changes
    assert change.after == {"users": [{"name": "v", "key": SENSITIVE_CHANGED}]}
    assert PLANTED not in json.dumps(plan.to_result())


def test_a_changed_secret_is_seen_as_a_change() -> None:
    sensitive = {"value": True}
    (change,) = plan_of(
        resource(
            before={"value": "one-" + PLANTED},
            after={"value": PLANTED},
            before_sensitive=sensitive,
            after_sensitive=sensitive,
        )
    ).changes
    assert (change.before, change.after) == ({"value": SENSITIVE}, {"value": SENSITIVE_CHANGED})


def test_a_secret_that_comes_back_unmarked_is_masked_by_its_value() -> None:
    plan = plan_of(
        resource(
            before={"input": PLANTED, "output": PLANTED, "command": f"login --key={PLANTED}", "n": 1},
            after={"input": PLANTED, "n": 2},
            after_unknown={"output": True, "command": True},
            before_sensitive={"input": True},
            after_sensitive={"input": True},
        )
    )
    assert plan.changes[0].before == {"output": SENSITIVE, "command": SENSITIVE, "n": 1}


def test_the_value_of_a_sensitive_variable_is_masked_where_a_provider_echoes_it() -> None:
    plan = plan_of(
        resource(before={"echo": "x"}, after={"echo": PLANTED}),
        variables={"key": {"value": PLANTED}},
        configuration={"root_module": {"variables": {"key": {"sensitive": True}}}},
    )
    assert plan.changes[0].after == {"echo": SENSITIVE}


def test_an_attribute_named_like_a_secret_is_hidden_without_a_mark() -> None:
    plan = plan_of(resource(before={"password": "old"}, after={"password": PLANTED}))
    assert PLANTED not in json.dumps(plan.to_result())


def test_a_short_secret_does_not_mask_innocent_words() -> None:
    plan = plan_of(
        resource(
            before={"pin": "us", "region": "us-east1"},
            after={"pin": "eu", "region": "us-central1"},
            before_sensitive={"pin": True},
            after_sensitive={"pin": True},
        )
    )
    assert plan.changes[0].after["region"] == "us-central1"


def test_drift_and_outputs_are_masked_too() -> None:
    plan = plan_of(
        resource_drift=[
            resource(
                before={"key": "a"},
                after={"key": PLANTED},
                before_sensitive={"key": True},
                after_sensitive={"key": True},
            )
        ],
        output_changes={
            "secret": {"actions": ["create"], "before": None, "after": PLANTED, "after_sensitive": True},
            "plain": {"actions": ["no-op"], "before": 3, "after": 3, "after_sensitive": False},
            "later": {"actions": ["create"], "before": None, "after_unknown": True, "after_sensitive": False},
        },
    )
    assert PLANTED not in json.dumps(plan.to_result())
    assert plan.outputs["plain"] == {"action": "no_op", "sensitive": False, "value": 3}
    assert plan.outputs["later"]["value"] == UNKNOWN
    assert not plan.is_empty


def test_a_moved_resource_is_a_change_of_the_state() -> None:
    moved = resource(actions=["no-op"], before={"a": 1}, after={"a": 1}, address="google_thing.new")
    plan = plan_of({**moved, "previous_address": "google_thing.old"})
    assert plan.changes[0].previous_address == "google_thing.old"
    assert not plan.is_empty


def test_changes_survive_the_way_through_a_result() -> None:
    (change,) = plan_of(
        resource(actions=["delete", "create"], before={"a": 1}, after={"a": 2}, replace_paths=[["a"]])
    ).changes
    assert Change.from_result(json.loads(json.dumps(change.to_result()))) == change


def test_the_diff_has_both_sides_by_address() -> None:
    plan = plan_of(
        resource(address="a.created", actions=["create"], after={"n": 1}),
        resource(address="a.deleted", actions=["delete"], before={"n": 1}),
        resource(address="a.read", actions=["read"], after={"n": 1}),
    )
    assert difference(plan.changes) == {"before": {"a.deleted": {"n": 1}}, "after": {"a.created": {"n": 1}}}


def test_outputs_are_masked_unless_revealed() -> None:
    outputs: dict[str, dict[str, Any]] = {
        "key": {"value": PLANTED, "sensitive": True},
        "echo": {"value": f"x{PLANTED}"},
        "n": {"value": [1]},
    }
    assert masked_outputs(outputs, frozenset()) == {
        "key": {"value": SENSITIVE, "sensitive": True},
        "echo": {"value": SENSITIVE, "sensitive": False},
        "n": {"value": [1], "sensitive": False},
    }
    assert masked_outputs(outputs, frozenset({"key"}))["key"]["value"] == PLANTED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"labels": None}, {"labels": {}}),
        ({"a": [{"b": None, "c": 1}]}, {"a": [{"b": [], "c": 1}]}),
        ({"flag": None, "text": ""}, {"flag": False, "text": None}),
        ({}, {"added": None}),
        ({"link": ["projects/p/global/networks/n"]}, {"link": [f"{COMPUTE}/projects/p/global/networks/n"]}),
    ],
)
def test_nothing_and_empty_are_no_drift(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert plan_of(resource_drift=[resource(before=before, after=after)]).drift == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"flag": True}, {"flag": False}),
        ({"flag": None}, {"flag": True}),
        ({"labels": {"a": "b"}}, {"labels": {}}),
        ({"labels": {"a": "b"}}, {"labels": None}),
        ({"rules": [1]}, {"rules": [1, 2]}),
        ({"count": 1}, {"count": 0}),
        ({"link": "projects/p/global/networks/n"}, {"link": f"{COMPUTE}/projects/p/global/networks/m"}),
        ({"a": 1}, None),
    ],
)
def test_what_somebody_changed_is_drift(before: dict[str, Any], after: dict[str, Any] | None) -> None:
    noisy = None if after is None else {**after, "noise": []}
    (change,) = plan_of(resource_drift=[resource(before={**before, "noise": None}, after=noisy)]).drift
    assert change.before == before
    assert change.before != change.after


BLOCK = {
    "attributes": {"fingerprint": {"computed": True}, "size": {"optional": True, "computed": True}},
    "block_types": {"rule": {"block": {"attributes": {"tuples": {"computed": True}, "port": {"optional": True}}}}},
}
SCHEMAS = {
    "provider_schemas": {
        "registry.terraform.io/hashicorp/google": {"resource_schemas": {"google_thing": {"block": BLOCK}}}
    }
}


@pytest.mark.parametrize(
    ("before", "after", "drifted"),
    [
        ({"fingerprint": "a", "size": 1}, {"fingerprint": "b", "size": 1}, False),
        ({"rule": [{"tuples": 1, "port": 80}]}, {"rule": [{"tuples": 2, "port": 80}]}, False),
        ({"rule": [{"tuples": 1, "port": 80}]}, {"rule": [{"tuples": 1, "port": 81}]}, True),
        ({"fingerprint": "a", "size": 1}, {"fingerprint": "b", "size": 2}, True),
        ({"fingerprint": "a"}, None, True),
    ],
)
def test_what_only_google_sets_is_no_drift(before: dict[str, Any], after: dict[str, Any] | None, drifted: bool) -> None:
    found = list(settable_drift([resource(before=before, after=after)], SCHEMAS))
    assert bool(found) == drifted


def test_a_resource_of_an_unknown_schema_is_kept() -> None:
    assert len(list(settable_drift([resource(before={"a": 1}, after={"a": 2})], {}))) == 1

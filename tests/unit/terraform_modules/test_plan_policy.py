"""A policy refuses what it denies, names the key that would allow it, and lets through only what is excepted."""

from __future__ import annotations

import pytest

from plugins.module_utils._plan_policy import Policy, matches, refusal_failure
from plugins.module_utils._terraform_plan import Change

DEV = Policy(
    deny=("delete", "replace"), allow=("google_compute_address.nat[*]",), inventory_key="platform_policy.allow"
)
PROD = Policy(deny=("delete", "replace", "forget", "update"), allow=(), inventory_key="platform_policy.allow")


def change(address: str, action: str) -> Change:
    kind = address.split(".", maxsplit=1)[0]
    return Change(address, kind, action, (action,), {}, {}, ("cidr",), "google", None, None, importing=False)


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_a_planted_loss_is_refused(action: str) -> None:
    """The negative control: were this to pass, the gate would be open."""
    (refusal,) = DEV.judge([change("google_compute_network.this", action), change("google_thing.new", "create")])
    entry = refusal.to_result()
    assert entry["what"] == f"{action} google_compute_network.this"
    assert f"deny: {action}" in entry["why"]
    assert "cidr cannot be changed in place" in entry["why"]
    assert entry["hint"] == "to allow it, add 'google_compute_network.this' to platform_policy.allow"


def test_an_excepted_address_passes_and_its_neighbour_does_not() -> None:
    changes = [change(f'google_compute_address.nat["{name}"]', "delete") for name in ("a", "b")]
    assert DEV.judge(changes) == []
    assert [refusal.address for refusal in DEV.judge([change("google_compute_address.nat_b", "delete")])]


def test_what_is_not_denied_passes() -> None:
    assert (
        DEV.judge([change("google_thing.x", action) for action in ("create", "update", "read", "no_op", "forget")])
        == []
    )


def test_production_denies_more() -> None:
    assert [r.action for r in PROD.judge([change("a.b", action) for action in ("create", "update", "forget")])] == [
        "update",
        "forget",
    ]


def test_without_a_policy_everything_passes() -> None:
    assert Policy.from_params(None).judge([change("a.b", "delete")]) == []


def test_the_failure_names_address_action_rule_and_key() -> None:
    failure = refusal_failure(DEV.judge([change("a.b", "delete"), change("a.c", "replace")]))
    assert failure.reason == "PLAN_REFUSED"
    for words in (
        "a.b would be destroyed",
        "a.c would be destroyed and created again",
        "deny: delete",
        "deny: replace",
    ):
        assert words in failure.message
    assert "platform_policy.allow" in failure.hint
    assert "'a.b', 'a.c'" in failure.hint


@pytest.mark.parametrize(
    ("glob", "address", "expected"),
    [
        ("*", 'module.a["x"].b.c[0]', True),
        ("module.a.*", "module.a.b.c", True),
        ("module.a.*", "module.ab.c", False),
        ("b.c[0]", "b.c[0]", True),
        ("b.c[0]", "b.c0", False),
        ("b.c[?]", "b.c[1]", True),
        ("b.c", "b.cc", False),
        ("b.c", "x.b.c", False),
    ],
)
def test_globs_take_brackets_for_what_they_are(glob: str, address: str, expected: bool) -> None:
    assert matches(glob, address) is expected

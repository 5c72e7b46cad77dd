"""Fault rules: what is refused, what is hit, and that counts survive."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from local_cloud.faults import FaultRule, FaultRules

if TYPE_CHECKING:
    from pathlib import Path

CALL = ("compute", "compute.networks.insert", "projects/p/global/networks/n", "user:a@b.example")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "it does nothing"),
        ({"service": "compute"}, "it does nothing"),
        ({"stauts": 503}, "no key 'stauts'; there are after, count"),
        ({"status": 200}, "status 200 is not an error; allowed are 400 to 599"),
        ({"status": "five"}, "status 'five' is not a number"),
        ({"status": True}, "status True is not a number"),
        ({"reason": "madeUp"}, "reason 'madeUp' needs a status"),
        ({"drop": "both"}, "drop 'both' is not one of request, response"),
        ({"drop": "request", "status": 503}, "cannot carry a status"),
        ({"status": 503, "probability": 0}, "probability 0 is not above 0"),
        ({"status": 503, "probability": 1.5}, "probability 1.5 is not above 0 and at most 1"),
        ({"latency": -1}, "latency -1 is not between 0 and 600 seconds"),
        ({"status": 503, "count": 0}, "count is at least 1"),
        ({"status": 503, "after": -1}, "after at least 0"),
        ({"status": 503, "service": 7}, "service 7 is not text"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="fault: ") as refused:
        FaultRule.parse(rule)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "status", "reason", "canonical"),
    [
        ({"status": 429}, 429, "rateLimitExceeded", "RESOURCE_EXHAUSTED"),
        ({"status": 500}, 500, "internalError", "INTERNAL"),
        ({"status": 503}, 503, "backendError", "UNAVAILABLE"),
        ({"status": 401}, 401, "authError", "UNAUTHENTICATED"),
        ({"reason": "conflict"}, 409, "conflict", "ABORTED"),
        ({"status": 403, "reason": "rateLimitExceeded"}, 403, "rateLimitExceeded", "RESOURCE_EXHAUSTED"),
        ({"status": 418}, 418, "backendError", "UNKNOWN"),
    ],
)
def test_status_and_reason_complete_each_other(rule: dict[str, Any], status: int, reason: str, canonical: str) -> None:
    error = FaultRule.parse(rule).error()
    assert error is not None
    assert (error.code, error.reason, error.status) == (status, reason, canonical)


@pytest.mark.parametrize("style", ["aip", "compute", "legacy"])
def test_an_error_has_the_shape_of_the_api(style: str) -> None:
    error = FaultRule.parse({"status": 503, "message": "planted"}).error()
    assert error is not None
    body = error.body(style)["error"]
    assert (body["code"], body["message"]) == (503, "planted")
    assert ("errors" in body) == (style != "aip")


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({}, True),
        ({"service": "compute"}, True),
        ({"service": "iam"}, False),
        ({"method": "compute.*.insert"}, True),
        ({"method": "*.delete"}, False),
        ({"resource": "projects/*/networks/n"}, True),
        ({"resource": "projects/q/*"}, False),
        ({"principal": "user:*"}, True),
        ({"principal": "serviceAccount:*"}, False),
        ({"service": "compute", "principal": "serviceAccount:*"}, False),
    ],
)
def test_every_pattern_must_match(tmp_path: Path, rule: dict[str, Any], hit: bool) -> None:
    rules = FaultRules(tmp_path / "faults.json")
    rules.add({"status": 503, **rule})
    assert (rules.hit(*CALL) is not None) == hit


def test_after_lets_calls_pass_and_count_ends_the_rule(tmp_path: Path) -> None:
    rules = FaultRules(tmp_path / "faults.json")
    rules.add({"status": 503, "after": 1, "count": 2})
    assert [rules.hit(*CALL) is not None for _ in range(5)] == [False, True, True, False, False]
    assert (rules.listed()[0]["seen"], rules.listed()[0]["hits"]) == (5, 2)


def test_the_first_rule_that_strikes_wins_and_the_next_takes_over(tmp_path: Path) -> None:
    rules = FaultRules(tmp_path / "faults.json")
    first, second = rules.add({"status": 503, "count": 1}), rules.add({"status": 429})
    assert [struck.id for _ in range(2) if (struck := rules.hit(*CALL))] == [first.id, second.id]


def test_probability_is_the_share_that_is_hit(tmp_path: Path) -> None:
    rules = FaultRules(tmp_path / "faults.json", random.Random(7))  # noqa: S311 - chance, not secrecy
    rules.add({"status": 503, "probability": 0.25})
    hits = sum(rules.hit(*CALL) is not None for _ in range(400))
    assert 70 <= hits <= 130


def test_rules_and_counts_survive_a_restart(tmp_path: Path) -> None:
    rules = FaultRules(tmp_path / "faults.json")
    rules.add({"status": 503, "count": 1})
    assert rules.hit(*CALL) is not None
    again = FaultRules(tmp_path / "faults.json")
    assert again.listed() == rules.listed()
    assert again.hit(*CALL) is None


def test_clearing_drops_one_or_all(tmp_path: Path) -> None:
    rules = FaultRules(tmp_path / "faults.json")
    kept, dropped = rules.add({"status": 503}), rules.add({"status": 500})
    assert rules.clear(dropped.id) == 1
    assert [rule["id"] for rule in rules.listed()] == [kept.id]
    assert rules.clear() == 1
    assert rules.listed() == []


def test_a_spoilt_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps([{"colour": "red"}]))
    with pytest.raises(ValueError, match=r"faults\.json.*colour"):
        FaultRules(path)

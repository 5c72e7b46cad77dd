"""Each way in which terraform fails becomes a reason, a sentence and a hint; the lines are those of terraform 1.11."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.module_utils._terraform_ui import Event, failure_of, google_error


def error(summary: str, detail: str = "", **more: Any) -> Event:
    """An error as terraform prints it with -json."""
    fields = {"severity": "error", "summary": summary, "detail": detail, **more}
    event = Event.from_line(json.dumps({"type": "diagnostic", "@message": summary, "diagnostic": fields}))
    assert event is not None
    return event


LOCK_DETAIL = (
    "Error message: resource temporarily unavailable\nLock Info:\n  ID:        d67ef66e\n  Path:      gs://b/p/default.tflock\n"
    "  Operation: OperationTypeApply\n  Who:       ann@laptop\n  Version:   1.11.4\n"
    "  Created:   2026-11-23 01:43:46.5 +0000 UTC\n  Info:      \n\nTerraform acquires a state lock"
)


def test_a_held_lock_says_who_when_and_which() -> None:
    failure = failure_of("plan", 1, [error("Error acquiring the state lock", LOCK_DETAIL)], "")
    assert failure.reason == "STATE_LOCKED"
    for words in ("gs://b/p/default.tflock", "ann@laptop", "2026-11-23 01:43:46Z", "apply", "d67ef66e"):
        assert words in failure.message
    assert "lock_id=d67ef66e" in failure.hint


@pytest.mark.parametrize(
    "event",
    [
        error(
            "Invalid value for variable",
            "size must be below 10\n\nThis was checked by the validation rule at main.tf:6,3-13.",
            range={"filename": "net.auto.tfvars.json", "start": {"line": 2}},
            snippet={"code": '  "size": 40,'},
        ),
        error(
            "Invalid value for input variable",
            "The given value is not suitable for var.size declared at main.tf:4,1-16: a number is required.",
        ),
        error(
            "No value for required variable",
            'The root module input variable "size" is not set, and has no default value.',
            range={"filename": "variables.tf", "start": {"line": 4}},
            snippet={"code": 'variable "size" {'},
        ),
    ],
)
def test_a_bad_variable_is_named(event: Event) -> None:
    failure = failure_of("plan", 1, [event], "")
    assert failure.reason == "INVALID_VARIABLE"
    assert failure.message.startswith("Variable size: ")


def test_a_stale_plan_says_so() -> None:
    failure = failure_of("apply", 1, [error("Saved plan is stale", "The given plan file can no longer be applied")], "")
    assert failure.reason == "STALE_PLAN"
    assert "plan again" in failure.hint


DISABLED = (
    "googleapi: Error 403: Compute Engine API has not been used in project p before or it is disabled.\nDetails:\n"
    '[ { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED" } ]\n, accessNotConfigured'
)


def test_googles_reason_and_status_are_kept() -> None:
    failure = failure_of(
        "apply", 1, [error("Error creating Network: " + DISABLED, address="google_compute_network.x")], ""
    )
    assert (failure.reason, failure.status) == ("SERVICE_DISABLED", 403)
    assert "google_compute_network.x" in failure.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DISABLED, (403, "SERVICE_DISABLED")),
        ("googleapi: Error 409: Already exists, alreadyExists", (409, "alreadyExists")),
        ("googleapi: Error 503: Backend Error", (503, None)),
        ("no such thing", (None, None)),
    ],
)
def test_google_errors_are_recognised(text: str, expected: tuple[int | None, str | None]) -> None:
    assert google_error(text) == expected


def test_a_missing_bucket_of_the_state_is_told_from_one_a_resource_needs() -> None:
    words = "querying Cloud Storage failed: storage: bucket doesn't exist"
    assert (
        failure_of("init", 1, [error("Failed to get existing workspaces", words)], "").reason == "STATE_BUCKET_MISSING"
    )
    of_resource = failure_of(
        "plan", 1, [error("googleapi: Error 404: The specified bucket does not exist., notFound", address="a.b")], ""
    )
    assert (of_resource.reason, of_resource.status) == ("notFound", 404)


def test_the_telling_error_comes_before_the_halt_that_follows_it() -> None:
    events = [error("execution halted"), error("local-exec provisioner error", "exit status 3", address="a.b")]
    failure = failure_of("apply", 1, events, "")
    assert failure.reason == "PROVIDER_ERROR"
    assert "exit status 3" in failure.message


def test_a_warning_is_not_the_reason() -> None:
    warning = error("Value for undeclared variable", severity="warning")
    failure = failure_of("plan", 1, [warning, error("Saved plan is stale")], "")
    assert failure.reason == "STALE_PLAN"


def test_words_without_events_are_not_lost() -> None:
    failure = failure_of("plan", 127, [], "cannot\n execute")
    assert failure.reason == "TERRAFORM_FAILED"
    assert "cannot execute" in failure.message


@pytest.mark.parametrize("line", ["plain words", "{ not json", '{"no": "type"}', "[]"])
def test_lines_that_are_no_events_are_left_out(line: str) -> None:
    assert Event.from_line(line) is None

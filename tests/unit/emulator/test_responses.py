"""Every answer fits its schema, and the recordings are matched to the bar that the platform promises."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.schema import departures
from tests.conformance.replay import RECORDINGS, Replay, recorded_cases
from tests.conformance.scope import in_scope

BAR = 0.95
# What Google itself answers though its own document does not declare it.
UNDECLARED = ("@type", "$.zoneContext", "allowSubnetCidrRoutesOverlap")

needs_recordings = pytest.mark.skipif(
    not RECORDINGS.exists(), reason="recordings lie beside the checkout only where the team works"
)


@needs_recordings
def test_recordings_match_and_answers_fit_their_schema() -> None:
    replay, matches, total = Replay(), 0, 0
    misfits: set[str] = set()
    handle = replay.emulator.handle

    def checked(request: Request) -> Response:
        response = handle(request)
        misfits.update(_misfits(replay, request, response))
        return response

    replay.emulator.handle = checked  # type: ignore[method-assign]
    for case in recorded_cases():
        for outcome in replay.case(case):
            if in_scope(outcome):
                matches, total = matches + outcome.matches, total + 1
    assert sorted(misfits) == []
    assert matches / total >= BAR, f"{matches} of {total}: `make conformance` lists what departs"


def _misfits(replay: Replay, request: Request, response: Response) -> list[str]:
    method = replay.emulator.routes.match(request.host, request.method, request.path)
    plain = "enum-encoding" not in request.query and response.status == 200 and response.body.startswith(b"{")
    if method is None or not method.response or not plain:
        return []
    answer: Any = response.parsed()
    found = departures(method.document, {"$ref": method.response}, answer)
    return [f"{method.id} {text}" for text in found if not any(word in text for word in UNDECLARED)]

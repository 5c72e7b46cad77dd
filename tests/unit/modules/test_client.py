"""The client: what it tries again, for how long, and how it makes things exactly once."""

from __future__ import annotations

import email.utils
import time
from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils._client import Client, segment
from plugins.module_utils._failure import Failure
from plugins.module_utils._retry import FRESH_ENABLEMENT
from plugins.module_utils._wait import Is, Wait
from tests.unit.modules.google_server import DROP, GoogleServer, Received, Reply, google_error, in_turn

if TYPE_CHECKING:
    from tests.unit.modules.conftest import HandClock

HOST = "iam.googleapis.com"


def legacy(status: int, reason: str) -> Reply:
    """An error in the older JSON dialect."""
    return Reply(status, {"error": {"code": status, "message": "no", "errors": [{"reason": reason}]}})


TRANSIENT = {
    "429": google_error(429, "RATE_LIMIT_EXCEEDED"),
    "500": google_error(500, "INTERNAL"),
    "502 page": Reply(502, b"<html>bad gateway</html>"),
    "503": legacy(503, "backendError"),
    "403 rate": legacy(403, "rateLimitExceeded"),
    "403 per minute": google_error(403, "QUOTA", "Quota exceeded for quota metric 'Queries' and limit 'Per minute'"),
    "403 concurrent": google_error(403, "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"),
    "400 not ready": legacy(400, "resourceNotReady"),
    "409 in progress": legacy(409, "operationInProgress"),
    "dropped": DROP,
}

FINAL = {
    "400": google_error(400, "INVALID_ARGUMENT"),
    "403 disabled": google_error(403, "SERVICE_DISABLED"),
    "403": google_error(403, "IAM_PERMISSION_DENIED"),
    "404": google_error(404, "NOT_FOUND"),
    "409": google_error(409, "ALREADY_EXISTS"),
    "501": google_error(501, "UNIMPLEMENTED"),
}


@pytest.mark.parametrize("verb", ["get", "put", "patch", "post", "delete"])
@pytest.mark.parametrize("reply", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_every_verb_outlives_a_passing_fault(google: GoogleServer, client: Client, verb: str, reply: Reply) -> None:
    google.script = in_turn(reply, Reply(body={"fine": True}))
    more: dict[str, Any] = {} if verb in ("get", "delete") else {"body": {"a": 1}}

    assert getattr(client, verb)(HOST, "/v1/x", **more) == {"fine": True}
    assert len(google.received) == 2


@pytest.mark.parametrize("reply", FINAL.values(), ids=FINAL.keys())
def test_a_final_answer_is_not_asked_for_again(google: GoogleServer, client: Client, reply: Reply) -> None:
    google.script = in_turn(reply)

    with pytest.raises(Failure) as caught:
        client.get(HOST, "/v1/x")

    assert caught.value.status == reply.status
    assert caught.value.request == f"GET https://{HOST}/v1/x"


def test_the_pause_is_never_shorter_than_the_server_asks(
    google: GoogleServer, client: Client, clock: HandClock
) -> None:
    later = email.utils.formatdate(time.time() + 20, usegmt=True)
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"}
    google.script = in_turn(
        Reply(429, b"", {"Retry-After": "11"}),
        Reply(503, b"", {"Retry-After": later}),
        Reply(503, {"error": {"code": 503, "message": "busy", "details": [info]}}),
        Reply(),
    )

    client.get(HOST, "/v1/x")

    assert clock.slept[0] == 11
    assert 18 <= clock.slept[1] <= 20
    assert clock.slept[2] == 7.5


def test_pauses_grow_until_the_deadline_and_the_failure_says_how_often(
    google: GoogleServer, client: Client, clock: HandClock
) -> None:
    google.script = lambda _request: google_error(503, "UNAVAILABLE", "come back later")

    with pytest.raises(Failure, match=r"come back later \(tried 8 times in 46 s\)"):
        client.get(HOST, "/v1/x")

    assert clock.slept == [0.5, 1, 2, 4, 8, 15, 15]
    assert clock.time <= client.retry_timeout


def test_a_server_that_asks_for_more_time_than_there_is_fails_at_once(
    google: GoogleServer, client: Client, clock: HandClock
) -> None:
    google.script = in_turn(Reply(429, b"", {"Retry-After": "3600"}))

    with pytest.raises(Failure):
        client.get(HOST, "/v1/x")

    assert clock.slept == []


def test_a_fresh_enablement_is_waited_for_only_on_request(google: GoogleServer, client: Client) -> None:
    disabled = google_error(403, "SERVICE_DISABLED", service="iam.googleapis.com", consumer="projects/p")
    google.script = in_turn(disabled, disabled, Reply(body={"usable": True}))

    assert client.get(HOST, "/v1/x", settling=FRESH_ENABLEMENT) == {"usable": True}


def test_the_hint_names_service_and_project(google: GoogleServer, client: Client) -> None:
    google.script = in_turn(google_error(403, "SERVICE_DISABLED", service="iam.googleapis.com", consumer="projects/p"))

    with pytest.raises(Failure) as caught:
        client.get(HOST, "/v1/x")

    assert caught.value.hint.endswith("gcloud services enable iam.googleapis.com --project projects/p")


class Kept:
    """A collection that makes what is posted; `lose` answers that many creations with the fault, after making."""

    def __init__(self, fault: Reply, lose: int, makes_first: bool = True) -> None:
        self.fault = fault
        self.lose = lose
        self.makes_first = makes_first
        self.made: list[str] = []
        self.request_ids: list[str] = []

    def __call__(self, request: Received) -> Reply:
        if request.method == "GET":
            return Reply(body={"name": "x"}) if self.made else google_error(404, "NOT_FOUND")
        self.request_ids += request.query.get("requestId", [])
        if self.lose == 0 and self.made:
            return google_error(409, "ALREADY_EXISTS")
        if self.lose == 0 or self.makes_first:
            self.made.append("x")
        if self.lose:
            self.lose -= 1
            return self.fault
        return Reply(body={"name": "x", "fresh": True})


@pytest.mark.parametrize("fault", [DROP, google_error(503, "UNAVAILABLE")], ids=["dropped", "503"])
def test_a_creation_that_was_cut_off_is_found_and_not_repeated(
    google: GoogleServer, client: Client, fault: Reply
) -> None:
    google.script = kept = Kept(fault, lose=1)

    made = client.create(HOST, "/v1/things", body={}, find=lambda: client.find(HOST, "/v1/things/x"))

    assert made == {"name": "x"}
    assert kept.made == ["x"]
    assert [request.method for request in google.received] == ["POST", "GET"]


def test_a_creation_that_never_arrived_is_repeated(google: GoogleServer, client: Client) -> None:
    google.script = kept = Kept(DROP, lose=1, makes_first=False)

    made = client.create(HOST, "/v1/things", body={}, find=lambda: client.find(HOST, "/v1/things/x"))

    assert made == {"name": "x", "fresh": True}
    assert kept.made == ["x"]


def test_a_first_conflict_is_somebody_elses_thing(google: GoogleServer, client: Client) -> None:
    google.script = in_turn(google_error(409, "ALREADY_EXISTS"))

    with pytest.raises(Failure, match="ALREADY_EXISTS"):
        client.create(HOST, "/v1/things", body={}, find=lambda: {"name": "x"})


def test_compute_recognises_the_second_attempt_by_its_request_id(google: GoogleServer, client: Client) -> None:
    google.script = kept = Kept(DROP, lose=1, makes_first=False)
    host = "compute.googleapis.com"

    client.create(host, "/compute/v1/things", body={}, find=lambda: client.find(host, "/compute/v1/things/x"))

    assert len(kept.request_ids) == 2
    assert len(set(kept.request_ids)) == 1


def test_deleting_what_is_gone_is_done(google: GoogleServer, client: Client) -> None:
    google.script = in_turn(DROP, google_error(404, "NOT_FOUND"))

    assert client.delete(HOST, "/v1/x") is None


@pytest.mark.parametrize(
    "stale",
    [google_error(409, "ABORTED", "There were concurrent policy changes."), legacy(412, "conditionNotMet")],
    ids=["409", "412"],
)
def test_a_stale_write_is_read_and_worked_out_again(google: GoogleServer, client: Client, stale: Reply) -> None:
    google.script = in_turn(Reply(body={"etag": "1"}), stale, Reply(body={"etag": "2"}), Reply(body={"done": True}))

    def change() -> dict[str, Any]:
        return client.put(HOST, "/v1/x", body=client.get(HOST, "/v1/x"))

    assert client.read_modify_write(change, "the policy") == {"done": True}
    assert google.received[-1].json == {"etag": "2"}


def test_pages_are_read_to_the_end(google: GoogleServer, client: Client) -> None:
    google.script = in_turn(
        Reply(body={"things": [{"n": 1}, {"n": 2}], "nextPageToken": "t"}), Reply(), Reply(body={"things": [{"n": 3}]})
    )

    assert [item["n"] for item in client.items(HOST, "/v1/things", "things", query={"filter": "a=b"})] == [1, 2]
    assert google.received[1].query == {"filter": ["a=b"], "pageToken": ["t"]}


def test_an_operation_is_watched_to_its_end(google: GoogleServer, client: Client, clock: HandClock) -> None:
    running = {"name": "operations/o1", "done": False}
    google.script = in_turn(
        google_error(404, "NOT_FOUND"), Reply(body=running), Reply(body={**running, "done": True, "response": {"a": 1}})
    )
    wait = Wait("thing x", Is("done", (True,)), "made", timeout=30)

    assert client.wait(HOST, "v1", running, wait) == {"a": 1}
    assert google.received[0].path == "/v1/operations/o1"


def test_an_operation_that_failed_raises_its_own_error(client: Client) -> None:
    operation = {"name": "operations/o", "done": True, "error": {"code": 9, "message": "Billing must be enabled."}}

    with pytest.raises(Failure, match="Billing must be enabled") as caught:
        client.wait(HOST, "v1", operation, Wait("x", Is("done", (True,)), "made"))

    assert caught.value.status == 400


def test_who_asks_and_who_pays_are_said_in_the_headers(google: GoogleServer) -> None:
    client = Client.from_params({**google.params, "quota_project": "payer"})

    client.post(HOST, f"/v1/{segment('a/b')}", body={"x": 1}, query={"q": "1 2", "none": None})

    headers = google.received[0].headers
    assert headers["authorization"] == "Bearer token-of-the-test"
    assert headers["x-goog-user-project"] == "payer"
    assert google.received[0].path == "/v1/a%2Fb"
    assert google.received[0].query == {"q": ["1 2"]}


def test_items_of_a_loop_share_one_client(google: GoogleServer) -> None:
    assert Client.from_params(google.params) is Client.from_params(dict(google.params))
    assert Client.from_params(google.params) is not Client.from_params({**google.params, "quota_project": "p"})

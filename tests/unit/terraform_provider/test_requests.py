"""Bodies of requests, answers as state, and policies: what is pure about talking to an API."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.terraform_provider.expansion import Place, reference, request_body
from local_cloud.terraform_provider.failures import ApiError, ProviderError, attribute_in, diagnostic
from local_cloud.terraform_provider.flattening import settle, state_from
from local_cloud.terraform_provider.handwritten.iam_member import add_member, remove_member
from local_cloud.terraform_provider.loading import _attributes, specifications
from local_cloud.terraform_provider.normalisations import COMPARISONS, principal, seconds
from local_cloud.terraform_provider.paths import PathError, fill, parse_import
from local_cloud.terraform_provider.values import UNKNOWN

HERE = Place(project="p", region="r", zone="r-a")
ATTRIBUTES = _attributes(
    {
        "name": "required string",
        "project": {"is": "optional computed string", "in_url": True},
        "flag": {"is": "optional bool", "send_empty": True},
        "note": "optional string",
        "mode": {"is": "optional computed string", "api": "config.mode"},
        "level": {"is": "optional number", "api": "config.level"},
        "network": {"is": "optional string", "reference": "global/networks", "form": "self_link"},
        "made": "computed string",
        "labels": {"is": "optional map of string", "local": True},
        "all_labels": {"is": "computed map of string", "api": "labels", "sent": True},
        "log": {
            "is": "optional block",
            "api": "logConfig",
            "when_present": {"enable": True},
            "when_absent": {"enable": False},
            "absent_when": {"enable": False},
            "inner": {"rate": "optional number"},
        },
        "ranges": {"is": "optional blocks", "inner": {"cidr": "required string", "age": "computed number"}},
        "secret": "optional write-only string",
    }
)


def state(**given: Any) -> dict[str, Any]:
    """A planned state: what is not given is null."""
    return {**dict.fromkeys(ATTRIBUTES), **given}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"name": "n"}, {"name": "n"}),
        ({"name": "n", "note": "", "level": 0, "mode": UNKNOWN}, {"name": "n"}),
        ({"flag": False}, {"flag": False}),
        ({"flag": None}, {}),
        ({"mode": "a", "level": 2}, {"config": {"mode": "a", "level": 2}}),
        ({"network": "n"}, {"network": "projects/p/global/networks/n"}),
        ({"project": "p", "made": "x", "labels": {"a": "b"}}, {}),
        ({"all_labels": {"a": "b"}}, {"labels": {"a": "b"}}),
        ({"ranges": [{"cidr": "c", "age": 3}]}, {"ranges": [{"cidr": "c"}]}),
        ({"secret": "s"}, {"secret": "s"}),
    ],
)
def test_what_is_sent(given: dict[str, Any], sent: dict[str, Any]) -> None:
    """Empty values are left out, computed ones are not ours to send, names follow the API."""
    assert request_body(ATTRIBUTES, state(**given), HERE) == {"logConfig": {"enable": False}, **sent}


def test_a_block_that_means_something_by_being_there() -> None:
    """Present and absent have their own constants."""
    assert request_body(ATTRIBUTES, state(log=[{"rate": 2}]), HERE)["logConfig"] == {"enable": True, "rate": 2}


def test_an_update_sends_what_it_names() -> None:
    """And clears what was emptied."""
    body = request_body(ATTRIBUTES, state(name="n", note=""), HERE, only=["note", "flag"], changed=["flag"])
    assert body == {"flag": False}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("n", "projects/p/regions/r/subnetworks/n"),
        ("projects/q/regions/x/subnetworks/n", "projects/q/regions/x/subnetworks/n"),
        ("regions/x/subnetworks/n", "projects/p/regions/x/subnetworks/n"),
        (
            "https://www.googleapis.com/compute/v1/projects/q/regions/x/subnetworks/n",
            "projects/q/regions/x/subnetworks/n",
        ),
    ],
)
def test_references_are_sent_as_paths(value: str, path: str) -> None:
    """Whatever way they were written."""
    assert reference("regions/{region}/subnetworks", value, HERE) == path


def test_what_the_api_leaves_out_is_zero_in_the_state() -> None:
    """As with any SDK-based provider."""
    found = state_from(ATTRIBUTES, {"name": "n", "logConfig": {"enable": False}}, state(project="p", labels={"a": "b"}))
    assert (found["note"], found["flag"], found["level"], found["log"], found["ranges"]) == ("", False, 0, [], [])
    assert (found["project"], found["labels"], found["secret"]) == ("p", {"a": "b"}, None)


def test_what_the_api_answers_is_spelled_as_terraform_spells_it() -> None:
    """Numbers in strings, nested fields, old links."""
    answer = {
        "config": {"level": "7"},
        "network": "https://www.googleapis.com/compute/beta/projects/p/global/networks/n",
        "ranges": [{"cidr": "c", "age": "3"}],
        "made": 12345678901,
    }
    found = state_from(ATTRIBUTES, answer, state())
    assert (found["level"], found["ranges"], found["made"]) == (7, [{"cidr": "c", "age": 3}], "12345678901")
    assert found["network"] == "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"


def test_after_apply_null_stays_null() -> None:
    """Where plan and answer differ only in null against empty, the plan's word counts."""
    attributes = _attributes({"tags": "optional list of string", "note": "optional string"})
    assert settle(attributes, {"tags": None, "note": None}, {"tags": [], "note": ""}) == {"tags": None, "note": ""}
    assert settle(attributes, {"tags": UNKNOWN, "note": "x"}, {"tags": ["a"], "note": "y"}) == {
        "tags": ["a"],
        "note": "y",
    }


@pytest.mark.parametrize(
    ("comparison", "one", "other", "expected"),
    [
        ("reference", "n", "projects/p/global/networks/n", True),
        ("reference", "projects/q/global/networks/n", "projects/p/global/networks/n", False),
        ("cidr", "fd00:0::/48", "fd00::/48", True),
        ("cidr", "10.0.0.0/8", "10.0.0.0/9", False),
        ("duration", "3600s", "1h", True),
        ("duration", "x", "y", False),
        ("json", '{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ("principal", "user:A@b.c", "user:a@b.c", True),
        ("record_data", '"v=spf1"', "v=SPF1", True),
        ("record_data", "2001:db8:0::1", "2001:db8::1", True),
    ],
)
def test_named_comparisons(comparison: str, one: str, other: str, expected: bool) -> None:
    """Two spellings of one thing."""
    assert COMPARISONS[comparison](one, other) is expected


@pytest.mark.parametrize(
    ("member", "normal"),
    [
        ("user:A@B.c", "user:a@b.c"),
        ("deleted:user:A@b?uid=1", "deleted:user:a@b?uid=1"),
        ("allUsers", "allUsers"),
        ("principalSet://iam.googleapis.com/projects/1/X", "principalSet://iam.googleapis.com/projects/1/X"),
    ],
)
def test_members_are_compared_as_google_does(member: str, normal: str) -> None:
    """Without regard to case, but for federated ones."""
    assert principal(member) == normal


@pytest.mark.parametrize(("text", "length"), [("10s", 10), ("1h30m", 5400), ("500ms", 0.5), ("", None), ("5", None)])
def test_durations(text: str, length: float | None) -> None:
    """As Go writes them."""
    assert seconds(text) == length


def test_templates_say_what_is_missing() -> None:
    """And encode what they are told to."""
    assert (
        fill("projects/{project}/regions/{region}", {"project": "p", "region": "x/regions/r"}) == "projects/p/regions/r"
    )
    assert fill("{%name}-{?more}", {"name": "a/b"}) == "a%2Fb-"
    with pytest.raises(PathError, match="zone is not set"):
        fill("{zone}", {"zone": UNKNOWN})


@pytest.mark.parametrize(
    ("identity", "parts"),
    [
        ("projects/p/regions/r/subnetworks/n", {"project": "p", "region": "r", "name": "n"}),
        ("p/r/n", {"project": "p", "region": "r", "name": "n"}),
        ("r/n", {"region": "r", "name": "n"}),
        ("n", {"name": "n"}),
        ("a/b/c/d", None),
    ],
)
def test_import_ids(identity: str, parts: dict[str, str] | None) -> None:
    """From whole to bare."""
    assert parse_import(identity, specifications()["google_compute_subnetwork"].imports) == parts


GRANT = {"role": "r", "members": ["user:a@b.c"]}
WITH_CONDITION = {**GRANT, "condition": {"title": "t", "expression": "true"}}


def test_a_member_joins_the_binding_of_its_role_and_condition() -> None:
    """And is not added twice, in whatever case."""
    policy = add_member({"etag": "e", "bindings": [{"role": "r", "members": ["user:x@b.c"]}]}, GRANT)
    assert policy == {"etag": "e", "version": 3, "bindings": [{"role": "r", "members": ["user:x@b.c", "user:a@b.c"]}]}
    assert add_member(policy, {"role": "r", "members": ["user:A@b.c"]}) == policy
    assert len(add_member(policy, WITH_CONDITION)["bindings"]) == 2


def test_a_member_leaves_only_its_own_binding() -> None:
    """An empty binding goes."""
    both = add_member(add_member({"etag": "e"}, GRANT), WITH_CONDITION)
    assert remove_member(both, GRANT)["bindings"] == [WITH_CONDITION]
    assert remove_member({"etag": "e", "bindings": []}, GRANT)["bindings"] == []


def test_an_error_is_spelled_as_gos_googleapi_spells_it() -> None:
    """Programs and people look for these words."""
    body = b'{"error": {"code": 409, "message": "There", "errors": [{"message": "There", "reason": "alreadyExists"}]}}'
    assert str(ApiError(409, body)) == "googleapi: Error 409: There, alreadyExists"
    assert str(ApiError(502, b"<html>")) == "googleapi: got HTTP response code 502 with body: <html>"
    details = b'{"error": {"message": "No", "details": [{"reason": "SERVICE_DISABLED"}]}}'
    assert ApiError(403, details).reasons == {"SERVICE_DISABLED"}
    assert "Details:" in str(ApiError(403, details))


def test_the_field_google_names_becomes_an_attribute_path() -> None:
    """So that Terraform points at the line."""
    attributes = specifications()["google_compute_subnetwork"].attributes
    body = b"""{"error": {"message": "Invalid value for field 'resource.ipCidrRange': '10/8'."}}"""
    path = attribute_in(ApiError(400, body), attributes)
    assert path == ("ip_cidr_range",)
    assert diagnostic(ProviderError("x", path=path)).attribute.steps[0].attribute_name == "ip_cidr_range"

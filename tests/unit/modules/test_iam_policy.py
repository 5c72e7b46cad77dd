"""IAM bindings: pure changes of a policy, and where each kind of resource keeps it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.module_utils._failure import Failure
from plugins.module_utils._iam_policy import applied, in_order, refuse_bad_bindings, touched
from plugins.module_utils._iam_resources import HOMES, grant_command, named, project_of

A, B, C = "user:a@x.example", "user:b@x.example", "user:c@x.example"
UNTIL = {"title": "until", "description": "", "expression": "request.time < x"}
KEPT = {"title": "until", "expression": "request.time < x"}


def wish(role: str, *members: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "members": list(members), "condition": None, "mode": "additive", **more}


def have(role: str, *members: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "members": list(members), **more}


def test_additive_leaves_others_alone() -> None:
    assert applied([have("roles/v", B)], [wish("roles/v", A)], "present") == [have("roles/v", A, B)]


def test_authoritative_leaves_nobody_else_in_that_role_and_no_other_role_touched() -> None:
    before = [have("roles/v", B, C), have("roles/w", C)]

    assert applied(before, [wish("roles/v", A, mode="authoritative")], "present") == [
        have("roles/v", A),
        have("roles/w", C),
    ]


def test_the_same_role_with_a_condition_is_another_binding() -> None:
    after = applied([have("roles/v", A)], [wish("roles/v", B, condition=UNTIL)], "present")

    assert after == [have("roles/v", A), have("roles/v", B, condition=KEPT)]
    assert applied(after, [wish("roles/v", B)], "absent") == after
    assert applied(after, [wish("roles/v", B, condition=UNTIL)], "absent") == [have("roles/v", A)]


def test_a_binding_without_members_goes() -> None:
    assert applied([have("roles/v", A)], [wish("roles/v", A)], "absent") == []
    assert applied([have("roles/v", A)], [wish("roles/v", mode="authoritative")], "present") == []


def test_two_wishes_for_a_role_add_up() -> None:
    assert applied([], [wish("roles/v", A), wish("roles/v", B)], "present") == [have("roles/v", A, B)]


def test_bindings_that_the_api_split_are_put_together() -> None:
    assert in_order([have("roles/v", B), have("roles/v", A, B)]) == [have("roles/v", A, B)]


MEMBERS = st.lists(st.sampled_from([A, B, C]), max_size=3, unique=True)
BINDINGS = st.lists(
    st.builds(lambda role, members: have(role, *members), st.sampled_from(["roles/v", "roles/w"]), MEMBERS), max_size=4
)
WISHES = st.lists(
    st.builds(
        lambda role, members, mode: wish(role, *members, mode=mode),
        st.sampled_from(["roles/v", "roles/w", "roles/x"]),
        MEMBERS,
        st.sampled_from(["additive", "authoritative"]),
    ),
    max_size=3,
)


@given(BINDINGS, WISHES, st.sampled_from(["present", "absent"]))
def test_applying_twice_is_applying_once(before: Any, wishes: Any, state: str) -> None:
    once = applied(before, wishes, state)
    modes = {(one["role"], one["mode"]) for one in wishes}
    if len(modes) == len({role for role, _ in modes}):
        assert applied(once, wishes, state) == once


@given(BINDINGS, WISHES)
def test_roles_that_are_not_declared_stay(before: Any, wishes: Any) -> None:
    declared = {one["role"] for one in wishes}

    def others(bindings: Any) -> Any:
        return [one for one in in_order(bindings) if one["role"] not in declared]

    assert others(applied(before, wishes, "present")) == others(before)


def test_the_diff_is_about_the_declared_bindings_only() -> None:
    bindings = [have("roles/v", A), have("roles/w", A)]

    assert touched(bindings, [wish("roles/v", B)]) == [have("roles/v", A)]


@pytest.mark.parametrize(
    ("binding", "names"),
    [
        (wish("viewer", A), r"bindings\[0\].role: 'viewer'"),
        (wish("roles/viewer", "a@x.example"), r"bindings\[0\].members: 'a@x.example'"),
        (wish("roles/viewer", "robot:a"), r"bindings\[0\].members: 'robot:a'"),
    ],
)
def test_malformed_bindings_are_refused_by_key_and_value(binding: dict[str, Any], names: str) -> None:
    with pytest.raises(Failure, match=names):
        refuse_bad_bindings([binding])


NAMES = {
    "project": ("projects/digs-crm-dev", "/v3/projects/digs-crm-dev", "digs-crm-dev"),
    "folder": ("folders/123", "/v3/folders/123", None),
    "organization": ("123456789012", "/v3/organizations/123456789012", None),
    "billing_account": ("billingAccounts/01D165-CA11AB-1E0001", "/v1/billingAccounts/01D165-CA11AB-1E0001", None),
    "bucket": ("gs://states", "/storage/v1/b/states/iam", None),
    "service_account": (
        "deployer@digs-crm-dev.iam.gserviceaccount.com",
        "/v1/projects/-/serviceAccounts/deployer%40digs-crm-dev.iam.gserviceaccount.com",
        "digs-crm-dev",
    ),
    "topic": ("projects/digs-crm-dev/topics/t", "/v1/projects/digs-crm-dev/topics/t", "digs-crm-dev"),
    "subscription": (
        "projects/digs-crm-dev/subscriptions/s",
        "/v1/projects/digs-crm-dev/subscriptions/s",
        "digs-crm-dev",
    ),
    "secret": ("projects/digs-crm-dev/secrets/s", "/v1/projects/digs-crm-dev/secrets/s", "digs-crm-dev"),
    "artifact_repository": (
        "projects/digs-crm-dev/locations/us/repositories/r",
        "/v1/projects/digs-crm-dev/locations/us/repositories/r",
        "digs-crm-dev",
    ),
    "crypto_key": (
        "projects/digs-crm-dev/locations/us/keyRings/k/cryptoKeys/c",
        "/v1/projects/digs-crm-dev/locations/us/keyRings/k/cryptoKeys/c",
        "digs-crm-dev",
    ),
}


def test_every_kind_of_resource_is_tried() -> None:
    assert set(NAMES) == set(HOMES)


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_a_resource_is_found_by_its_name(kind: str) -> None:
    given_name, path, project = NAMES[kind]

    name = named(kind, given_name)

    assert HOMES[kind].url_path(name) == path
    assert project_of(kind, name) == project


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_a_name_of_another_form_is_refused(kind: str) -> None:
    with pytest.raises(Failure, match=r"resource\.name"):
        named(kind, "Not A/Name!")


def test_the_command_is_one_that_gcloud_knows() -> None:
    command = grant_command("crypto_key", NAMES["crypto_key"][0], A, "roles/cloudkms.admin")

    assert command == (
        "gcloud kms keys add-iam-policy-binding c --location=us --keyring=k --project=digs-crm-dev"
        " --member='user:a@x.example' --role=roles/cloudkms.admin"
    )

"""The fixed grammar on a real terraform: check, create, again, update, again, destroy, again."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._terraform_applying import judge_plan

if TYPE_CHECKING:
    from tests.integration.terraform_modules.conftest import Pets

PLANTED = "planted-secret-${8842}"
NOTHING = {"create": 0, "update": 0, "replace": 0, "delete": 0}


def test_check_create_again_update_again_destroy_again(pets: Pets) -> None:
    predicted = pets.plan(check_mode=True)
    assert predicted["changed"]
    assert predicted["plan_file"] is None
    assert not pets.state_file.exists()

    created = pets.plan_and_apply()
    assert created["changed"]
    assert created["changes"] == {**NOTHING, "create": 5} == {key: predicted["summary"][key] for key in NOTHING}
    assert created["output_values"] == {"size": 1}

    again = pets.plan()
    assert (again["empty"], again["changed"], again["plan_file"]) == (True, False, None)
    assert again["output_values"] == {"size": 1}
    assert not pets.plan(check_mode=True)["changed"]

    update = {"size": 2}
    predicted = pets.plan(check_mode=True, variables=update)
    updated = pets.plan_and_apply(variables=update)
    assert updated["changes"] == {**NOTHING, "update": 1, "replace": 2}
    assert updated["changes"] == {key: predicted["summary"][key] for key in NOTHING}
    assert updated["diff"] == predicted["diff"]
    assert pets.plan(variables=update)["empty"]

    destroyed = pets.plan_and_apply(variables=update, destroy=True)
    assert destroyed["changes"] == {**NOTHING, "delete": 5}
    assert pets.plan(variables=update, destroy=True)["empty"]


def test_protect_is_a_variable_of_the_root(pets: Pets) -> None:
    pets.plan_and_apply()
    plan = pets.plan(protect=False)
    (change,) = plan["changes"]
    assert change["after"]["input"] == {"protect": False}


def test_the_checkout_is_not_written_to(pets: Pets) -> None:
    source = pets.directory / "terraform"
    before = sorted(source.rglob("*"))
    pets.plan_and_apply()
    pets.drift()
    assert sorted(source.rglob("*")) == before


def test_init_runs_once_for_a_configuration(pets: Pets) -> None:
    pets.plan()
    log = pets.work / "init.jsonl"
    log.unlink()
    pets.plan(variables={"size": 3})
    assert not log.exists()
    pets.root.joinpath("more.tf").write_text("locals {}")
    pets.plan()
    assert log.exists()


def test_a_value_beside_the_root_is_ignored_and_said(pets: Pets) -> None:
    pets.root.joinpath("terraform.tfvars").write_text("size = 77")
    assert pets.plan()["output_values"] == {"size": 1}
    assert any("terraform.tfvars" in warning for warning in pets.warnings)


def test_files_are_private_and_the_plan_goes_when_it_is_applied(pets: Pets) -> None:
    plan = pets.plan(sensitive_variables={"key": PLANTED})
    directories = [pets.work, pets.work / "tree"]
    files = [path for path in pets.work.iterdir() if path.is_file()] + list(pets.work.rglob("*.tfvars.json"))
    assert pets.work / "plan" in files
    assert {stat.S_IMODE(path.stat().st_mode) for path in directories} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    pets.apply(plan)
    assert not (pets.work / "plan").exists()
    assert not [path for path in pets.work.rglob("*") if path.is_file() and PLANTED.encode() in path.read_bytes()]


def test_a_planted_secret_is_in_no_answer_and_no_log(pets: Pets) -> None:
    secret = {"sensitive_variables": {"key": PLANTED}}
    answers = [pets.plan_and_apply(**secret), pets.plan(variables={"size": 9}, **secret), pets.drift(**secret)]
    answers.append(pets.outputs(**secret))
    assert PLANTED not in json.dumps([*answers, pets.warnings, pets.logged])
    kept = [path for place in (pets.work, pets.directory / "cache") for path in place.rglob("*") if path.is_file()]
    assert [path.name for path in kept if PLANTED.encode() in path.read_bytes()] == []
    assert pets.state()["outputs"]["key"]["value"] == PLANTED


def test_a_sensitive_output_is_revealed_only_to_a_hidden_task(pets: Pets) -> None:
    pets.plan_and_apply(sensitive_variables={"key": PLANTED})
    with pytest.raises(Failure, match="no_log: true") as caught:
        pets.outputs(reveal=["key"])
    assert caught.value.reason == "REVEAL_NEEDS_NO_LOG"
    assert pets.outputs(reveal=["key"], hidden_by_task=True)["output_values"] == {"size": 1, "key": PLANTED}
    with pytest.raises(Failure, match="has no output nothing"):
        pets.outputs(reveal=["nothing"], hidden_by_task=True)


@pytest.mark.parametrize(
    ("variables", "name"), [({"size": 400}, "size"), ({"size": "many"}, "size"), ({}, "size"), ({"sise": 1}, "sise")]
)
def test_a_bad_variable_is_refused_by_name(pets: Pets, variables: dict[str, object], name: str) -> None:
    with pytest.raises(Failure) as caught:
        pets.plan(variables=variables)
    assert caught.value.reason == "INVALID_VARIABLE"
    assert name in caught.value.message


def test_drift_is_data(pets: Pets) -> None:
    pets.plan_and_apply()
    calm = pets.drift()
    assert (calm["drifted"], calm["drift"], calm["verdicts"][0]["verdict"]) == (False, [], "pass")


def test_only_the_plan_that_was_examined_is_applied(pets: Pets) -> None:
    plan = pets.plan()
    with pytest.raises(Failure) as caught:
        pets.apply({**plan, "plan_sha256": "0" * 64})
    assert caught.value.reason == "PLAN_UNKNOWN"
    pets.apply(plan)
    with pytest.raises(Failure) as caught:
        pets.apply(plan)
    assert caught.value.reason == "PLAN_MISSING"


def test_a_stale_plan_says_so_and_changes_nothing(pets: Pets) -> None:
    stale = pets.plan()
    other = {"work_directory": str(pets.directory / "other")}
    pets.plan_and_apply(**other)
    with pytest.raises(Failure) as caught:
        pets.apply(stale)
    assert caught.value.reason == "STALE_PLAN"
    assert caught.value.facts["changed"] is False


def test_a_refused_plan_is_not_applied(pets: Pets) -> None:
    """The negative control of the policy, on a real plan."""
    pets.plan_and_apply()
    before = pets.state_file.read_bytes()
    policy = {
        "deny": ["delete", "replace"],
        "allow": ["terraform_data.cattle[0]"],
        "inventory_key": "platform_policy.allow",
    }
    plan = pets.plan(variables={"size": 2})
    with pytest.raises(Failure) as caught:
        judge_plan(pets.params(plan_file=plan["plan_file"], plan_sha256=plan["plan_sha256"], policy=policy))
    (refused,) = caught.value.facts["refused"]
    assert (refused["address"], refused["action"]) == ("terraform_data.cattle[1]", "replace")
    with pytest.raises(Failure) as caught:
        pets.apply(plan, policy=policy)
    assert caught.value.reason == "PLAN_REFUSED"
    assert pets.state_file.read_bytes() == before
    policy["allow"] = ["terraform_data.cattle[*]"]
    assert pets.plan_and_apply(variables={"size": 2}, policy=policy)["changed"]


def test_a_failed_apply_says_what_it_did_until_then(pets: Pets) -> None:
    pets.root.joinpath("fails.tf").write_text(
        'resource "terraform_data" "fails" {\n  depends_on = [terraform_data.pet]\n'
        '  provisioner "local-exec" {\n    command = "exit 3"\n  }\n}\n'
    )
    with pytest.raises(Failure) as caught:
        pets.plan_and_apply()
    assert caught.value.reason == "PROVIDER_ERROR"
    assert "exit status 3" in caught.value.message
    assert caught.value.facts["changed"] is True
    assert caught.value.facts["changes"]["create"] >= 1
    assert not (pets.work / "plan").exists()


def test_the_provider_and_the_binary_are_named(pets: Pets) -> None:
    plan = pets.plan()
    assert plan["provider"]["kind"] == "built-in"
    assert plan["terraform"]["name"] == pets.binary
    assert plan["terraform"]["version"]

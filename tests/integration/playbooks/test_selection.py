"""A phase by its tag, a root by --limit: on a site that stands, each is a run of its own and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ansible_runs import play
from tests.integration.site.holdings import FIRST_STAGE
from tests.local_cloud import LocalCloud

HOSTS = {"foundation", "network", "project", "registry"}
SELECTIONS = [
    ((*FIRST_STAGE, "--tags", "bootstrap"), HOSTS),
    ((*FIRST_STAGE, "--tags", "infrastructure"), HOSTS),
    ((*FIRST_STAGE, "--tags", "terraform_root_plan"), HOSTS),
    (("--limit", "network"), {"network"}),
    (("--limit", "network", "--tags", "infrastructure", "--check", "--diff"), {"network"}),
]


@pytest.mark.seconds(40)
def test_selected_parts_run_alone(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    whole = play(clean_cloud, "site.yml", *FIRST_STAGE, runs=tmp_path)
    assert whole.code == 0, whole.output

    for options, hosts in SELECTIONS:
        run = play(clean_cloud, "site.yml", *options, runs=tmp_path)

        assert (run.code, run.changed) == (0, 0), run.output
        assert set(run.recap) == hosts


def test_impersonation_is_not_granted_to_a_project_without_a_number(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    run = play(clean_cloud, "playbooks/bootstrap.yml", "--tags", "identities_impersonation", runs=tmp_path)

    assert run.code != 0
    assert 'identities_project_number is ""; allowed: digits' in run.output


def test_teardown_needs_the_name_of_what_is_destroyed(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    run = play(clean_cloud, "playbooks/teardown.yml", "-e", "teardown_confirm=yes", runs=tmp_path)

    assert run.code != 0
    assert 'teardown_confirm is "yes"; allowed: the id of the project' in run.output
    assert clean_cloud.count() == 0


def test_unlock_needs_an_id_and_one_root(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    run = play(clean_cloud, "playbooks/unlock.yml", runs=tmp_path)

    assert run.code != 0
    assert 'unlock_id is "" for foundation, network' in run.output
    assert clean_cloud.count() == 0


def test_local_never_leaves_this_machine(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    run = play(clean_cloud, "site.yml", runs=tmp_path, environ={"HTTPS_PROXY": "http://proxy.example:3128"})

    assert run.code != 0
    assert 'HTTPS_PROXY is "http://proxy.example:3128"; allowed for the environment local' in run.output

"""A site on an empty cloud that asks for every permission: predicted, made, made again, drifted, mended, destroyed; and
every phase of it, up to the proof of the conversation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.ansible_runs import Run, play
from tests.integration.site.holdings import FIRST_STAGE, holdings, locks
from tests.local_cloud import LocalCloud

PROJECT = "presidential-digs-crm-local"
STATES = f"https://storage.googleapis.com/storage/v1/b/{PROJECT}-tfstate/o"
SUBNETWORK = f"compute.googleapis.com/compute/v1/projects/{PROJECT}/regions/us-central1/subnetworks/crm-private"

# What every run has in hand: access and refresh tokens of the operator and of the deployer.
_TOKEN = re.compile(rb"ya29\.[\w.~-]{20,}|1//0[\w-]{40,}")

_DRIFTED = 'network is not as Terraform left it: module.network.google_compute_subnetwork.subnetwork["private"]'


def _changes(run: Run, of_roots: str) -> dict[tuple[str, str], Any]:
    """(host, task) → what each module changed or would; (host, "root") → what each root did, by a key of the ledger."""
    names = {line["task"]: line["name"] for line in run.ledger if line["event"] == "task"}
    found: dict[tuple[str, str], Any] = {}
    for line in run.ledger:
        if line["event"] == "task_end" and line.get("changed"):
            what = line.get(of_roots)
            found[line["host"], "root" if what else names[line["task"]]] = what or line.get("items", True)
    return found


@pytest.mark.seconds(150)
def test_predicted_made_again_drifted_mended_destroyed(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    cloud = clean_cloud
    cloud.settings(iam="enforce")
    predicted = play(cloud, "site.yml", "--check", "--diff", *FIRST_STAGE, runs=tmp_path / "check")
    assert predicted.code == 0, predicted.output
    assert cloud.count(status="2xx", method="*.insert") == 0
    made = play(cloud, "site.yml", "--diff", "-vvv", *FIRST_STAGE, runs=tmp_path / "made")
    assert made.code == 0, made.output
    changes = _changes(made, "changes")
    assert changes == _changes(predicted, "planned")
    assert [changes[host, "root"]["create"] > 0 for host in ("foundation", "network", "registry")] == [True] * 3
    again = play(cloud, "site.yml", *FIRST_STAGE, runs=tmp_path / "again")
    assert (again.code, again.changed) == (0, 0), again.output
    _tells_no_token(cloud, tmp_path, predicted, made, again)
    _drift(cloud)
    drifted = play(cloud, "playbooks/drift.yml", *FIRST_STAGE, runs=tmp_path / "drift")
    assert drifted.code != 0
    assert _DRIFTED in drifted.output, drifted.output
    assert any("private_ip_google_access" in str(line) for line in drifted.ledger)
    mended = play(cloud, "site.yml", *FIRST_STAGE, runs=tmp_path / "mended")
    assert mended.code == 0, mended.output
    assert cloud.get(f"https://{SUBNETWORK}").json()["privateIpGoogleAccess"] is True
    _destroyed(cloud, tmp_path)


def _tells_no_token(cloud: LocalCloud, directory: Path, *runs: Run) -> None:
    """Neither what was printed, nor ledgers, reports and plans, nor the states in the bucket."""
    states = {item["name"]: cloud.get(item["mediaLink"]).content for item in cloud.get(STATES).json()["items"]}
    assert sorted(states) == [f"roots/{root}/default.tfstate" for root in ("foundation", "network", "registry")]
    kept = {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    printed = {f"output {number}": run.output.encode() for number, run in enumerate(runs)}
    assert [name for name, content in (states | kept | printed).items() if _TOKEN.search(content)] == []
    assert _TOKEN.fullmatch(cloud.token.encode())


def _drift(cloud: LocalCloud) -> None:
    """Somebody switches private access off by hand."""
    answer = cloud.post(f"https://{SUBNETWORK}/setPrivateIpGoogleAccess", {"privateIpGoogleAccess": False})
    assert answer.status_code == 200, answer.text


def _destroyed(cloud: LocalCloud, tmp_path: Path) -> None:
    """Teardown leaves the organisation, the billing account and nothing of the project but what soft delete keeps."""
    gone = play(cloud, "playbooks/teardown.yml", "-e", f"teardown_confirm={PROJECT}", runs=tmp_path / "gone")
    assert gone.code == 0, gone.output
    # Google has no call that deletes a quota preference, a key ring or a key; they go with the project, 30 days later.
    held = ("serviceusage ", "cloudbilling ", "cloudquotas ", "cloudkms ")
    kept: list[Any] = [name for name in holdings(cloud) if not name.startswith(held)]
    assert kept == ["cloudresourcemanager organizations/#"]
    assert locks(cloud) == []


@pytest.mark.seconds(140)
def test_every_phase_up_to_the_proof_of_the_conversation(clean_cloud: LocalCloud, tmp_path: Path) -> None:
    cloud = clean_cloud
    cloud.settings(iam="enforce")
    made = play(cloud, "site.yml", runs=tmp_path / "made")
    assert made.code == 0, made.output
    proved = {entry["name"]: entry["verdict"] for line in made.ledger for entry in line.get("verdicts") or []}
    assert set(proved.values()) == {"pass"}, proved
    assert {"audio_audible", "auth-service.database", "lead-import-service.database"} <= set(proved)
    page = cloud.get("https://app.local.crm.presidential-digs.example/", token=None)
    assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    again = play(cloud, "site.yml", runs=tmp_path / "again")
    assert (again.code, again.changed) == (0, 0), again.output

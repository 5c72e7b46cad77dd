"""The state in a bucket of the local cloud: two runs at once, a lock that a killed run left, and no bucket yet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils._client import Client
from plugins.module_utils._failure import Failure
from plugins.module_utils._terraform_unlocking import unlock
from tests.integration.terraform_modules.conftest import make_pets
from tests.integration.terraform_modules.test_interruption import is_provisioning, processes, until
from tests.local_cloud import LocalCloud, clean_cloud, cloud

if TYPE_CHECKING:
    from tests.integration.terraform_modules.conftest import Pets

__all__ = ["clean_cloud", "cloud"]

BUCKET = "presidential-digs-crm-local-tfstate"
PREFIX = "roots/pets"
LOCK_OBJECT = f"storage.googleapis.com/storage/v1/b/{BUCKET}/o/roots%2Fpets%2Fdefault.tflock"
SLOW = {"size": 1, "seconds": 20}

APPLY = """
import json, sys
from pathlib import Path
from tests.integration.terraform_modules.conftest import Pets
given = json.loads(sys.argv[1])
pets = Pets(Path(given["directory"]), "terraform", given["options"])
pets.apply(pets.plan(variables=given["variables"]))
"""


@pytest.fixture
def pets(tmp_path: Path, clean_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Pets:
    """The root with its state in a bucket that does not exist yet, and options that fall back to the environment."""
    for name, value in clean_cloud.env.items():
        monkeypatch.setenv(name, value)
    made = make_pets(tmp_path, "terraform")
    reach = {"access_token": "GOOGLE_OAUTH_ACCESS_TOKEN", "proxy": "HTTPS_PROXY", "ca_certificates": "SSL_CERT_FILE"}
    made.options = {"state_file": None, "state_bucket": BUCKET, "state_prefix": PREFIX, "retry_timeout": 10}
    made.options |= {option: clean_cloud.env[name] for option, name in reach.items()}
    return made


def make_bucket(cloud: LocalCloud) -> None:
    """What bootstrap does before Terraform can run."""
    project = {"projectId": "presidential-digs-crm-local", "parent": {"type": "organization", "id": "123456789012"}}
    services = "serviceusage.googleapis.com/v1/projects/presidential-digs-crm-local/services"
    for url, body in (
        ("cloudresourcemanager.googleapis.com/v1/projects", project),
        (f"{services}/storage.googleapis.com:enable", {}),
        ("storage.googleapis.com/storage/v1/b?project=presidential-digs-crm-local", {"name": BUCKET}),
    ):
        answer = cloud.post(url, body)
        assert answer.ok, answer.text


@pytest.fixture
def bucket(clean_cloud: LocalCloud, pets: Pets) -> LocalCloud:
    """The local cloud with the bucket."""
    make_bucket(clean_cloud)
    return clean_cloud


def released(pets: Pets, *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
    """Call terraform_unlock."""
    given = {"lock_id": None, "minimum_age": 3600, "only_if_holder_is_gone": False, **more}
    params = pets.params(**given)
    return unlock(params, Client.from_params(params), check_mode)


def start_apply(pets: Pets) -> subprocess.Popen[bytes]:
    """Another process that is in the middle of an apply."""
    given = {"directory": str(pets.directory), "options": pets.options, "variables": SLOW}
    running = subprocess.Popen([sys.executable, "-c", APPLY, json.dumps(given)], cwd=Path(__file__).parents[3])
    until("the slow resource", lambda: running.poll() is not None or is_provisioning(pets))
    assert running.poll() is None
    return running


def kill_everything(pets: Pets, running: subprocess.Popen[bytes]) -> None:
    """End a run and its terraform at once, as a machine that loses its power would."""
    for process in [*processes(pets.work), *processes(pets.work, "sleep"), running.pid]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    running.wait()
    until("terraform's death", lambda: not processes(pets.work))


def test_without_a_bucket_the_plan_is_made_against_an_empty_state(pets: Pets) -> None:
    plan = pets.plan(check_mode=True)
    assert plan["state"] == {"backend": "gcs", "location": f"gs://{BUCKET}/{PREFIX}", "exists": False}
    assert (plan["changed"], plan["summary"]["create"]) == (True, 5)
    assert any("there is no state at" in warning for warning in pets.warnings)
    with pytest.raises(Failure) as caught:
        pets.apply(pets.plan())
    assert caught.value.reason == "STATE_BUCKET_MISSING"
    assert pets.drift()["verdicts"][0]["verdict"] == "no-evidence"
    assert pets.outputs()["state"]["exists"] is False
    assert not released(pets, only_if_holder_is_gone=True)["changed"]


def test_what_is_predicted_without_a_bucket_is_what_is_made_with_it(pets: Pets, clean_cloud: LocalCloud) -> None:
    predicted = pets.plan(check_mode=True)
    make_bucket(clean_cloud)
    made = pets.plan_and_apply()
    assert made["changes"] == {key: predicted["summary"][key] for key in made["changes"]}


def test_the_state_is_in_the_bucket_and_comes_back(pets: Pets, bucket: LocalCloud) -> None:
    pets.plan_and_apply()
    state = bucket.get(
        f"storage.googleapis.com/storage/v1/b/{BUCKET}/o/roots%2Fpets%2Fdefault.tfstate?alt=media"
    ).json()
    assert state["outputs"]["size"]["value"] == 1
    assert pets.plan(work_directory=str(pets.directory / "another run"))["empty"]
    assert bucket.get(LOCK_OBJECT).status_code == 404


def test_check_mode_writes_nothing(pets: Pets, bucket: LocalCloud) -> None:
    def written() -> int:
        return bucket.count(method="storage.objects.insert")

    for applied in (False, True):
        if applied:
            pets.plan_and_apply()
        before = written()
        assert pets.plan(check_mode=True)["state"]["exists"] is applied
        assert pets.outputs()["state"]["exists"] is applied
        assert written() == before, "check mode and reading write nothing, not even a first state"


def test_two_runs_at_once_lock_each_other_out(pets: Pets, bucket: LocalCloud) -> None:
    running = start_apply(pets)
    try:
        other = {
            "work_directory": str(pets.directory / "other"),
            "cache_directory": str(pets.directory / "other cache"),
        }
        with pytest.raises(Failure) as caught:
            pets.plan(**other)
        assert caught.value.reason == "STATE_LOCKED"
        generation = bucket.get(LOCK_OBJECT).json()["generation"]
        assert f"lock_id={generation}" in caught.value.hint
        lock = released(pets, only_if_holder_is_gone=True)
        assert not lock["changed"]
        assert "may be alive" in lock["why"]
        assert (lock["lock"]["id"], lock["lock"]["operation"]) == (generation, "apply")
        running.send_signal(signal.SIGINT)
        running.wait(60)
    finally:
        kill_everything(pets, running)
    assert bucket.get(LOCK_OBJECT).status_code == 404
    assert pets.plan_and_apply()["changed"]


def test_a_lock_that_a_killed_run_left_is_released_with_proof(pets: Pets, bucket: LocalCloud) -> None:
    running = start_apply(pets)
    kill_everything(pets, running)
    assert bucket.get(LOCK_OBJECT).ok
    with pytest.raises(Failure) as caught:
        pets.plan(work_directory=str(pets.directory / "other"), cache_directory=str(pets.directory / "elsewhere"))
    assert caught.value.reason == "STATE_LOCKED"

    # Another terraform of this machine that is in its init could be any state's, so there is no proof while it lives.
    # It may come at any moment, so each question is asked again.
    until("the proof", lambda: released(pets, check_mode=True, only_if_holder_is_gone=True)["changed"])
    assert bucket.get(LOCK_OBJECT).ok
    done: dict[str, Any] = {}

    def given_back() -> bool:
        done.update(released(pets, only_if_holder_is_gone=True))
        return bool(done["changed"])

    until("the release", given_back)
    assert str(running.pid) in done["why"]
    assert done["diff"]["before"]["lock"]["id"] == done["lock"]["id"]
    assert not released(pets, only_if_holder_is_gone=True)["changed"]
    pets.plan_and_apply()
    assert pets.plan()["empty"]


def foreign_lock(bucket: LocalCloud) -> str:
    """Put the lock of another machine into the bucket and return its id."""
    now = datetime.now(UTC).isoformat()
    body = (
        f'{{"ID":"d67ef66e","Operation":"OperationTypeApply","Who":"ci@runner-7","Version":"1.11.4","Created":"{now}"}}'
    )
    upload = f"storage.googleapis.com/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=roots/pets/default.tflock"
    answer = bucket.request("POST", upload, data=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.ok, answer.text
    return str(answer.json()["generation"])


def test_a_lock_of_another_machine_is_guarded_by_id_and_age(pets: Pets, bucket: LocalCloud) -> None:
    lock_id = foreign_lock(bucket)
    assert not released(pets, only_if_holder_is_gone=True)["changed"]
    with pytest.raises(Failure, match="ci@runner-7") as caught:
        released(pets, lock_id="17", minimum_age=0)
    assert caught.value.reason == "LOCK_ID_MISMATCH"
    with pytest.raises(Failure) as caught:
        released(pets, lock_id=lock_id)
    assert caught.value.reason == "LOCK_TOO_YOUNG"
    assert released(pets, check_mode=True, lock_id=lock_id, minimum_age=0)["changed"]
    assert bucket.get(LOCK_OBJECT).ok
    time.sleep(1)
    assert released(pets, lock_id=lock_id, minimum_age=1)["changed"]
    assert bucket.get(LOCK_OBJECT).status_code == 404

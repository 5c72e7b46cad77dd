"""What somebody changes by hand through the API is reported as data, and the next apply puts it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_cloud.terraform_provider.version import MIRRORED_VERSION
from tests.integration.terraform_modules.conftest import Pets
from tests.local_cloud import LocalCloud, cloud

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["cloud"]

PROJECT = "presidential-digs-crm-local"
TOPIC = f"pubsub.googleapis.com/v1/projects/{PROJECT}/topics/alerts"

ROOT = """
terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}
variable "size" {
  type = number
}
resource "google_pubsub_topic" "alerts" {
  project = "presidential-digs-crm-local"
  name    = "alerts"
  labels  = { size = tostring(var.size) }
}
"""


@pytest.fixture
def topics(tmp_path: Path, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Pets:
    """A root with one topic, applied, with its state in a file."""
    for name, value in cloud.env.items():
        monkeypatch.setenv(name, value)
    project = {"projectId": PROJECT, "parent": {"type": "organization", "id": "123456789012"}}
    services = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services"
    for url, body in (
        ("cloudresourcemanager.googleapis.com/v1/projects", project),
        (f"{services}/pubsub.googleapis.com:enable", {}),
    ):
        answer = cloud.post(url, body)
        assert answer.ok, answer.text
    made = Pets(tmp_path, "terraform")
    made.root.mkdir(parents=True)
    made.root.joinpath("main.tf").write_text(ROOT)
    made.state_file.parent.mkdir()
    assert made.plan_and_apply()["changes"]["create"] == 1
    return made


def test_drift_is_reported_and_applied_back(topics: Pets, cloud: LocalCloud) -> None:
    assert topics.drift()["verdicts"][0]["verdict"] == "pass"
    patched = cloud.patch(TOPIC, {"topic": {"labels": {"size": "99"}}, "updateMask": "labels"})
    assert patched.ok, patched.text

    found = topics.drift()
    (change,) = found["drift"]
    assert (change["address"], change["action"]) == ("google_pubsub_topic.alerts", "update")
    assert change["before"]["labels"] == {"size": "1"}
    assert change["after"]["labels"] == {"size": "99"}
    assert found["verdicts"][0] == {
        "name": "pets is as Terraform left it",
        "verdict": "fail",
        "evidence": "google_pubsub_topic.alerts (labels)",
    }
    assert found["diff"]["before"].keys() == {"google_pubsub_topic.alerts"}
    assert found["provider"]["kind"] == "stand-in"
    assert found["provider"]["version"] == MIRRORED_VERSION

    plan = topics.plan()
    assert [change["address"] for change in plan["drift"]] == ["google_pubsub_topic.alerts"]
    assert topics.apply(plan)["changes"]["update"] == 1
    assert cloud.get(TOPIC).json()["labels"]["size"] == "1"
    assert not topics.drift()["drifted"]

    assert cloud.delete(TOPIC).ok
    assert [change["action"] for change in topics.drift()["drift"]] == ["delete"]
    assert topics.plan_and_apply()["changes"]["create"] == 1

"""What holds for every resource type: settings, refusals, failures, and what happens in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.terraform_provider.terraform_runs import PROJECT, Terraform, project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROVIDER = """
terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}
variable "stage" {
  default = "create"
}
"""
NETWORK = 'resource "google_compute_network" "it" {\n  name = "it"\n  auto_create_subnetworks = false\n%s\n}\n'
SETTINGS = (
    'provider "google" {\n  project = "rehearsal-project"\n  region = "us-central1"\n  poll_interval = "100ms"\n%s\n}\n'
)


@pytest.fixture
def terraform(clean_cloud: LocalCloud, tmp_path: Path) -> Terraform:
    """An empty working directory on a cloud with a project."""
    project(clean_cloud)
    return Terraform(clean_cloud, tmp_path, {})


def write(terraform: Terraform, text: str, settings: str = "") -> None:
    """The root module, initialised."""
    (terraform.directory / "main.tf").write_text(PROVIDER + SETTINGS % settings + text)
    terraform.run("init")


def refused(terraform: Terraform, *arguments: str) -> str:
    """What Terraform says when it refuses, on one line."""
    done = terraform.run(*arguments, allowed=(1,))
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('  colour = "red"', 'An argument named "colour" is not expected here'),
        ('  mtu = "wide"', "a number is required"),
        ('  routing_mode = "SIDEWAYS"', "invalid value for routing_mode: 'SIDEWAYS', allowed: REGIONAL, GLOBAL"),
        ("  gateway_ipv4 = 1", "Value for unconfigurable attribute"),
    ],
)
def test_what_the_specification_lacks_is_refused(terraform: Terraform, body: str, said: str) -> None:
    """Before the first call to the API."""
    write(terraform, NETWORK % body)
    before = terraform.cloud.count(service="compute")
    assert said in refused(terraform, "plan")
    assert terraform.cloud.count(service="compute") == before


def test_groups_of_arguments_are_held_together(terraform: Terraform) -> None:
    """Exactly one of, and conflicts."""
    rule = (
        'resource "google_compute_firewall" "it" {\n  name = "it"\n  network = "n"\n'
        '  source_ranges = ["10.0.0.0/8"]\n%s}\n'
    )
    write(terraform, rule % "")
    assert "one of allow, deny must be specified" in refused(terraform, "validate")
    both = '  allow {\n    protocol = "tcp"\n  }\n  deny {\n    protocol = "udp"\n  }\n'
    write(terraform, rule % both)
    assert "only one of allow, deny, found allow, deny" in refused(terraform, "validate")


def test_two_provider_blocks_do_not_share_their_settings(terraform: Terraform) -> None:
    """An alias is a provider of its own in the same terraform process."""
    alias = 'provider "google" {\n  alias = "east"\n  project = "rehearsal-project"\n  region = "us-east1"\n}\n'
    address = 'resource "google_compute_address" "%s" {\n  name = "it"\n%s}\n'
    write(terraform, alias + address % ("west", "") + address % ("east", "  provider = google.east\n"))
    terraform.apply("create")
    regions = {address: values["region"] for address, values in terraform.values().items()}
    assert regions == {"google_compute_address.west": "us-central1", "google_compute_address.east": "us-east1"}


def test_each_terraform_brings_its_own_environment(terraform: Terraform) -> None:
    """Project and token come from the process that runs Terraform, not from the one that serves the stand-in."""
    (terraform.directory / "main.tf").write_text(PROVIDER + NETWORK % "")
    terraform.run("init")
    for variables, said in (
        ({}, "project is not set"),
        ({"GOOGLE_PROJECT": PROJECT, "GOOGLE_OAUTH_ACCESS_TOKEN": "nobody"}, "Error 401"),
        ({"GOOGLE_PROJECT": PROJECT, "SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE=/nowhere.pem"),
    ):
        done = subprocess.run(
            ["terraform", "apply", "-auto-approve", "-no-color"],
            cwd=terraform.directory, env={**terraform.environment(), **variables},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert said in " ".join((done.stdout + done.stderr).split())
    assert terraform.values() == {}


def test_default_labels_reach_the_api_and_leave_others_alone(terraform: Terraform) -> None:
    """The provider's labels, the resource's own, and those that somebody else set."""
    text = 'resource "google_pubsub_topic" "it" {\n  name = "it"\n  labels = { own = "%s" }\n}\n'
    write(terraform, text % "1", '  default_labels = { team = "crm" }')
    terraform.apply("create")
    topic = f"pubsub.googleapis.com/v1/projects/{PROJECT}/topics/it"
    labels = {"own": "1", "team": "crm", "goog-terraform-provisioned": "true"}
    assert terraform.cloud.get(topic).json()["labels"] == labels
    foreign = {"topic": {"labels": {**labels, "foreign": "x"}}, "updateMask": "labels"}
    assert terraform.cloud.patch(topic, foreign).ok
    assert terraform.actions("create") == {}
    write(terraform, text % "2", '  default_labels = { team = "crm" }')
    terraform.apply("create")
    assert terraform.cloud.get(topic).json()["labels"] == {**labels, "own": "2", "foreign": "x"}


def test_a_deletion_policy_protects(terraform: Terraform) -> None:
    """PREVENT refuses to destroy, ABANDON forgets without deleting; the provider block sets it for all."""
    write(terraform, NETWORK % '  deletion_policy = "PREVENT"')
    terraform.apply("create")
    assert 'without setting deletion_policy="DELETE"' in refused(terraform, "destroy", "-auto-approve")
    write(terraform, NETWORK % "", '  deletion_policy = "ABANDON"')
    terraform.apply("create")
    terraform.run("destroy", "-auto-approve")
    assert terraform.cloud.get(f"compute.googleapis.com/compute/v1/projects/{PROJECT}/global/networks/it").ok


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_clients_of_google_retry_is_retried(terraform: Terraform, status: int) -> None:
    """One bad answer to each kind of call does not disturb the run."""
    write(terraform, NETWORK % "")
    terraform.cloud.faults.add(method="compute.networks.*", status=status, count=2)
    terraform.apply("create")
    assert terraform.actions("create") == {}
    assert all(rule["hits"] for rule in terraform.cloud.faults.list())
    terraform.cloud.faults.clear()


def test_a_refusal_of_google_is_told_in_its_own_words(terraform: Terraform) -> None:
    """Status, message and reason, with the resource it is about; nothing stays in the state."""
    network = f"compute.googleapis.com/compute/v1/projects/{PROJECT}/global/networks"
    assert terraform.cloud.post(network, {"name": "it", "autoCreateSubnetworks": False}).ok
    write(terraform, NETWORK % "")
    said = refused(terraform, "apply", "-auto-approve")
    assert "Error creating Network: googleapi: Error 409: The resource" in said
    assert "alreadyExists" in said
    assert "google_compute_network.it" in said
    assert terraform.values() == {}


def test_what_was_made_is_remembered_when_the_rest_fails(terraform: Terraform) -> None:
    """A resource whose last step fails is in the state, tainted, and the next run replaces it."""
    write(terraform, NETWORK % "  delete_default_routes_on_create = true")
    terraform.cloud.faults.add(method="compute.routes.list", status=403, count=1)
    refused(terraform, "apply", "-auto-approve")
    assert "google_compute_network.it" in terraform.values()
    terraform.cloud.faults.clear()
    assert sorted(terraform.actions("create")["google_compute_network.it"]) == ["create", "delete"]
    terraform.apply("create")
    assert terraform.actions("create") == {}


def test_operations_that_take_time_are_waited_for(terraform: Terraform) -> None:
    """Polled at the provider's interval until they are done."""
    terraform.cloud.settings(operation_seconds=1)
    try:
        write(terraform, NETWORK % "")
        terraform.apply("create")
        assert terraform.cloud.count(method="compute.globalOperations.*") > 0
        assert terraform.actions("create") == {}
    finally:
        terraform.cloud.settings(operation_seconds=0)


def test_an_interrupt_ends_a_wait(terraform: Terraform) -> None:
    """Terraform's request to stop reaches an operation that would take an hour."""
    write(terraform, NETWORK % "")
    terraform.cloud.settings(operation_seconds=3600)
    try:
        with subprocess.Popen(
            ["terraform", "apply", "-auto-approve", "-no-color"],
            cwd=terraform.directory, env=terraform.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as running:  # fmt: skip
            assert running.stdout is not None
            for line in running.stdout:
                if "Creating..." in line:
                    break
            os.kill(running.pid, signal.SIGINT)
            said = running.stdout.read()
            assert running.wait(timeout=60) == 1
        assert "Stopped on request" in said
    finally:
        terraform.cloud.settings(operation_seconds=0)


def test_a_secret_leaves_no_trace(terraform: Terraform) -> None:
    """A write-only argument reaches the API and neither state nor plan."""
    secret = "0123456789abcdeffedcba9876543210"
    text = (
        'resource "google_monitoring_notification_channel" "it" {\n  type = "pagerduty"\n  display_name = "x"\n'
        f'  sensitive_labels {{\n    service_key_wo = "{secret}"\n    service_key_wo_version = "1"\n  }}\n}}\n'
    )
    write(terraform, text)
    terraform.run("plan", "-out=plan")
    shown = terraform.run("show", "-json", "plan").stdout
    planned = json.dumps(json.loads(shown)["resource_changes"])
    assert secret not in planned
    terraform.run("apply", "plan")
    assert secret not in (terraform.directory / "terraform.tfstate").read_text()
    assert terraform.actions("create") == {}
    name = terraform.values()["google_monitoring_notification_channel.it"]["name"]
    assert "service_key" in terraform.cloud.get(f"monitoring.googleapis.com/v3/{name}").json()["labels"]
    assert secret not in terraform.cloud.state.provider_log.read_text()

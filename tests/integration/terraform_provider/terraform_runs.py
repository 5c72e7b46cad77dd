"""Terraform with the stand-in on a local cloud that has one project with every API enabled."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROJECT = "rehearsal-project"
APIS = (
    "artifactregistry", "billingbudgets", "cloudbilling", "cloudkms", "cloudquotas", "cloudresourcemanager", "compute",
    "container", "dns", "essentialcontacts",
    "certificatemanager", "iam", "monitoring", "pubsub", "secretmanager", "serviceusage", "storage",
)  # fmt: skip
TERRAFORM_SECONDS = 120


def project(cloud: LocalCloud) -> str:
    """Make the project, with billing and APIs; its number."""
    manager = "cloudresourcemanager.googleapis.com/v1/projects"
    parent = {"type": "organization", "id": "123456789012"}
    assert cloud.post(manager, {"projectId": PROJECT, "name": "rehearsal", "parent": parent}).ok
    billing = {"billingAccountName": "billingAccounts/01D165-CA11AB-1E0001"}
    assert cloud.put(f"cloudbilling.googleapis.com/v1/projects/{PROJECT}/billingInfo", billing).ok
    services = {"serviceIds": [f"{api}.googleapis.com" for api in APIS]}
    assert cloud.post(f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable", services).ok
    return str(cloud.get(f"{manager}/{PROJECT}").json()["projectNumber"])


@dataclass
class Terraform:
    """One working directory."""

    cloud: LocalCloud
    directory: Path
    variables: Mapping[str, str]

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        """One command; AssertionError with what it said when it ends otherwise than allowed."""
        plain = [] if arguments[0] == "state" else ["-no-color"]
        done = subprocess.run(
            ["terraform", arguments[0], *plain, *arguments[1:]],
            cwd=self.directory,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=TERRAFORM_SECONDS,
            check=False,
        )
        assert done.returncode in allowed, f"terraform {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def environment(self) -> dict[str, str]:
        """That of a shell with the local cloud's exports; the stand-in whether or not a registry answers."""
        variables = {f"TF_VAR_{name}": value for name, value in self.variables.items()}
        environment = {**self.cloud.environ(), **variables, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        return {**environment, "TF_CLI_CONFIG_FILE": os.devnull, "TF_PLUGIN_CACHE_DIR": ""}

    def apply(self, stage: str) -> None:
        """Apply a stage of the case."""
        self.run("apply", "-auto-approve", f"-var=stage={stage}")

    def actions(self, stage: str) -> dict[str, list[str]]:
        """Address to actions of a plan, those that do nothing left out."""
        self.run("plan", f"-var=stage={stage}", "-out=plan")
        plan = json.loads(self.run("show", "-json", "plan").stdout)
        changes = {change["address"]: change["change"]["actions"] for change in plan.get("resource_changes", ())}
        return {address: actions for address, actions in changes.items() if actions != ["no-op"]}

    def values(self) -> dict[str, dict[str, Any]]:
        """Address to attributes of everything in the state."""
        state = json.loads(self.run("show", "-json").stdout)
        resources = state.get("values", {}).get("root_module", {}).get("resources", ())
        return {resource["address"]: resource["values"] for resource in resources}

"""Terraform on a copy of one root, against the project of a local cloud.

The provider is the local cloud's stand-in. With PRESIDENTIAL_DIGS_TF_CLI_CONFIG in the environment it is the one that
the named Terraform CLI configuration file installs (a `filesystem_mirror` of hashicorp/google), through the same proxy.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROJECT = "presidential-digs-crm-dev"
BILLING_ACCOUNT = "01D165-CA11AB-1E0001"
ORGANIZATION = "organizations/123456789012"
STATE_BUCKET = f"{PROJECT}-tfstate"
CLI_CONFIG = "PRESIDENTIAL_DIGS_TF_CLI_CONFIG"
SERVICES = (
    "artifactregistry",
    "billingbudgets",
    "certificatemanager",
    "cloudbilling",
    "cloudkms",
    "cloudquotas",
    "cloudresourcemanager",
    "compute",
    "container",
    "dns",
    "essentialcontacts",
    "iam",
    "monitoring",
    "pubsub",
    "secretmanager",
    "serviceusage",
    "storage",
)
COMMON: dict[str, Any] = {
    "environment": "dev",
    "labels": {
        "environment": "dev",
        "team": "platform",
        "application": "crm",
        "cost-center": "presidential-digs",
        "managed-by": "terraform",
    },
    "poll_interval": "200ms",
    "project_id": PROJECT,
    "region": "europe-west3",
}

# One Terraform command ends within this time, or something hangs; in seconds.
COMMAND_SECONDS = 180


def bootstrapped(cloud: LocalCloud) -> str:
    """Make the project as bootstrap would: billing, services, state bucket. Its number."""
    made = cloud.post(
        "cloudresourcemanager.googleapis.com/v3/projects",
        {"projectId": PROJECT, "displayName": PROJECT, "parent": ORGANIZATION},
    )
    made.raise_for_status()
    cloud.put(
        f"cloudbilling.googleapis.com/v1/projects/{PROJECT}/billingInfo",
        {"billingAccountName": f"billingAccounts/{BILLING_ACCOUNT}"},
    ).raise_for_status()
    cloud.post(
        f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable",
        {"serviceIds": [f"{service}.googleapis.com" for service in SERVICES]},
    ).raise_for_status()
    cloud.post(
        f"storage.googleapis.com/storage/v1/b?project={PROJECT}", {"name": STATE_BUCKET, "location": "EUROPE-WEST3"}
    ).raise_for_status()
    project = cloud.get(f"cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}").json()
    return str(project["name"]).removeprefix("projects/")


@dataclass(frozen=True)
class Workspace:
    """A copy of the root `name` in `directory` (a whole terraform tree), and the cloud it is applied to.

    `token` is who Terraform acts as; empty: the organisation's owner.
    """

    cloud: LocalCloud
    directory: Path
    name: str
    token: str = field(default="", repr=False)

    @property
    def root(self) -> Path:
        """Where Terraform runs."""
        return self.directory / "roots" / self.name

    def told(self, variables: dict[str, Any]) -> None:
        """Write the variables, as Ansible does."""
        path = self.root / f"{self.name}.auto.tfvars.json"
        path.write_text(json.dumps(COMMON | variables), encoding="utf-8")

    def terraform(self, *arguments: str, expect: int = 0) -> str:
        """Output of one command; AssertionError with it when the status is not `expect`."""
        environment = self.cloud.environ(TF_CLI_CONFIG_FILE=os.devnull, CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1")
        if self.token:
            environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = self.token
        if CLI_CONFIG in os.environ:
            environment["TF_CLI_CONFIG_FILE"] = os.environ[CLI_CONFIG]
            del environment["TF_REATTACH_PROVIDERS"]
        done = subprocess.run(
            ["terraform", f"-chdir={self.root}", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        output = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        assert done.returncode == expect, f"terraform {' '.join(arguments)}: status {done.returncode}\n{output[-4000:]}"
        return output

    def init(self) -> None:
        """Take up the state in the project's bucket."""
        backend = (f"-backend-config=bucket={STATE_BUCKET}", f"-backend-config=prefix=roots/{self.name}")
        self.terraform("init", "-input=false", *backend)

    def plan(self) -> dict[str, Any]:
        """The plan as data."""
        self.terraform("plan", "-input=false", "-out=planned.tfplan")
        shown: dict[str, Any] = json.loads(self.terraform("show", "-json", "planned.tfplan"))
        return shown

    def apply(self) -> None:
        """Plan and apply."""
        self.terraform("apply", "-input=false", "-auto-approve")

    def is_empty_plan(self) -> bool:
        """True when the cloud is as the code says; the plan is the assertion's text otherwise."""
        return "No changes." in self.terraform("plan", "-input=false", "-detailed-exitcode")

    def destroy(self, *, expect: int = 0) -> str:
        """Destroy everything; its output."""
        return self.terraform("destroy", "-input=false", "-auto-approve", expect=expect)

    def outputs(self) -> dict[str, Any]:
        """Output values by name."""
        shown = json.loads(self.terraform("output", "-json"))
        return {name: output["value"] for name, output in shown.items()}

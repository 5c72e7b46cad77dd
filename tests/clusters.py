"""Clusters of a local cloud for tests: a project to hold them, made and deleted by Google's API, asked by kubectl."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cloud import programs
from local_cloud.kubernetes.access import ClusterAccess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PROJECT = "kubernetes-tests"
ZONE = "europe-west1-b"
_SERVICES = ("compute", "container", "iam", "iamcredentials", "sts")
# A cluster is there after seconds; a machine under load gets much longer.
_OPERATION_SECONDS = 180
# Nothing is told when an operation is done: GKE's clients ask again, as here.
_PAUSE = 0.3


@dataclass(frozen=True)
class Cluster:
    """A cluster of `cloud`; kubectl asks through the proxy with Google tokens, as a person would."""

    cloud: LocalCloud
    name: str
    directory: Path

    @property
    def access(self) -> ClusterAccess:
        """Its files."""
        return ClusterAccess.of(self.cloud.state.root, self.resource)

    @property
    def resource(self) -> str:
        """Its resource name."""
        return f"projects/{PROJECT}/locations/{ZONE}/clusters/{self.name}"

    def kubectl(
        self, *arguments: str, member: str = "", endpoint: str = "ip", check: bool = True, content: Any = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as `member` (the owner by default); `content` is given as JSON on the standard input."""
        config = self.directory / f"{self.name}-{endpoint}-{member.replace(':', '-')}.kubeconfig"
        if not config.exists():
            chosen = ["--as", member] if member else []
            asked = self.cloud.command("kubeconfig", self.name, "--endpoint", endpoint, *chosen)
            config.write_text(asked.stdout, encoding="utf-8")
        done = subprocess.run(
            [str(programs.find("kubectl")), "--kubeconfig", str(config), *arguments],
            input=None if content is None else json.dumps(content),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def get(self) -> dict[str, Any]:
        """The cluster as the API shows it."""
        answer = self.cloud.get(f"container.googleapis.com/v1/{self.resource}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def processes(self) -> dict[str, int]:
        """Process name → id of what runs for it."""
        mine = f"{self.access.directory.name}/"
        listed = self.cloud.admin.get("/status")["children"]
        return {child["name"].removeprefix(mine): child["pid"] for child in listed if child["name"].startswith(mine)}

    def delete(self) -> None:
        """Delete it and wait."""
        finished(self.cloud, self.cloud.delete(f"container.googleapis.com/v1/{self.resource}").json())


def prepare(cloud: LocalCloud) -> None:
    """A project with a network whose subnetwork has ranges for pods and services of two clusters."""
    parent = {"type": "organization", "id": "123456789012"}
    _ok(cloud.post("cloudresourcemanager.googleapis.com/v1/projects", {"projectId": PROJECT, "parent": parent}))
    for service in _SERVICES:
        url = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/{service}.googleapis.com:enable"
        _ok(cloud.post(url, {}))
    compute = f"compute.googleapis.com/compute/v1/projects/{PROJECT}"
    _ok(cloud.post(f"{compute}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False}))
    ranges = {
        "pods-1": "10.20.0.0/16",
        "services-1": "10.21.0.0/20",
        "pods-2": "10.22.0.0/16",
        "services-2": "10.23.0.0/20",
    }
    body = {
        "name": "nodes",
        "network": f"projects/{PROJECT}/global/networks/vpc",
        "ipCidrRange": "10.19.0.0/20",
        "secondaryIpRanges": [{"rangeName": name, "ipCidrRange": block} for name, block in ranges.items()],
    }
    _ok(cloud.post(f"{compute}/regions/europe-west1/subnetworks", body))


def create(cloud: LocalCloud, name: str, number: int, directory: Path) -> Cluster:
    """A zonal cluster with one node on the `number`th (1 or 2) pair of ranges, ready."""
    policy = {
        "useIpAliases": True,
        "clusterSecondaryRangeName": f"pods-{number}",
        "servicesSecondaryRangeName": f"services-{number}",
    }
    body = {
        "name": name,
        "network": "vpc",
        "subnetwork": "nodes",
        "ipAllocationPolicy": policy,
        "nodePools": [{"name": "general", "initialNodeCount": 1}],
        "workloadIdentityConfig": {"workloadPool": f"{PROJECT}.svc.id.goog"},
    }
    url = f"container.googleapis.com/v1/projects/{PROJECT}/locations/{ZONE}/clusters"
    finished(cloud, _ok(cloud.post(url, {"cluster": body})))
    return Cluster(cloud, name, directory)


def finished(cloud: LocalCloud, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation once it is done; AssertionError when it fails or takes too long."""
    url = f"container.googleapis.com/v1/projects/{PROJECT}/locations/{ZONE}/operations/{operation['name']}"
    deadline = time.monotonic() + _OPERATION_SECONDS
    while operation["status"] != "DONE":
        assert time.monotonic() < deadline, operation
        time.sleep(_PAUSE)
        operation = _ok(cloud.get(url))
    assert "error" not in operation, operation
    return operation


def _ok(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found

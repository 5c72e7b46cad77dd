"""Services that are not ours, by data alone, on a local cluster: rolled out, left alone, taken back as a set."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.ansible_runs import Run, play
from tests.integration.modules.direct import run_module
from tests.local_cloud import cloud

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

__all__ = ["cloud"]

PROJECT = "presidential-digs-crm-local"
REGION = f"projects/{PROJECT}/locations/us-central1"
NODES = f"gke-nodes@{PROJECT}.iam.gserviceaccount.com"
ECHO = Path(__file__).with_name("echo")
SERVICES = ("auth-service", "lead-import-service", "conversation-backend", "frontend")
SECRETS = ("JWT_SECRET", "JWT_REFRESH_SECRET", "MONGODB_PASSWORD", "GOOGLE_CLIENT_SECRET")

# A cluster is up within this time, in seconds, or something is wrong.
CLUSTER_SECONDS = 180

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def image(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reference of the image, in the project's registry, beside a cluster whose nodes may pull it."""
    bootstrapped = play(cloud, "playbooks/bootstrap.yml", runs=tmp_path_factory.mktemp("runs"))
    assert bootstrapped.code == 0, bootstrapped.output
    _network(cloud)
    repository = {"format": "DOCKER"}
    cloud.post(f"artifactregistry.googleapis.com/v1/{REGION}/repositories?repositoryId=crm-images", repository)
    cloud.post(f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "gke-nodes"})
    readers = {"role": "roles/artifactregistry.reader", "members": [f"serviceAccount:{NODES}"]}
    policy = {"policy": {"bindings": [readers]}}
    cloud.post(f"artifactregistry.googleapis.com/v1/{REGION}/repositories/crm-images:setIamPolicy", policy)
    _cluster(cloud)
    target = f"us-central1-docker.pkg.dev/{PROJECT}/crm-images/echo"
    built = run_module(cloud, "image", {"repository": target, "context": str(ECHO), "tags": ["one"], "host_base": True})
    return str(built["image"]["reference"])


def _network(cloud: LocalCloud) -> None:
    compute = f"compute.googleapis.com/compute/v1/projects/{PROJECT}"
    cloud.post(f"{compute}/global/networks", {"name": "crm", "autoCreateSubnetworks": False})
    ranges = [
        {"rangeName": "pods", "ipCidrRange": "10.16.128.0/17"},
        {"rangeName": "services", "ipCidrRange": "10.16.64.0/20"},
    ]
    subnetwork = {
        "name": "crm-private",
        "network": f"projects/{PROJECT}/global/networks/crm",
        "ipCidrRange": "10.16.0.0/20",
        "secondaryIpRanges": ranges,
    }
    cloud.post(f"{compute}/regions/us-central1/subnetworks", subnetwork)


def _cluster(cloud: LocalCloud) -> None:
    pool = {
        "name": "general",
        "initialNodeCount": 1,
        "config": {"machineType": "e2-standard-4", "serviceAccount": NODES},
    }
    addresses = {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services", "useIpAliases": True}
    cluster = {
        "name": "crm",
        "network": f"projects/{PROJECT}/global/networks/crm",
        "subnetwork": f"projects/{PROJECT}/regions/us-central1/subnetworks/crm-private",
        "ipAllocationPolicy": addresses,
        "nodePools": [pool],
    }
    cloud.post(f"container.googleapis.com/v1/{REGION}/clusters", {"cluster": cluster})
    deadline = time.monotonic() + CLUSTER_SECONDS
    while cloud.get(f"container.googleapis.com/v1/{REGION}/clusters/crm").json().get("status") != "RUNNING":
        assert time.monotonic() < deadline, "the cluster is not up"
        time.sleep(1)


def release(image: str, greeting: str, **frontend: Any) -> dict[str, Any]:
    """What the inventory has otherwise: an image in another language, on another port, without a health endpoint."""
    service = {
        "runtime": "kubernetes",
        "image": {"build": None, "reference": image},
        "port": 8080,
        "user": 1000,
        "replicas": {"min": 1, "max": 1},
        "probes": {"startup": None, "liveness": None, "readiness": {"http": None, "tcp": True, "period_seconds": 1}},
        "environment": {"MONGODB_URI": None, "GREETING": greeting},
        "secrets": dict.fromkeys(SECRETS),
        "egress": [],
        "grace_seconds": 8,
        "checks": [
            {"name": "internal", "kind": "http", "via": "cluster", "path": "/x", "json_has": {"hello": greeting}},
            {"name": "environment", "kind": "environment"},
        ],
    }
    return {"platform_service_overrides": dict.fromkeys(SERVICES, service) | {"frontend": {**service, **frontend}}}


def deploy(cloud: LocalCloud, directory: Path, given: dict[str, Any]) -> Run:
    variables = directory / "overrides.yml"
    variables.write_text(yaml.safe_dump(given), encoding="utf-8")
    options = ("-e", f"@{variables}", "-e", "service_check_timeout=5")
    return play(cloud, "playbooks/services.yml", *options, runs=directory / "runs")


def greetings(cloud: LocalCloud) -> set[str]:
    """What the services say of themselves, asked through the API server."""
    given = {"project": PROJECT, "location": "us-central1", "cluster": "crm", "namespace": "crm"}
    checks = [{"name": "any", "kind": "http", "via": "cluster", "path": "/x", "json_has": {"hello": "?"}}]
    told = [
        run_module(cloud, "service_check", {**given, "service": name, "port": 8080, "timeout": 0, "checks": checks})
        for name in SERVICES
    ]
    return {one["verdicts"][0]["evidence"].partition("hello is ")[2].partition(",")[0] for one in told}


def test_services_by_data_alone_and_a_failed_one_takes_the_set_back(
    cloud: LocalCloud, image: str, tmp_path: Path
) -> None:
    first = deploy(cloud, tmp_path, release(image, "one"))
    again = deploy(cloud, tmp_path, release(image, "one"))
    crash = ["/usr/bin/node", "-e", "console.error('no database'); process.exit(3)"]
    crashed = deploy(cloud, tmp_path, release(image, "two", command=crash))

    assert first.code == 0, first.output
    assert first.recap["auth-service"]["changed"] == 2  # the namespace is made once, on the first host
    assert (again.code, again.changed) == (0, 0), again.output
    assert crashed.code != 0
    assert "frontend failed after" in crashed.output
    assert "CrashLoopBackOff: exit code 3" in crashed.output
    assert "no database" in crashed.output
    assert "Taken back, because frontend failed." in crashed.output
    assert greetings(cloud) == {"'one'"}


def test_failed_check_takes_the_set_back(cloud: LocalCloud, image: str, tmp_path: Path) -> None:
    deploy(cloud, tmp_path, release(image, "three"))
    wrong = [{"name": "internal", "kind": "http", "via": "cluster", "path": "/x", "json_has": {"hello": "nobody"}}]

    failed = deploy(cloud, tmp_path, release(image, "four", checks=wrong))

    assert failed.code != 0
    assert "frontend.internal: fail" in failed.output
    assert greetings(cloud) == {"'three'"}

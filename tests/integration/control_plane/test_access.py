"""Who may do what in a cluster: Google tokens, roles of IAM, bindings of RBAC, service accounts as Google ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import requests

from local_cloud.kubernetes.workload_identity import WorkloadIdentity, WorkloadIdentityError
from tests.clusters import PROJECT

if TYPE_CHECKING:
    from tests.clusters import Cluster

pytestmark = pytest.mark.seconds(25)

DEPLOYMENT = ["create", "deployment", "web", "--image=example.invalid/web", "--replicas=0", "--dry-run=server"]


def grant(cluster: Cluster, member: str, role: str) -> None:
    """Bind `role` on the project."""
    root = f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}"
    policy = cluster.cloud.post(f"{root}:getIamPolicy", {}).json()
    policy.setdefault("bindings", []).append({"role": role, "members": [member]})
    answer = cluster.cloud.post(f"{root}:setIamPolicy", {"policy": policy})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("endpoint", ["ip", "dns"])
def test_the_owner_comes_in_by_address_and_by_name(cluster: Cluster, endpoint: str) -> None:
    """kubectl verifies the server by the API's answer, or by the authority that the environment trusts."""
    assert "owner@presidential-digs.example" in cluster.kubectl("auth", "whoami", endpoint=endpoint).stdout
    assert "kube-system" in cluster.kubectl("get", "namespaces", endpoint=endpoint).stdout


def test_roles_of_iam_count_as_on_gke(cluster: Cluster) -> None:
    """A viewer reads all but secrets, a developer changes all but rights, an administrator changes these as well."""
    viewer, developer, admin = (f"user:{name}@presidential-digs.example" for name in ("vera", "devi", "adam"))
    grant(cluster, viewer, "roles/container.viewer")
    grant(cluster, developer, "roles/container.developer")
    grant(cluster, admin, "roles/container.admin")
    binding = ["create", "clusterrolebinding", "x", "--clusterrole=view", "--user=x", "--dry-run=server"]

    def may(member: str, *arguments: str) -> bool:
        return cluster.kubectl(*arguments, member=member, check=False).returncode == 0

    assert [may(viewer, *asked) for asked in (["get", "pods"], ["get", "secrets"], DEPLOYMENT, binding)] == [
        True,
        False,
        False,
        False,
    ]
    assert [may(developer, *asked) for asked in (["get", "secrets"], DEPLOYMENT, binding)] == [True, True, False]
    assert [may(admin, *asked) for asked in (DEPLOYMENT, binding)] == [True, True]


def test_a_refusal_names_the_permission(cluster: Cluster) -> None:
    """So that whoever reads it knows what to ask for."""
    member = "user:nobody@presidential-digs.example"
    refused = cluster.kubectl("get", "pods", member=member, check=False)
    assert refused.returncode == 1
    assert 'User "nobody@presidential-digs.example" cannot list resource "pods"' in refused.stderr
    assert "container.pods.list" in refused.stderr


def test_rbac_grants_what_iam_does_not(cluster: Cluster) -> None:
    """The user of a binding is the account's address."""
    email = "rita@presidential-digs.example"
    assert cluster.kubectl("get", "configmaps", member=f"user:{email}", check=False).returncode == 1
    cluster.kubectl("create", "rolebinding", "rita", "--clusterrole=view", f"--user={email}")
    assert cluster.kubectl("get", "configmaps", member=f"user:{email}").returncode == 0
    assert (
        cluster.kubectl("get", "configmaps", "-n", "kube-system", member=f"user:{email}", check=False).returncode == 1
    )


def test_anonymous_is_told_of_health_and_nothing_else(cluster: Cluster) -> None:
    """Neither is a token that nobody issued."""
    url, verify = cluster.access.api_url, str(cluster.access.ca_file)
    assert requests.get(f"{url}/readyz", verify=verify, timeout=30).text == "ok"
    for headers in ({}, {"Authorization": "Bearer ya29.made-up"}):
        assert requests.get(f"{url}/api", headers=headers, verify=verify, timeout=30).status_code == 401


def test_webhooks_answer_nobody_else(cluster: Cluster) -> None:
    """They would tell whose token one has found."""
    port = (cluster.cloud.state.root / "kubernetes" / "webhook.port").read_text().strip()
    url = f"https://127.0.0.1:{port}/{cluster.access.directory.name}/token"
    answer = requests.post(url, json={}, verify=str(cluster.cloud.state.ca_certificate), timeout=30)
    assert answer.status_code == 401


def test_a_service_account_becomes_a_google_one(cluster: Cluster) -> None:
    """Its token is exchanged; it may be the account that lets it, and no other."""
    cluster.kubectl("create", "serviceaccount", "auth-service")
    token = cluster.kubectl("create", "token", "auth-service", f"--audience={PROJECT}.svc.id.goog").stdout.strip()
    identity = WorkloadIdentity(cluster.cloud.state, cluster.access)
    accounts = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts"
    email = f"auth-service@{PROJECT}.iam.gserviceaccount.com"
    assert cluster.cloud.post(accounts, {"accountId": "auth-service"}).status_code == 200

    assert asyncio.run(identity.access_token(token)).account == ""
    with pytest.raises(WorkloadIdentityError, match=r"iam\.serviceAccounts\.getAccessToken"):
        asyncio.run(identity.access_token(token, email))

    member = f"serviceAccount:{PROJECT}.svc.id.goog[default/auth-service]"
    policy = {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]}
    answer = cluster.cloud.post(f"{accounts}/{email}:setIamPolicy", {"policy": policy})
    assert answer.status_code == 200, answer.text
    issued = asyncio.run(identity.access_token(token, email))
    who = cluster.cloud.get("openidconnect.googleapis.com/v1/userinfo", token=issued.token).json()
    assert who["email"] == email


def test_a_token_of_another_audience_is_not_exchanged(cluster: Cluster) -> None:
    """A pod's token for the API server is no Google credential."""
    token = cluster.kubectl("create", "token", "default").stdout.strip()
    with pytest.raises(WorkloadIdentityError, match="audience"):
        asyncio.run(WorkloadIdentity(cluster.cloud.state, cluster.access).access_token(token))

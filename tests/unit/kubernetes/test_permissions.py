"""Which permission of IAM a request to the API server needs."""

from __future__ import annotations

import pytest

from local_cloud.emulator.profiles.clusters.objects import permission, permissions


@pytest.mark.parametrize(
    ("verb", "group", "resource", "subresource", "expected"),
    [
        ("get", "", "pods", "", "container.pods.get"),
        ("watch", "apps", "deployments", "", "container.deployments.list"),
        ("patch", "apps", "statefulsets", "", "container.statefulSets.update"),
        ("deletecollection", "", "configmaps", "", "container.configMaps.delete"),
        ("get", "", "pods", "log", "container.pods.getLogs"),
        ("create", "", "pods", "exec", "container.pods.exec"),
        ("get", "", "pods", "portforward", "container.pods.portForward"),
        ("create", "", "pods", "eviction", "container.pods.evict"),
        ("patch", "apps", "deployments", "scale", "container.deployments.updateScale"),
        ("get", "apps", "daemonsets", "status", "container.daemonSets.getStatus"),
        ("create", "", "serviceaccounts", "token", "container.serviceAccounts.createToken"),
        ("create", "authorization.k8s.io", "selfsubjectaccessreviews", "", "container.selfSubjectAccessReviews.create"),
        ("bind", "rbac.authorization.k8s.io", "clusterroles", "", "container.clusterRoles.bind"),
        ("get", "metrics.k8s.io", "pods", "", "container.pods.get"),
        ("list", "cloud.google.com", "backendconfigs", "", "container.thirdPartyObjects.list"),
        ("update", "example.com", "pods", "status", "container.thirdPartyObjects.update"),
        ("impersonate", "", "users", "", None),
    ],
)
def test_permission(verb: str, group: str, resource: str, subresource: str, expected: str | None) -> None:
    """By kind, verb and subresource; a kind that is not Kubernetes' own is a third party's."""
    assert permission(verb, group, resource, subresource) == expected
    assert expected is None or expected in permissions()

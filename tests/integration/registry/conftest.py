"""A local cloud with a project and a repository of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local_cloud import clean_cloud, cloud

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

__all__ = ["clean_cloud", "cloud"]

PROJECT = "registry-test"
HOST = "europe-west1-docker.pkg.dev"
API = f"artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/europe-west1/repositories"


@pytest.fixture
def repository(clean_cloud: LocalCloud) -> str:
    """`HOST/v2/PROJECT/REPOSITORY` of a new repository."""
    body = {"projectId": PROJECT, "parent": "organizations/123456789012"}
    assert clean_cloud.post("cloudresourcemanager.googleapis.com/v3/projects", body).ok
    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/artifactregistry.googleapis.com:enable"
    assert clean_cloud.post(service, {}).ok
    assert clean_cloud.post(f"{API}?repositoryId=images", {"format": "DOCKER"}).ok
    return f"{HOST}/v2/{PROJECT}/images"

"""One local cloud with one cluster, asked by kubectl with Google tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import clusters
from tests.local_cloud import running_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Cluster]:
    """A cluster that runs, in a cloud that asks for every permission."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), "--iam", "enforce") as cloud:
        clusters.prepare(cloud)
        yield clusters.create(cloud, "crm", 1, tmp_path_factory.mktemp("kubeconfigs"))

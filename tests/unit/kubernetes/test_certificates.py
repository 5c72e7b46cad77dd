"""Certificates of a cluster stay as long as they hold, and are made anew when its addresses listen elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_cloud.kubernetes.access import ClusterAccess
from local_cloud.kubernetes.control_plane.certificates import write_certificates
from local_cloud.kubernetes.control_plane.description import ClusterDescription
from local_cloud.twins import LANE_VARIABLE

CLUSTER = ClusterDescription(
    name="projects/tests/locations/europe-west1/clusters/crm",
    public_address="192.0.2.9",
    private_address="172.16.9.2",
    metrics_address="172.16.9.3",
    dns_endpoint="gke-tests-1.europe-west1.gke.goog",
    pods="10.9.0.0/16",
    services="10.8.0.0/20",
)


def test_only_what_names_another_lane_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LANE_VARIABLE, raising=False)
    access = ClusterAccess.of(tmp_path, CLUSTER.name)
    access.directory.mkdir(parents=True)

    def written() -> dict[str, bytes]:
        write_certificates(access, CLUSTER)
        return {path.name: path.read_bytes() for path in access.directory.iterdir()}

    first = written()
    assert written() == first
    monkeypatch.setenv(LANE_VARIABLE, "66")
    moved = written()
    assert {name for name in moved if moved[name] != first[name]} == {"apiserver.crt", "apiserver.key"}

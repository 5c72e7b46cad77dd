"""The metadata servers of pods: each answers for the pod's own service account, as Workload Identity does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from local_cloud.containers.metadata import ContainerIdentity, MetadataDoor
from local_cloud.twins import twin_address

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.kubernetes.node.client import Object, Store

_LOG = logging.getLogger(__name__)

# https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
ANNOTATION = "iam.gke.io/gcp-service-account"


class MetadataDoors:
    """One door for each pod."""

    def __init__(self, admin_socket: Path, cluster: str, accounts: Store) -> None:
        """For pods of `cluster` (resource name); `accounts` are its service accounts."""
        self._admin_socket = admin_socket
        self._cluster = cluster
        self._accounts = accounts
        self._doors: dict[str, MetadataDoor] = {}

    async def open(self, pod: Object, address: str) -> tuple[str, int] | None:
        """The pod's metadata server; None when its place is taken, which is logged."""
        door = MetadataDoor(self._admin_socket, lambda: self.identity(pod))
        try:
            found = await door.open(twin_address(address))
        except OSError as error:
            _LOG.warning("pod %s has no metadata server: %s", pod["metadata"]["name"], error)
            return None
        self._doors[pod["metadata"]["uid"]] = door
        return found

    def close(self, uid: str) -> None:
        """The pod is gone."""
        door = self._doors.pop(uid, None)
        if door is not None:
            door.close()

    def identity(self, pod: Object) -> ContainerIdentity:
        """Who the containers of a pod are to Google."""
        namespace = pod["metadata"]["namespace"]
        name = pod["spec"].get("serviceAccountName", "default")
        account = self._accounts.find(namespace, name) or {"metadata": {}}
        project, location, cluster = self._cluster.split("/")[1::2]
        return ContainerIdentity(
            member=f"serviceAccount:{project}.svc.id.goog[{namespace}/{name}]",
            project=project,
            impersonates=(account["metadata"].get("annotations") or {}).get(ANNOTATION, ""),
            cluster=cluster,
            location=location,
        )

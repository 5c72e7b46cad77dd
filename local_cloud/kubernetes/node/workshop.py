"""What every pod's life needs: images, containers, events, sources from the API, and how long things take here."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cloud.kubernetes.api_client import ApiStatusError
from local_cloud.kubernetes.node.client import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_cloud.containers.containers import Containers
    from local_cloud.containers.environment import CloudAccess
    from local_cloud.containers.images import Images
    from local_cloud.kubernetes.node.client import NodeClient, Object, Store
    from local_cloud.kubernetes.node.events import Events
    from local_cloud.kubernetes.node.metadata import MetadataDoors

# A token is renewed when this part of its life is over, as the kubelet does.
RENEW_AFTER = 0.8


@dataclass(frozen=True)
class Timing:
    """Pauses in seconds. Kubernetes begins a back-off at 10 s; here it begins at `back_off`, and ends 30 times later.

    `settle` is how long changes of a pod's status are gathered before they are written.
    """

    back_off: float = 1.0
    settle: float = 0.02

    @property
    def longest_back_off(self) -> float:
        """The longest pause before a container is started again."""
        return self.back_off * 30

    def pause(self, failures: int) -> float:
        """The pause after `failures` (from 1) failures in a row."""
        return float(min(self.back_off * 2 ** min(failures - 1, 20), self.longest_back_off))


class ApiSources:
    """ConfigMaps and Secrets as the watches have them, asked for when a watch is behind."""

    def __init__(self, client: NodeClient, config_maps: Store, secrets: Store) -> None:
        """Look into the stores first."""
        self._client = client
        self._config_maps = config_maps
        self._secrets = secrets

    async def config_map(self, namespace: str, name: str) -> Object | None:
        """A ConfigMap, None when there is none."""
        return await self._find(self._config_maps, namespace, "configmaps", name)

    async def secret(self, namespace: str, name: str) -> Object | None:
        """A Secret, None when there is none."""
        return await self._find(self._secrets, namespace, "secrets", name)

    async def _find(self, store: Store, namespace: str, kind: str, name: str) -> Object | None:
        found = store.find(namespace, name)
        if found is not None:
            return found
        try:
            return await self._client.get(f"/api/v1/namespaces/{namespace}/{kind}/{name}")
        except ApiStatusError as error:
            if error.status == NOT_FOUND:
                return None
            raise


class PodTokens:
    """Tokens of service accounts bound to pods, kept until most of their life is over."""

    def __init__(self, client: NodeClient) -> None:
        """Ask the API."""
        self._client = client
        self._kept: dict[tuple[str, str, int], tuple[str, float]] = {}

    async def token(self, pod: Object, audience: str, seconds: int) -> str:
        """A token of the pod's service account."""
        metadata = pod["metadata"]
        key = (metadata["uid"], audience, seconds)
        token, due = self._kept.get(key, ("", 0.0))
        if time.monotonic() < due:
            return token
        account = pod["spec"].get("serviceAccountName", "default")
        bound = {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]}
        spec = {"audiences": [audience] if audience else [], "expirationSeconds": seconds, "boundObjectRef": bound}
        path = f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts/{account}/token"
        answer = await self._client.post(
            path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        )
        token = str(answer["status"]["token"])
        self._kept[key] = (token, time.monotonic() + seconds * RENEW_AFTER)
        return token

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for key in [key for key in self._kept if key[0] == uid]:
            del self._kept[key]


@dataclass(frozen=True)
class Workshop:
    """Shared by all pods of the agent; `directory` holds a directory for each pod."""

    client: NodeClient
    images: Images
    containers: Containers
    events: Events
    sources: ApiSources
    tokens: PodTokens
    doors: MetadataDoors
    timing: Timing
    directory: Path
    cloud: CloudAccess | None
    services: Callable[[], tuple[Object, ...]]
    pulls: asyncio.Semaphore

"""One call of the Atlas Admin API on its way to what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local_cloud.atlas.kinds import CLUSTERS, GROUPS, SERVICE, Body, cluster_name, group_name
from local_cloud.atlas.refusals import AtlasError

if TYPE_CHECKING:
    from local_cloud.emulator.store import Store


@dataclass(frozen=True)
class Asked:
    """`parts` are the parameters of the path, `body` the parsed JSON."""

    store: Store
    now: datetime
    parts: Mapping[str, str]
    body: Any

    @property
    def given(self) -> Body:
        """The body, which must be an object."""
        if not isinstance(self.body, dict):
            raise AtlasError(400, "MALFORMED_JSON", "The body must be an object.")
        return {key: value for key, value in self.body.items() if not key.startswith("_")}

    @property
    def group(self) -> str:
        """The id of the group in the path, which must be there."""
        identifier = self.parts["group"]
        if self.store.get(SERVICE, group_name(identifier)) is None:
            raise AtlasError(404, "GROUP_NOT_FOUND", f"No group with ID {identifier} exists.", [identifier])
        return identifier

    @property
    def cluster(self) -> Body:
        """The cluster in the path, which must be there."""
        return self.cluster_called(self.group, self.parts["cluster"])

    def cluster_called(self, group: str, name: str) -> Body:
        """A cluster of a group; AtlasError 404 when there is none."""
        stored = self.store.get(SERVICE, cluster_name(group, name))
        if stored is None:
            detail = f"No cluster named {name} exists in group {group}."
            raise AtlasError(404, "CLUSTER_NOT_FOUND", detail, [name, group])
        return dict(stored.body)

    def keep_cluster(self, cluster: Body) -> None:
        """Write a cluster."""
        self.store.put(SERVICE, cluster_name(cluster["groupId"], cluster["name"]), CLUSTERS, cluster)

    def keep_group(self, group: Body) -> None:
        """Write a group."""
        self.store.put(SERVICE, group_name(group["id"]), GROUPS, group)

"""Clusters of Atlas: described here, made to run by `runtime.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.atlas import kinds
from local_cloud.atlas.kinds import CLUSTERS, SERVICE, Body
from local_cloud.atlas.refusals import AtlasError

if TYPE_CHECKING:
    from local_cloud.atlas.asking import Asked

_FIXED = ("id", "groupId", "name", "createDate", "stateName", "connectionStrings", "mongoDBVersion")


def list_clusters(asked: Asked) -> list[Body]:
    """Every cluster of a group."""
    return [kinds.shown(one.body) for one in asked.store.children(SERVICE, CLUSTERS, f"groups/{asked.group}/clusters")]


def create(asked: Asked) -> Body:
    """A new cluster, `CREATING` until its server answers."""
    group, given = asked.group, asked.given
    name = str(given.get("name", ""))
    if asked.store.get(SERVICE, kinds.cluster_name(group, name)):
        detail = f"A cluster named {name} is already present in group {group}."
        raise AtlasError(400, "DUPLICATE_CLUSTER_NAME", detail, [name, group])
    made = kinds.new_cluster(asked.store, group, given, asked.now)
    asked.keep_cluster(made)
    return kinds.shown(made)


def get(asked: Asked) -> Body:
    """One cluster."""
    return kinds.shown(asked.cluster)


def update(asked: Asked) -> Body:
    """Another description: `UPDATING` until the runtime has seen it."""
    cluster = asked.cluster
    _refuse_unsettled(cluster)
    changes = {key: value for key, value in asked.given.items() if key not in _FIXED}
    if "replicationSpecs" in changes:
        kinds.check_specs(changes)
        for old, new in zip(cluster["replicationSpecs"], changes["replicationSpecs"], strict=False):
            new |= {key: old[key] for key in ("id", "zoneId") if key in old}
            new.setdefault("zoneName", old.get("zoneName", "Zone 1"))
    changed = {**cluster, **changes, "stateName": "UPDATING"}
    asked.keep_cluster(changed)
    return kinds.shown(changed)


def delete(asked: Asked) -> None:
    """The end of a cluster that is not protected: `DELETING` until its server has ended."""
    cluster = asked.cluster
    if cluster["terminationProtectionEnabled"]:
        code = "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED"
        raise AtlasError(400, code, f"Cluster {cluster['name']} has termination protection; switch it off first.")
    asked.keep_cluster({**cluster, "stateName": "DELETING"})


def _refuse_unsettled(cluster: Body) -> None:
    if cluster["stateName"] == "DELETING":
        detail = f"Cluster {cluster['name']} is being deleted."
        raise AtlasError(409, "CLUSTER_ALREADY_REQUESTED_DELETION", detail, [cluster["name"]])

"""Backup of clusters: schedules, snapshots and restore jobs; the copying is done by `runtime.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from local_cloud.atlas import kinds
from local_cloud.atlas.kinds import RESTORES, SERVICE, SNAPSHOTS, Body
from local_cloud.atlas.refusals import AtlasError, invalid

if TYPE_CHECKING:
    from local_cloud.atlas.asking import Asked
    from local_cloud.emulator.store import Stored

_SCHEDULE = "_schedule"
_LONGEST_RETENTION = 10_000


def get_schedule(asked: Asked) -> Body:
    """The schedule of a cluster, the default one until another is set."""
    cluster = _with_backup(asked)
    if _SCHEDULE not in cluster:
        cluster[_SCHEDULE] = kinds.default_schedule(asked.store, cluster)
        asked.keep_cluster(cluster)
    return {**cluster[_SCHEDULE], "links": []}


def update_schedule(asked: Asked) -> Body:
    """Change some of it; policies are replaced as a whole."""
    cluster = _with_backup(asked)
    schedule = {**(cluster.get(_SCHEDULE) or kinds.default_schedule(asked.store, cluster))}
    given = asked.given
    for key, most in (("referenceHourOfDay", 23), ("referenceMinuteOfHour", 59)):
        if key in given and not 0 <= int(given[key]) <= most:
            raise invalid(key, f"0 to {most}")
    if "policies" in given:
        given["policies"] = [_policy(asked, schedule, policy) for policy in given["policies"]]
    given.pop("updateSnapshots", None)
    cluster[_SCHEDULE] = {**schedule, **given}
    asked.keep_cluster(cluster)
    return {**cluster[_SCHEDULE], "links": []}


def _policy(asked: Asked, schedule: Body, given: Body) -> Body:
    items = []
    for item in given.get("policyItems") or []:
        told = (item.get("frequencyType"), item.get("frequencyInterval", 1))
        made = kinds.policy_item(asked.store, *told, item.get("retentionUnit"), item.get("retentionValue", 0))
        items.append({**made, **({"id": item["id"]} if item.get("id") else {})})
    return {"id": given.get("id") or schedule["policies"][0]["id"], "policyItems": items}


def delete_schedule(asked: Asked) -> Body:
    """No regular snapshots any more."""
    cluster = _with_backup(asked)
    schedule = {**(cluster.get(_SCHEDULE) or kinds.default_schedule(asked.store, cluster))}
    schedule["policies"] = [{"id": schedule["policies"][0]["id"], "policyItems": []}]
    cluster[_SCHEDULE] = schedule
    asked.keep_cluster(cluster)
    return {**schedule, "links": []}


def take(asked: Asked) -> Body:
    """A snapshot of now, `queued` until its data is copied."""
    cluster, given = _with_backup(asked), asked.given
    days = int(given.get("retentionInDays") or 0)
    if not 1 <= days <= _LONGEST_RETENTION:
        raise invalid("retentionInDays", f"1 to {_LONGEST_RETENTION}")
    if cluster["stateName"] != "IDLE":
        raise AtlasError(409, "CLUSTER_NOT_IDLE", f"Cluster {cluster['name']} is {cluster['stateName']}.")
    made: Body = {
        "id": kinds.identifier(asked.store),
        "cloudProvider": cluster["replicationSpecs"][0]["regionConfigs"][0]["providerName"],
        "createdAt": kinds.stamp(asked.now),
        "description": given.get("description", ""),
        "expiresAt": kinds.stamp(asked.now + timedelta(days=days)),
        "mongodVersion": cluster["mongoDBVersion"],
        "replicaSetName": cluster["name"],
        "snapshotType": "onDemand",
        "status": "queued",
        "storageSizeBytes": 0,
        "type": "replicaSet",
        "links": [],
    }
    asked.store.put(SERVICE, f"{_home(cluster)}/snapshots/{made['id']}", SNAPSHOTS, made)
    return made


def list_snapshots(asked: Asked) -> list[Body]:
    """Every snapshot of a cluster."""
    return [dict(one.body) for one in asked.store.children(SERVICE, SNAPSHOTS, f"{_home(asked.cluster)}/snapshots")]


def get_snapshot(asked: Asked) -> Body:
    """One snapshot."""
    return dict(_part(asked, asked.cluster, "snapshots", "BACKUP_SNAPSHOT_NOT_FOUND").body)


def delete_snapshot(asked: Asked) -> None:
    """Its data goes with it."""
    asked.store.remove(SERVICE, _part(asked, asked.cluster, "snapshots", "BACKUP_SNAPSHOT_NOT_FOUND").name)


def restore(asked: Asked) -> Body:
    """Put a snapshot into a cluster, the same or another one, in place of what it holds."""
    cluster, given = asked.cluster, asked.given
    if given.get("deliveryType") != "automated":
        raise invalid("deliveryType", "automated; there is nothing to download from")
    snapshot = asked.store.get(SERVICE, f"{_home(cluster)}/snapshots/{given.get('snapshotId')}")
    if snapshot is None or snapshot.body["status"] != "completed":
        raise AtlasError(404, "BACKUP_SNAPSHOT_NOT_FOUND", f"No completed snapshot {given.get('snapshotId')} exists.")
    target = asked.cluster_called(str(given.get("targetGroupId", "")), str(given.get("targetClusterName", "")))
    if target["stateName"] != "IDLE":
        raise AtlasError(409, "CLUSTER_NOT_IDLE", f"Cluster {target['name']} is {target['stateName']}.")
    made: Body = {
        "id": kinds.identifier(asked.store),
        "cancelled": False,
        "createdAt": kinds.stamp(asked.now),
        "deliveryType": "automated",
        "expired": False,
        "failed": False,
        "snapshotId": given["snapshotId"],
        "targetClusterName": target["name"],
        "targetGroupId": target["groupId"],
        "timestamp": snapshot.body["createdAt"],
        "links": [],
    }
    asked.store.put(SERVICE, f"{_home(cluster)}/restoreJobs/{made['id']}", RESTORES, made)
    return made


def list_restores(asked: Asked) -> list[Body]:
    """Every restore job of a cluster."""
    return [dict(one.body) for one in asked.store.children(SERVICE, RESTORES, f"{_home(asked.cluster)}/restoreJobs")]


def get_restore(asked: Asked) -> Body:
    """One restore job; `finishedAt` says that it is done, `failed` that it could not be."""
    return dict(_part(asked, asked.cluster, "restoreJobs", "BACKUP_RESTORE_JOB_NOT_FOUND").body)


def _home(cluster: Body) -> str:
    return kinds.cluster_name(cluster["groupId"], cluster["name"])


def _part(asked: Asked, cluster: Body, kind: str, code: str) -> Stored:
    identifier = asked.parts["id"]
    stored = asked.store.get(SERVICE, f"{_home(cluster)}/{kind}/{identifier}")
    if stored is None:
        raise AtlasError(404, code, f"{identifier} does not exist.", [identifier])
    return stored


def _with_backup(asked: Asked) -> Body:
    cluster = asked.cluster
    if not cluster["backupEnabled"]:
        detail = f"Cloud backup is not enabled for cluster {cluster['name']}."
        raise AtlasError(400, "CLOUD_BACKUP_NOT_ENABLED", detail, [cluster["name"]])
    return cluster

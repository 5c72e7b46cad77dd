"""What the Atlas Admin API keeps: names in the emulator's store, what may be said, and what the server fills in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local_cloud.atlas.refusals import invalid

if TYPE_CHECKING:
    from local_cloud.emulator.store import Store

SERVICE = "atlas"
ORGANISATION = "0ca1c10d0000000000000001"
GROUPS = "groups"
CLUSTERS = "groups.clusters"
USERS = "groups.databaseUsers"
ENTRIES = "groups.accessList"
SNAPSHOTS = "groups.clusters.snapshots"
RESTORES = "groups.clusters.restoreJobs"
# What a user's kept password is under; never shown.
SCRAM = "_scram"
# Addresses of clusters: the range that Atlas takes for itself in a peering.
FIRST_ADDRESS = "192.168.248.2"
PORT = 27017

Body = dict[str, Any]
_CLUSTER_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SIZE = re.compile(r"M(0|2|5|10|20|30|40|50|60|80|140|200|300)|R(40|50|60|80|200|300|400|700)")
_PROVIDERS = frozenset({"AWS", "AZURE", "GCP", "TENANT", "FLEX"})
_FREQUENCIES = ("hourly", "daily", "weekly", "monthly", "yearly")
_DEFAULT_ITEMS = (
    ("hourly", 6, "days", 7),
    ("daily", 1, "days", 7),
    ("weekly", 6, "weeks", 4),
    ("monthly", 40, "months", 12),
    ("yearly", 12, "years", 1),
)


def identifier(store: Store) -> str:
    """A new id of 24 hexadecimal digits, the same at every replay."""
    return hashlib.sha256(f"atlas/{store.count('atlas/id')}".encode()).hexdigest()[:24]


def stamp(moment: datetime) -> str:
    """`2026-11-23T05:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def group_name(group: str) -> str:
    """A group (project) in the store."""
    return f"groups/{group}"


def cluster_name(group: str, cluster: str) -> str:
    """A cluster in the store."""
    return f"groups/{group}/clusters/{cluster}"


def user_name(group: str, database: str, user: str) -> str:
    """A database user in the store."""
    return f"groups/{group}/databaseUsers/{quote(f'{database}/{user}', safe='')}"


def entry_name(group: str, entry: str) -> str:
    """An entry of an access list in the store."""
    return f"groups/{group}/accessList/{quote(entry, safe='')}"


def new_cluster(store: Store, group: str, given: Body, now: datetime) -> Body:
    """A cluster as it is while it is being made; AtlasError for what makes no sense."""
    name = str(given.get("name", ""))
    if not _CLUSTER_NAME.fullmatch(name):
        raise invalid("name", "1 to 63 letters, digits and -, none of them - at an end")
    check_specs(given)
    defaults: Body = {
        "backupEnabled": False,
        "biConnector": {"enabled": False, "readPreference": "secondary"},
        "encryptionAtRestProvider": "NONE",
        "labels": [],
        "mongoDBMajorVersion": "8.0",
        "paused": False,
        "pitEnabled": False,
        "rootCertType": "ISRGROOTX1",
        "tags": [],
        "terminationProtectionEnabled": False,
        "versionReleaseSystem": "LTS",
    }
    made = {**defaults, **given, "id": identifier(store), "groupId": group, "createDate": stamp(now)}
    made["mongoDBVersion"] = f"{made['mongoDBMajorVersion']}.4"
    made |= {"stateName": "CREATING", "connectionStrings": {}, "clusterType": given.get("clusterType", "REPLICASET")}
    for spec in made["replicationSpecs"]:
        spec |= {"id": identifier(store), "zoneId": identifier(store), "zoneName": spec.get("zoneName", "Zone 1")}
        for region in spec["regionConfigs"]:
            region.get("electableSpecs", {}).setdefault("diskSizeGB", 10.0)
    made["_address"] = store.count("atlas/address")
    return made


def check_specs(given: Body) -> None:
    """AtlasError for nodes that Atlas would not make."""
    specs = given.get("replicationSpecs")
    if not isinstance(specs, list) or not specs:
        raise invalid("replicationSpecs", "at least one is wanted")
    for spec in specs:
        regions = spec.get("regionConfigs") or []
        if not regions:
            raise invalid("regionConfigs", "at least one is wanted")
        for region in regions:
            if region.get("providerName") not in _PROVIDERS:
                raise invalid("providerName", f"one of {', '.join(sorted(_PROVIDERS))}")
            if not region.get("regionName"):
                raise invalid("regionName", "it is missing")
            size = (region.get("electableSpecs") or {}).get("instanceSize", "")
            if not _SIZE.fullmatch(size):
                raise invalid("instanceSize", f"{size!r} is not such as M10")
        if sum(int((region.get("electableSpecs") or {}).get("nodeCount", 3)) for region in regions) not in (3, 5, 7):
            raise invalid("nodeCount", "3, 5 or 7 electable nodes in all regions together")


def default_schedule(store: Store, cluster: Body) -> Body:
    """The schedule that a cluster with backup begins with."""
    items = [policy_item(store, *item) for item in _DEFAULT_ITEMS]
    return {
        "autoExportEnabled": False,
        "clusterId": cluster["id"],
        "clusterName": cluster["name"],
        "copySettings": [],
        "policies": [{"id": identifier(store), "policyItems": items}],
        "referenceHourOfDay": 12,
        "referenceMinuteOfHour": 0,
        "restoreWindowDays": 7,
        "useOrgAndGroupNamesInExportPrefix": False,
    }


def policy_item(store: Store, kind: str, interval: int, unit: str, value: int) -> Body:
    """One line of a backup policy; AtlasError for a frequency that is none."""
    if kind not in _FREQUENCIES:
        raise invalid("frequencyType", f"one of {', '.join(_FREQUENCIES)}")
    if unit not in ("days", "weeks", "months", "years") or int(value) < 1:
        raise invalid("retentionUnit", "days, weeks, months or years, and at least one of them")
    return {
        "id": identifier(store),
        "frequencyType": kind,
        "frequencyInterval": int(interval),
        "retentionUnit": unit,
        "retentionValue": int(value),
    }


def shown(body: Mapping[str, Any]) -> Body:
    """A resource as the API shows it."""
    return {key: value for key, value in body.items() if not key.startswith("_")}

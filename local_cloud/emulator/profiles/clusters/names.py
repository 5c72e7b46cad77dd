"""Places and links of GKE: zones of a location, the older path of zonal clusters, instance groups."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.profiles.networking.places import zones_of

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

CLUSTERS = "projects.locations.clusters"
POOLS = f"{CLUSTERS}.nodePools"
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")
# How many zones of its region a regional cluster has by default.
_DEFAULT_ZONES = 3


def is_zone(location: str) -> bool:
    """Whether a location is a zone rather than a region."""
    return bool(_ZONE.fullmatch(location))


def region_of(location: str) -> str:
    """The region of a location."""
    return location.rpartition("-")[0] if is_zone(location) else location


def default_zones(location: str) -> list[str]:
    """Where the nodes of a cluster are when nobody says so."""
    return [location] if is_zone(location) else zones_of(location)[:_DEFAULT_ZONES]


def link(call: Call, name: str) -> str:
    """The link of a cluster, pool or operation: what is zonal has the older `zones` in it."""
    return f"https://container.googleapis.com/{call.document.version}/{older(name)}"


def older(name: str) -> str:
    """`projects/p/zones/z/…` for what is in a zone; what is in a region keeps its `locations`."""
    parts = name.split("/")
    if is_zone(parts[3]):
        parts[2] = "zones"
    return "/".join(parts)


def digest(text: str, length: int) -> str:
    """Some hexadecimal digits that are always the same for `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def group_name(pool: str) -> str:
    """The name of the instance group manager of a pool (by resource name), the same in each of its zones."""
    parts = pool.split("/")
    return f"gke-{parts[5][:18].rstrip('-')}-{parts[7][:13].rstrip('-')}-{digest(pool, 8)}-grp"


def group_urls(project: str, pool: str, zones: list[str]) -> list[str]:
    """Links of the instance group managers of a pool in `zones`."""
    root = f"https://www.googleapis.com/compute/v1/projects/{project}"
    return [f"{root}/zones/{zone}/instanceGroupManagers/{group_name(pool)}" for zone in zones]


def manager_name(url: str) -> str:
    """`projects/P/zones/Z/instanceGroupManagers/N` of such a link."""
    return url.partition("/compute/v1/")[2]


def last(value: Any) -> str:
    """The last part of a path."""
    return str(value).rpartition("/")[2]

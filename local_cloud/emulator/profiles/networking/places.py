"""Regions and zones of the local Google Cloud (https://cloud.google.com/compute/docs/regions-zones)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import not_found
from local_cloud.emulator.paging import page

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

AUTO_MODE_REGIONS: tuple[str, ...] = (
    "us-central1",
    "europe-west1",
    "us-west1",
    "asia-east1",
    "us-east1",
    "asia-northeast1",
    "asia-southeast1",
    "us-east4",
    "australia-southeast1",
    "europe-west2",
    "europe-west3",
    "southamerica-east1",
    "asia-south1",
    "northamerica-northeast1",
    "europe-west4",
    "europe-north1",
    "us-west2",
    "asia-east2",
    "europe-west6",
    "asia-northeast2",
    "asia-northeast3",
    "us-west3",
    "us-west4",
    "asia-southeast2",
    "europe-central2",
    "northamerica-northeast2",
    "asia-south2",
    "australia-southeast2",
    "southamerica-west1",
    "europe-west8",
    "europe-west9",
    "us-east5",
    "europe-southwest1",
    "us-south1",
    "me-west1",
    "europe-west12",
    "me-central1",
    "africa-south1",
    "europe-west10",
    "me-central2",
    "northamerica-south1",
)
# Regions whose zones are not a, b and c.
_ZONES = {"us-central1": "abcf", "europe-west1": "bcd", "us-east1": "bcd"}


def zones_of(region: str) -> list[str]:
    """The zones of a region."""
    return [f"{region}-{letter}" for letter in _ZONES.get(region, "abc")]


def _region(call: Call, region: str) -> Body:
    name = f"projects/{call.project}/regions/{region}"
    return {
        "kind": "compute#region",
        "name": region,
        "status": "UP",
        "selfLink": call.self_link(name),
        "zones": [call.self_link(f"projects/{call.project}/zones/{zone}") for zone in zones_of(region)],
    }


def _zone(call: Call, zone: str) -> Body:
    name = f"projects/{call.project}/zones/{zone}"
    region = call.self_link(f"projects/{call.project}/regions/{zone.rpartition('-')[0]}")
    return {"kind": "compute#zone", "name": zone, "status": "UP", "region": region, "selfLink": call.self_link(name)}


def get_region(call: Call) -> Body:
    """`regions.get`."""
    region = call.name.rpartition("/")[2]
    if region not in AUTO_MODE_REGIONS:
        raise not_found(f"The resource '{call.name}' was not found")
    return _region(call, region)


def list_regions(call: Call) -> Body:
    """`regions.list`."""
    return {
        **page(call, [_region(call, region) for region in AUTO_MODE_REGIONS], "items"),
        "kind": "compute#regionList",
    }


def get_zone(call: Call) -> Body:
    """`zones.get`."""
    zone = call.name.rpartition("/")[2]
    if zone not in zones_of(zone.rpartition("-")[0]):
        raise not_found(f"The resource '{call.name}' was not found")
    return _zone(call, zone)


def list_zones(call: Call) -> Body:
    """`zones.list`."""
    zones = [_zone(call, zone) for region in AUTO_MODE_REGIONS for zone in zones_of(region)]
    return {**page(call, zones, "items"), "kind": "compute#zoneList"}


def get_project(call: Call) -> Body:
    """`projects.get`."""
    number = call.emulator.project_number(call.project) or "0"
    return {
        "kind": "compute#project",
        "name": call.project,
        "id": number,
        "selfLink": call.self_link(f"projects/{call.project}"),
        "defaultServiceAccount": f"{number}-compute@developer.gserviceaccount.com",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        "defaultNetworkTier": "PREMIUM",
        "vmDnsSetting": "ZONAL_ONLY",
    }

"""Regions and zones of the local Google Cloud (https://cloud.google.com/compute/docs/regions-zones)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import not_found
from local_cloud.emulator.paging import page

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

# Region → second octet of the /20 of 10.128.0.0/9 that its subnetwork of an auto mode network has
# (https://cloud.google.com/vpc/docs/subnets#ip-ranges).
AUTO_MODE_BLOCKS: Mapping[str, int] = {
    "us-central1": 128,
    "europe-west1": 132,
    "us-west1": 138,
    "asia-east1": 140,
    "us-east1": 142,
    "asia-northeast1": 146,
    "asia-southeast1": 148,
    "us-east4": 150,
    "australia-southeast1": 152,
    "europe-west2": 154,
    "europe-west3": 156,
    "southamerica-east1": 158,
    "asia-south1": 160,
    "northamerica-northeast1": 162,
    "europe-west4": 164,
    "europe-north1": 166,
    "us-west2": 168,
    "asia-east2": 170,
    "europe-west6": 172,
    "asia-northeast2": 174,
    "asia-northeast3": 178,
    "us-west3": 180,
    "us-west4": 182,
    "asia-southeast2": 184,
    "europe-central2": 186,
    "northamerica-northeast2": 188,
    "asia-south2": 190,
    "australia-southeast2": 192,
    "southamerica-west1": 194,
    "europe-west8": 198,
    "europe-west9": 200,
    "us-east5": 202,
    "europe-southwest1": 204,
    "us-south1": 206,
    "me-west1": 208,
    "europe-west12": 210,
    "me-central1": 212,
    "europe-west10": 214,
    "me-central2": 216,
    "africa-south1": 218,
    "northamerica-south1": 224,
    "europe-north2": 226,
}
REGIONS: tuple[str, ...] = tuple(AUTO_MODE_BLOCKS)

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
    if region not in REGIONS:
        raise not_found(f"The resource '{call.name}' was not found")
    return _region(call, region)


def list_regions(call: Call) -> Body:
    """`regions.list`."""
    return {
        **page(call, [_region(call, region) for region in REGIONS], "items"),
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
    zones = [_zone(call, zone) for region in REGIONS for zone in zones_of(region)]
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

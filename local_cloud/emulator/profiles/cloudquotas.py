"""Cloud Quotas: what the quotas are, and the values a project prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, invalid, not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Profile, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Response

COLLECTION = "projects.locations.quotaPreferences"
# Service → quota id → (metric, dimensions, value that a project starts with, can be raised).
# Values: the public quota pages of each service; ids as the quota info lists of real projects show them.
QUOTAS: dict[str, dict[str, tuple[str, tuple[str, ...], int, bool]]] = {
    "compute.googleapis.com": {
        "CPUS-per-project-region": ("cpus", ("region",), 24, True),
        "CPUS-ALL-REGIONS-per-project": ("cpus_all_regions", (), 32, True),
        "DISKS-TOTAL-GB-per-project-region": ("disks_total_storage", ("region",), 4096, True),
        "SSD-TOTAL-GB-per-project-region": ("ssd_total_storage", ("region",), 500, True),
        "SNAPSHOTS-per-project": ("snapshots", (), 5000, True),
        "IN-USE-ADDRESSES-per-project-region": ("regional_in_use_addresses", ("region",), 8, True),
        "STATIC-ADDRESSES-per-project-region": ("regional_static_addresses", ("region",), 8, True),
        "FORWARDING-RULES-per-project": ("forwarding_rules", (), 150, True),
        "INSTANCES-per-project-region": ("instances", ("region",), 72, True),
        "NETWORKS-per-project": ("networks", (), 15, True),
        "SUBNETWORKS-per-project": ("subnetworks", (), 275, True),
        "FIREWALLS-per-project": ("firewalls", (), 200, True),
        "ROUTERS-per-project": ("routers", (), 20, True),
    },
    "container.googleapis.com": {
        "ClustersPerProjectRegion-per-project-region": ("quota/clusters", ("region",), 100, True)
    },
    "texttospeech.googleapis.com": {
        "RequestsPerMinutePerProject": ("all_requests", (), 1000, True),
        "Neural2RequestsPerMinutePerProject": ("neural2_requests", (), 1000, True),
        "StudioRequestsPerMinutePerProject": ("studio_requests", (), 500, True),
        "Chirp3RequestsPerMinutePerProject": ("chirp3_requests", (), 200, True),
    },
    "run.googleapis.com": {"CpuAllocPerProjectRegion": ("cpu_allocation", ("region",), 200_000, True)},
    "storage.googleapis.com": {"BucketCreationPerProject": ("bucket_creation", (), 1, False)},
}
# A decrease of more than this share is refused unless the caller says that it is meant
# (https://cloud.google.com/docs/quotas/reference/rest/v1/QuotaSafetyCheck).
_LARGEST_DECREASE = 0.1
_SAFETY = "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"


def _quota(service: str, quota_id: str) -> tuple[str, tuple[str, ...], int, bool]:
    known = QUOTAS.get(service, {}).get(quota_id)
    if known is None:
        raise not_found(
            f"Quota {quota_id} of service {service} not found. Known:"
            f" {', '.join(sorted(QUOTAS.get(service, {}))) or 'none'}."
        )
    return known


def granted(emulator: Emulator, project: str, service: str, quota_id: str, region: str) -> int:
    """The value in force: a granted preference for the region, else one for all, else the value every project starts
    with."""
    value = _quota(service, quota_id)[2]
    for item in emulator.store.children(
        "cloudquotas", COLLECTION, f"projects/{project}/locations/global/quotaPreferences"
    ):
        body = item.body
        if (body.get("service"), body.get("quotaId")) == (service, quota_id) and body.get("dimensions", {}).get(
            "region", region
        ) == region:
            value = int(body["quotaConfig"]["grantedValue"])
    return value


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    _, dimensions, start, raisable = _quota(wanted.get("service", ""), wanted.get("quotaId", ""))
    value = int((wanted.get("quotaConfig") or {}).get("preferredValue") or 0)
    if unknown := sorted(set(wanted.get("dimensions") or {}) - set(dimensions)):
        raise invalid(
            f"Quota {wanted['quotaId']} has no dimension {unknown[0]}; it has {', '.join(dimensions) or 'none'}.",
            location="dimensions",
        )
    if not raisable and value != start:
        raise invalid(
            f"Quota {wanted['quotaId']} is fixed at {start} and cannot be changed.",
            location="quotaConfig.preferredValue",
        )
    current = int(before["quotaConfig"].get("grantedValue", start)) if before else start
    if value < current * (1 - _LARGEST_DECREASE) and _SAFETY not in call.query.get("ignoreSafetyChecks", ""):
        message = (
            f"The decrease from {current} to {value} is more than {_LARGEST_DECREASE:.0%}; pass"
            f" ignoreSafetyChecks={_SAFETY} when it is meant."
        )
        raise invalid(message, location="quotaConfig.preferredValue")
    taken = None if before else _taken(call, wanted)
    if taken:
        raise ApiError(
            409, f"A quota preference for {wanted['quotaId']} with these dimensions already exists: {taken}."
        )


def _taken(call: Call, wanted: Body) -> str | None:
    for item in call.store.children("cloudquotas", COLLECTION, f"{call.name}"):
        if all(item.body.get(key) == wanted.get(key) for key in ("service", "quotaId", "dimensions")):
            return item.name
    return None


def _grant(call: Call, body: Body) -> Body:
    """Preferences are granted at once."""
    body["quotaConfig"] = {
        **body["quotaConfig"],
        "grantedValue": body["quotaConfig"]["preferredValue"],
        "stateDetail": "The request was approved.",
        "requestOrigin": "CLOUD_CONSOLE",
    }
    return {key: value for key, value in body.items() if key != "contactEmail"}


def _patch(call: Call) -> Body | Response:
    """A patch with `allowMissing` creates."""
    if call.store.get("cloudquotas", call.name) is None and call.query.get("allowMissing") == "true":
        call.query = {**call.query, "quotaPreferenceId": call.name.rpartition("/")[2]}
        call.name = call.name.rpartition("/")[0]
        return verbs.create(call)
    return verbs.update(call)


def _info(call: Call, service: str, quota_id: str) -> Body:
    metric, dimensions, value, raisable = _quota(service, quota_id)
    number = call.emulator.project_number(call.project) or call.project
    return {
        "name": f"projects/{number}/locations/global/services/{service}/quotaInfos/{quota_id}",
        "quotaId": quota_id,
        "metric": f"{service}/{metric}",
        "service": service,
        "containerType": "PROJECT",
        "dimensions": list(dimensions),
        "quotaIncreaseEligibility": {"isEligible": raisable},
        "isFixed": not raisable,
        "dimensionsInfos": [{"details": {"value": str(value)}, "applicableLocations": ["global"]}],
    }


def _get_info(call: Call) -> Body:
    return _info(call, call.name.split("/")[5], call.name.rpartition("/")[2])


def _list_infos(call: Call) -> Body:
    service = call.name.split("/")[5]
    return page(call, [_info(call, service, quota_id) for quota_id in QUOTAS.get(service, {})], "quotaInfos")


PROFILE = Profile(
    permission_nouns={COLLECTION: "quotas", "projects.locations.services.quotaInfos": "quotas"},
    permissions={
        "projects.locations.quotaPreferences.create": ("cloudquotas.quotas.update",),
        "projects.locations.quotaPreferences.patch": ("cloudquotas.quotas.update",),
        "projects.locations.quotaPreferences.list": ("cloudquotas.quotas.get",),
        "projects.locations.services.quotaInfos.list": ("cloudquotas.quotas.get",),
    },
    api="cloudquotas",
    enablement="resource",
    project_names="number",
    types=(
        ResourceType(
            COLLECTION,
            label="quotaPreference",
            id_source="query:quotaPreferenceId",
            immutable=("service", "quotaId", "dimensions"),
            check=_check,
            before_write=_grant,
            not_found="Quota preference {name} not found.",
        ),
    ),
    methods={
        "projects.locations.quotaPreferences.patch": _patch,
        "projects.locations.services.quotaInfos.get": _get_info,
        "projects.locations.services.quotaInfos.list": _list_infos,
    },
)

"""Quotas: how many resources a project may have, by the values that Cloud Quotas shows and grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError
from local_cloud.emulator.profiles import cloudquotas

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# Collection that a creation fills → its quota.
_QUOTAS: Mapping[str, str] = {
    "compute.networks": "NETWORKS-per-project",
    "compute.subnetworks": "SUBNETWORKS-per-project",
    "compute.firewalls": "FIREWALLS-per-project",
    "compute.routers": "ROUTERS-per-project",
    "compute.addresses": "STATIC-ADDRESSES-per-project-region",
}


def require(call: Call) -> None:
    """ApiError 403 quotaExceeded when one more resource would go over the quota."""
    if not call.emulator.settings.quotas or call.method.verb not in ("insert", "create"):
        return
    quota_id = _QUOTAS.get(f"{call.service}.{call.method.collection}")
    if quota_id is None:
        return
    metric, dimensions, _, _ = cloudquotas.QUOTAS[f"{call.service}.googleapis.com"][quota_id]
    parts = call.name.split("/")
    region = parts[3] if "region" in dimensions and len(parts) > 3 else ""
    scope = f"projects/{call.project}/regions/{region}/" if region else f"projects/{call.project}/"
    limit = cloudquotas.granted(call.emulator, call.project, f"{call.service}.googleapis.com", quota_id, region)
    used = call.store.number_of(call.service, call.method.collection, scope)
    if used >= limit:
        where = f" in region {region}" if region else " globally"
        raise ApiError(403, f"Quota '{metric.upper()}' exceeded. Limit: {limit}.0{where}.", reason="quotaExceeded")

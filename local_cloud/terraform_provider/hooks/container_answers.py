"""Parts of a cluster's answer in the shape of its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Body = dict[str, Any]


# Maps of the user's, where an empty one is no block.
_MAPS = frozenset({"labels", "resourceLabels", "metadata", "resourceManagerTags", "maintenanceExclusions"})


def marked(value: Any) -> Any:
    """`value` with something in every empty object: the provider keeps a block for each object that is there."""
    if isinstance(value, dict):
        return {
            key: each if key in _MAPS else {"": None} if each == {} else marked(each) for key, each in value.items()
        }
    return [marked(each) for each in value] if isinstance(value, list) else value


def private_answer(
    endpoints: Mapping[str, Any], private: Mapping[str, Any], network: Mapping[str, Any]
) -> Mapping[str, Any]:
    """`private_cluster_config`: from the endpoints, the older private cluster and the network."""
    return {
        "enablePrivateEndpoint": not endpoints.get("enablePublicEndpoint"),
        "enablePrivateNodes": bool(network.get("defaultEnablePrivateNodes")),
        "privateEndpoint": endpoints.get("privateEndpoint"),
        "publicEndpoint": endpoints.get("publicEndpoint"),
        "privateEndpointSubnetwork": endpoints.get("privateEndpointSubnetwork"),
        "masterGlobalAccessConfig": {"enabled": bool(endpoints.get("globalAccess"))},
        "masterIpv4CidrBlock": private.get("masterIpv4CidrBlock"),
        "peeringName": private.get("peeringName"),
    }


def maintenance_answer(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """`maintenance_policy`: nothing without a window; exclusions as blocks with their name."""
    window: Mapping[str, Any] = policy.get("window") or {}
    daily, recurring = window.get("dailyMaintenanceWindow"), window.get("recurringWindow")
    monthly = window.get("recurringMaintenanceWindow")
    if not (daily or recurring or monthly):
        return {}
    shown: Body = {"maintenanceExclusion": _exclusions(window.get("maintenanceExclusions") or {})}
    if daily:
        shown["dailyMaintenanceWindow"] = daily
    elif recurring:
        shown["recurringWindow"] = {**recurring["window"], "recurrence": recurring.get("recurrence")}
    else:
        shown["recurringMaintenanceWindow"] = monthly
    if policy.get("disruptionBudget"):
        shown["disruptionBudget"] = policy["disruptionBudget"]
    return shown


def _exclusions(windows: Mapping[str, Any]) -> list[Body]:
    found = []
    for name, window in windows.items():
        options = window.get("maintenanceExclusionOptions")
        shown: Body = {"exclusionName": name, "startTime": window.get("startTime")}
        if options is not None:
            shown["exclusionOptions"] = {"scope": "NO_UPGRADES", **options}
        if window.get("endTime") and not (options or {}).get("endTimeBehavior"):
            shown["endTime"] = window["endTime"]
        found.append(shown)
    return found

"""What clusters and node pools send and answer otherwise than their arguments read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ProviderError
from local_cloud.terraform_provider.hooks.container_answers import maintenance_answer, marked, private_answer
from local_cloud.terraform_provider.values import UNKNOWN

if TYPE_CHECKING:
    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]
# What the nodes of a pool that says nothing about itself may do in Google's APIs.
_SCOPES: Final = [
    f"https://www.googleapis.com/auth/{name}"
    for name in (
        "devstorage.read_only", "logging.write", "monitoring", "service.management.readonly", "servicecontrol",
        "trace.append",
    )
]  # fmt: skip
# Arguments whose calls the stand-in does not make: better refused than taken without effect.
_REFUSED: Final[Mapping[str, str]] = {
    "node_pool": "give each pool a google_container_node_pool of its own",
    "desired_emulated_version": "the local cloud has one version of Kubernetes",
    "rollback_safe_upgrade": "the local cloud has one version of Kubernetes",
}


def one(values: Values, name: str) -> Values:
    """The one block `name` of `values`; empty when it is not there, unknown, or says nothing."""
    block = values.get(name)
    found = block[0] if isinstance(block, Sequence) and not isinstance(block, str) and block else None
    return found if isinstance(found, dict) else {}


def known(value: Any) -> Any:
    """`value`, or None while it is unknown."""
    return None if value is UNKNOWN else value


def cluster_problems(config: Values) -> Iterator[ProviderError]:
    """Arguments that would be taken without effect."""
    for name, instead in _REFUSED.items():
        if config.get(name):
            yield ProviderError(f"the stand-in does not set {name}: {instead}", path=(name,))
    if one(config, "ip_allocation_policy").get("additional_ip_ranges_config"):
        yield ProviderError(
            "the stand-in does not set additional_ip_ranges_config: use one subnetwork", path=("ip_allocation_policy",)
        )


def node_pool_problems(config: Values) -> Iterator[ProviderError]:
    """A pool has one name and one size to begin with."""
    for first, second in (("name", "name_prefix"), ("initial_node_count", "node_count")):
        if config.get(first) is not None and config.get(second) is not None:
            yield ProviderError(f"Cannot specify both {first} and {second} for a node_pool", path=(second,))


def cluster_body(body: Body, state: Values, writing: Writing) -> Body:
    """A new cluster as the API is asked for it; what it is changed by is made in handwritten/container_cluster.py."""
    if writing.verb != "create":
        return body
    body["controlPlaneEndpointsConfig"] = endpoints_body(state)
    body["maintenancePolicy"] = maintenance_body(state, {})
    body.setdefault("autopilot", {}).setdefault("enabled", False)
    private = one(state, "private_cluster_config")
    network = body.setdefault("networkConfig", {})
    if private.get("enable_private_nodes"):
        network["defaultEnablePrivateNodes"] = True
    if known(private.get("master_ipv4_cidr_block")):
        body["privateClusterConfig"] = {
            "masterIpv4CidrBlock": private["master_ipv4_cidr_block"],
            "enablePrivateNodes": bool(private.get("enable_private_nodes")),
        }
    by_routes = known(state.get("networking_mode")) == "ROUTES"
    if by_routes or "ipAllocationPolicy" in body:
        policy = body.setdefault("ipAllocationPolicy", {})
        policy["useIpAliases"] = not by_routes
        if by_routes:
            policy["useRoutes"] = True
    body["nodeConfig"] = _nodes(body.get("nodeConfig", {}))
    return {"cluster": body}


def _nodes(config: Body) -> Body:
    """The machines of new nodes, with what the provider says of them when nobody else does."""
    if "kubeletConfig" in config:
        config["kubeletConfig"].setdefault("cpuCfsQuota", True)
    return {"oauthScopes": _SCOPES, **config}


def endpoints_body(state: Values) -> Body:
    """By which ways the control plane can be reached; without addresses nothing is said of them."""
    config = one(state, "control_plane_endpoints_config")
    dns, addresses = one(config, "dns_endpoint_config"), one(config, "ip_endpoints_config")
    body: Body = {
        "dnsEndpointConfig": {
            "allowExternalTraffic": known(dns.get("allow_external_traffic")) is True,
            "enableK8sTokensViaDns": known(dns.get("enable_k8s_tokens_via_dns")) is True,
            "enableK8sCertsViaDns": known(dns.get("enable_k8s_certs_via_dns")) is True,
        },
        "ipEndpointsConfig": {"enabled": True},
    }
    if addresses and not known(addresses.get("enabled")):
        return body | {"ipEndpointsConfig": {"enabled": False}}
    private = one(state, "private_cluster_config")
    body["ipEndpointsConfig"] |= {
        "enablePublicEndpoint": known(private.get("enable_private_endpoint")) is not True,
        "privateEndpointSubnetwork": known(private.get("private_endpoint_subnetwork")) or "",
        "globalAccess": known(one(private, "master_global_access_config").get("enabled")) is True,
        "authorizedNetworksConfig": _authorized_networks(state),
    }
    return body


def _authorized_networks(state: Values) -> Body:
    if not known(state.get("master_authorized_networks_config")):
        return {"enabled": False}
    config = one(state, "master_authorized_networks_config")
    blocks = [
        {"cidrBlock": each["cidr_block"], "displayName": each.get("display_name") or ""}
        for each in config.get("cidr_blocks") or ()
    ]
    body: Body = {"enabled": True, "cidrBlocks": blocks}
    for name, field in (
        ("gcp_public_cidrs_access_enabled", "gcpPublicCidrsAccessEnabled"),
        ("private_endpoint_enforcement_enabled", "privateEndpointEnforcementEnabled"),
    ):
        if known(config.get(name)) is not None:
            body[field] = config[name]
    return body


def maintenance_body(state: Values, current: Mapping[str, Any]) -> Body:
    """When the cluster may be changed by Google; `current` is the policy that is there, whose version must be named."""
    policy = one(state, "maintenance_policy")
    before: Mapping[str, Any] = (current.get("window") or {}).get("maintenanceExclusions") or {}
    window: Body = {"maintenanceExclusions": _exclusions(policy) if policy else dict(before)}
    daily, recurring = one(policy, "daily_maintenance_window"), one(policy, "recurring_window")
    monthly = one(policy, "recurring_maintenance_window")
    if daily:
        window["dailyMaintenanceWindow"] = {"startTime": daily["start_time"]}
    if recurring:
        times = {"startTime": recurring["start_time"], "endTime": recurring["end_time"]}
        window["recurringWindow"] = {"window": times, "recurrence": recurring["recurrence"]}
    if monthly:
        start, until = one(monthly, "window_start_time"), one(monthly, "delay_until")
        window["recurringMaintenanceWindow"] = {
            "windowStartTime": {name: start.get(name) or 0 for name in ("hours", "minutes", "seconds")},
            "windowDuration": monthly["window_duration"],
            "recurrence": monthly["recurrence"],
            **({"delayUntil": until} if until else {}),
        }
    body: Body = {"window": window, "resourceVersion": current.get("resourceVersion", "")}
    budget = one(policy, "disruption_budget")
    if budget:
        body["disruptionBudget"] = {
            field: budget[name]
            for name, field in (
                ("minor_version_disruption_interval", "minorVersionDisruptionInterval"),
                ("patch_version_disruption_interval", "patchVersionDisruptionInterval"),
            )
            if known(budget.get(name))
        }
    return body


def _exclusions(policy: Values) -> Body:
    found: Body = {}
    for each in policy.get("maintenance_exclusion") or ():
        window: Body = {"startTime": each["start_time"]}
        if known(each.get("end_time")):
            window["endTime"] = each["end_time"]
        options = one(each, "exclusion_options")
        if options:
            window["maintenanceExclusionOptions"] = {"scope": options["scope"]}
            if known(options.get("end_time_behavior")):
                window["maintenanceExclusionOptions"]["endTimeBehavior"] = options["end_time_behavior"]
                window.pop("endTime", None)
        found[each["exclusion_name"]] = window
    return found


def cluster_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """A cluster as the arguments read: what the API says in several places, and what it leaves out."""
    answer = marked(answer)
    network = answer.get("networkConfig") or {}
    policy = answer.get("ipAllocationPolicy") or {}
    endpoints = (answer.get("controlPlaneEndpointsConfig") or {}).get("ipEndpointsConfig") or {}
    authorized = endpoints.get("authorizedNetworksConfig") or {}
    master = answer.get("masterAuth") or {}
    return {
        **answer,
        # Google keeps an empty object where no key is the user's.
        "userManagedKeysConfig": _named(answer.get("userManagedKeysConfig") or {}),
        "network": network.get("network"),
        "subnetwork": network.get("subnetwork"),
        "networkingMode": "VPC_NATIVE" if policy.get("useIpAliases") else "ROUTES",
        "ipAllocationPolicy": policy if policy.get("useIpAliases") else {},
        "locations": [each for each in answer.get("locations") or () if each != answer.get("zone")],
        "networkPolicy": {"enabled": False, "provider": "PROVIDER_UNSPECIFIED", **(answer.get("networkPolicy") or {})},
        "releaseChannel": answer.get("releaseChannel") or {"channel": "UNSPECIFIED"},
        "secretManagerConfig": answer.get("secretManagerConfig") or {"enabled": False},
        "secretSyncConfig": answer.get("secretSyncConfig") or {"enabled": False},
        "autoscaling": answer.get("autoscaling") or {"enableNodeAutoprovisioning": False},
        "masterAuth": {
            **master,
            "clientCertificateConfig": {"issueClientCertificate": bool(master.get("clientCertificate"))},
        },
        "masterAuthorizedNetworksConfig": authorized if authorized.get("enabled") else {},
        "maintenancePolicy": maintenance_answer(answer.get("maintenancePolicy") or {}),
        "privateClusterConfig": private_answer(endpoints, answer.get("privateClusterConfig") or {}, network),
    }


def cluster_plan(state: Values, prior: Values | None, config: Values) -> None:
    """Without addresses the API alone says whether the endpoint is private: neither value is a change."""
    addresses = one(one(config, "control_plane_endpoints_config"), "ip_endpoints_config")
    if prior is None or not addresses or addresses.get("enabled") is not False:
        return
    planned, before = one(state, "private_cluster_config"), one(prior, "private_cluster_config")
    if planned and before:
        planned["enable_private_endpoint"] = before.get("enable_private_endpoint")
        planned["master_global_access_config"] = before.get("master_global_access_config")


def _named(keys: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in keys.items() if value}


def node_pool_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """A pool as the arguments read."""
    found: Mapping[str, Any] = marked(answer)
    return found


def node_pool_body(body: Body, state: Values, writing: Writing) -> Body:
    """A new pool as the API is asked for it; changes are made in handwritten/container_node_pool.py."""
    if writing.verb != "create":
        return body
    if known(state.get("node_count")):
        body["initialNodeCount"] = state["node_count"]
    body["config"] = _nodes(body.get("config", {}))
    return {"nodePool": body}


def node_pool_plan(state: Values, prior: Values | None, config: Values) -> None:
    """A pool without a name gets one that begins with its prefix; Google's own labels are no change."""
    planned, before = one(state, "node_config"), one(prior or {}, "node_config")
    if planned and before and planned.get("resource_labels") is not UNKNOWN:
        own = {key: value for key, value in (before.get("resource_labels") or {}).items() if key.startswith("goog-")}
        wanted = {**own, **(planned.get("resource_labels") or {})}
        if wanted == (before.get("resource_labels") or {}):
            planned["resource_labels"] = before["resource_labels"]
    if prior is None and config.get("name") is None:
        unique = hashlib.sha256(os.urandom(16)).hexdigest()[:26]
        prefix = known(config.get("name_prefix")) or "terraform-"
        state["name"] = f"{prefix}{unique}"[:40]

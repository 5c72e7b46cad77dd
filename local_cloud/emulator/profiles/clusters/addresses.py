"""Addresses of a cluster: its networks, the ranges of pods and services, the endpoints of its control plane."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.paths import get_path
from local_cloud.emulator.profiles.clusters.names import CLUSTERS, digest, last, region_of

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

# Public addresses of control planes (RFC 5737 TEST-NET-1; the other two such ranges are Compute's).
_PUBLIC = ipaddress.ip_network("192.0.2.0/24")
# Google gives services of a cluster that names no range one of its own
# (https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips#defaults_limits).
_SERVICES = "34.118.224.0/20"
_PODS = ipaddress.ip_network("10.112.0.0/12")
_PODS_PREFIX = 14


def place(call: Call, body: Body) -> None:
    """Networks by full name, in `networkConfig`, and by last name beside it."""
    location = call.name.split("/")[3]
    network, subnetwork = body.get("network") or "default", body.get("subnetwork")
    config = body.setdefault("networkConfig", {})
    full = _full(call.project, network, "global/networks")
    scope = f"regions/{region_of(location)}/subnetworks"
    config["network"] = full
    config["subnetwork"] = _full(call.project, subnetwork or last(network), scope)
    config.setdefault("serviceExternalIpsConfig", {})
    body["network"], body["subnetwork"] = last(full), last(config["subnetwork"])


def _full(project: str, value: str, scope: str) -> str:
    if value.startswith("http"):
        value = "projects/" + value.partition("/projects/")[2]
    return value if "/" in value else f"projects/{project}/{scope}/{value}"


def allocate(call: Call, body: Body) -> None:
    """The ranges of pods and services: by name in the subnetwork, as given, or the next that is free."""
    policy = body.setdefault("ipAllocationPolicy", {})
    policy["useIpAliases"] = True
    policy.setdefault("stackType", "IPV4")
    policy.setdefault("podCidrOverprovisionConfig", {})
    policy.setdefault("networkTierConfig", {"networkTier": "NETWORK_TIER_DEFAULT"})
    if body.get("servicesIpv4Cidr"):
        # Only the server writes it: the ranges have been chosen, and stay.
        return
    pods = policy.pop("clusterIpv4CidrBlock", "") or policy.get("clusterIpv4Cidr") or body.get("clusterIpv4Cidr", "")
    services = policy.pop("servicesIpv4CidrBlock", "") or policy.get("servicesIpv4Cidr", "")
    pods = _range(call, body, policy.get("clusterSecondaryRangeName"), pods) or _free_pods(call, pods)
    services = _range(call, body, policy.get("servicesSecondaryRangeName"), services) or _SERVICES
    # What nobody named is a range that GKE makes and names.
    name = call.memory["name"]
    policy.setdefault("clusterSecondaryRangeName", f"gke-{last(name)}-pods-{digest(name, 8)}")
    policy |= {"clusterIpv4Cidr": pods, "clusterIpv4CidrBlock": pods}
    policy |= {"servicesIpv4Cidr": services, "servicesIpv4CidrBlock": services}
    body["clusterIpv4Cidr"], body["servicesIpv4Cidr"] = pods, services


def _range(call: Call, body: Body, name: Any, given: str) -> str:
    """The subnetwork's secondary range `name`, else `given` when it is a whole range."""
    if not name:
        return _checked(given) if given and not given.startswith("/") else ""
    stored = call.store.get("compute", body["networkConfig"]["subnetwork"])
    ranges = stored.body.get("secondaryIpRanges", []) if stored else []
    found = next((one["ipCidrRange"] for one in ranges if one["rangeName"] == name), None)
    if found is None:
        raise invalid(
            f'Pod or service secondary range "{name}" does not exist in network "{body["network"]}",'
            f' subnetwork "{body["subnetwork"]}".'
        )
    return str(found)


def _checked(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise invalid(f"Invalid IP range: {error}.") from None


def _free_pods(call: Call, size: str) -> str:
    prefix = int(size.removeprefix("/")) if size else _PODS_PREFIX
    taken = [ipaddress.ip_network(one.body["clusterIpv4Cidr"]) for one in call.store.children("container", CLUSTERS)]
    for candidate in _PODS.subnets(new_prefix=prefix):
        if not any(candidate.overlaps(other) for other in taken):
            return str(candidate)
    raise ApiError(400, f"No range of size /{prefix} is left for pods in {_PODS}.", status="FAILED_PRECONDITION")


def endpoints(call: Call, body: Body) -> None:
    """The addresses and the name of the control plane; once chosen they stay."""
    name = call.memory["name"]
    private = body.setdefault("privateClusterConfig", {})
    if not private.get("publicEndpoint"):
        index = _index(call)
        block = private.get("masterIpv4CidrBlock") or f"172.16.{index}.0/28"
        private["publicEndpoint"] = str(_PUBLIC[index])
        private["privateEndpoint"] = str(ipaddress.ip_network(_checked(block))[2])
    config = body.setdefault("controlPlaneEndpointsConfig", {})
    dns = config.setdefault("dnsEndpointConfig", {})
    number = call.emulator.project_number(call.project)
    dns.setdefault("allowExternalTraffic", False)
    dns.setdefault("enableK8sTokensViaDns", False)
    dns.setdefault("enableK8sCertsViaDns", False)
    dns["endpoint"] = f"gke-{digest(name, 36)}-{number}.{name.split('/')[3]}.gke.goog"
    _ip_endpoints(body, config.setdefault("ipEndpointsConfig", {}), private)


def _ip_endpoints(body: Body, config: Body, private: Body) -> None:
    """The same facts in the older `privateClusterConfig` and in the newer `controlPlaneEndpointsConfig`."""
    config.setdefault("enabled", True)
    config.setdefault("enablePublicEndpoint", not private.get("enablePrivateEndpoint", False))
    if get_path(private, "masterGlobalAccessConfig.enabled") is not None:
        config.setdefault("globalAccess", private["masterGlobalAccessConfig"]["enabled"])
    if not config["enablePublicEndpoint"]:
        private["enablePrivateEndpoint"] = True
    authorized = config.get("authorizedNetworksConfig") or body.get("masterAuthorizedNetworksConfig") or {}
    authorized.setdefault("gcpPublicCidrsAccessEnabled", True)
    config["authorizedNetworksConfig"] = dict(authorized)
    body["masterAuthorizedNetworksConfig"] = dict(authorized)
    config["privateEndpoint"], config["publicEndpoint"] = private["privateEndpoint"], private["publicEndpoint"]
    body["endpoint"] = private["publicEndpoint" if config["enablePublicEndpoint"] else "privateEndpoint"]


def _index(call: Call) -> int:
    """The first number from 1 whose public address no cluster has."""
    paths = [
        get_path(one.body, "privateClusterConfig.publicEndpoint") for one in call.store.children("container", CLUSTERS)
    ]
    free = (index for index in range(1, 255) if str(_PUBLIC[index]) not in paths)
    index = next(free, None)
    if index is None:
        raise ApiError(429, "The local cloud has no more public addresses for control planes.")
    return index

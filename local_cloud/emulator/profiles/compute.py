"""Compute Engine: networks, subnetworks, routes, firewalls and their policies, routers, addresses, load balancing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.access import path_names
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.clusters import pools
from local_cloud.emulator.profiles.load_balancing import (
    backends,
    endpoint_groups,
    frontends,
    security_policies,
    url_maps,
)
from local_cloud.emulator.profiles.networking import (
    effects,
    firewall_policies,
    organisation_policies,
    peering,
    places,
    ranges,
    routers,
    routes,
)

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call


def _view_network(call: Call, body: Body) -> Body:
    return peering.refresh(call, routes.subnetworks_of(call, body))


def _address(call: Call, body: Body) -> str | None:
    return body.get("address") or ranges.allocate(call, body)


def _used(call: Call, body: Body) -> Body:
    """An address shows who uses it."""
    own = call.stored(call.memory["shown"])
    names = [name for _, name in call.store.users("compute", own.name)] + frontends.rules_with(call, own)
    users = [call.self_link(name) for name in names]
    return {**body, "users": users, "status": "IN_USE"} if users else body


_NETWORK_POLICY_NOUNS = {
    "networkFirewallPolicies": "firewallPolicies",
    "regionNetworkFirewallPolicies": "regionFirewallPolicies",
}
# Methods whose permissions do not follow the naming rule.
_PERMISSIONS = {
    **backends.PERMISSIONS,
    **endpoint_groups.PERMISSIONS,
    **frontends.PERMISSIONS,
    **security_policies.PERMISSIONS,
    "firewalls.delete": ("compute.firewalls.delete", "compute.networks.updatePolicy"),
    "firewalls.insert": ("compute.firewalls.create", "compute.networks.updatePolicy"),
    "firewalls.patch": ("compute.firewalls.get", "compute.firewalls.update", "compute.networks.updatePolicy"),
    "firewalls.update": ("compute.firewalls.update", "compute.networks.updatePolicy"),
    "routes.insert": ("compute.networks.updatePolicy", "compute.routes.create"),
    "routes.delete": ("compute.networks.updatePolicy", "compute.routes.delete"),
    "routers.getRouterStatus": ("compute.routers.get",),
    "routers.getNatMappingInfo": ("compute.routers.get",),
    "routers.getNatIpInfo": ("compute.routers.get",),
    "subnetworks.listUsable": ("compute.subnetworks.list",),
    **{
        f"{collection}.move": (f"compute.{collection}.create", f"compute.{collection}.delete")
        for collection in ("addresses", "globalAddresses")
    },
    "routers.preview": ("compute.routers.get",),
    **{
        f"{collection}.{verb}": tuple(f"compute.{noun}.{name}" for name in names)
        for collection, noun in (("firewallPolicies", "firewallPolicies"), *_NETWORK_POLICY_NOUNS.items())
        for verb, names in {
            "getAssociation": ("get",),
            "getRule": ("get",),
            "getPacketMirroringRule": ("get",),
            "addRule": ("update",),
            "addPacketMirroringRule": ("update",),
            "patchRule": ("update",),
            "patchPacketMirroringRule": ("update",),
            "removeRule": ("update",),
            "removePacketMirroringRule": ("update",),
            "cloneRules": ("cloneRules", "get"),
        }.items()
    },
    "firewallPolicies.listAssociations": ("compute.organizations.listAssociations",),
    "firewallPolicies.move": ("compute.firewallPolicies.create", "compute.firewallPolicies.move"),
    "firewallPolicies.addAssociation": (
        "compute.firewallPolicies.use",
        "compute.organizations.setFirewallPolicy",
    ),
    "firewallPolicies.removeAssociation": (
        "compute.firewallPolicies.use",
        "compute.organizations.setFirewallPolicy",
    ),
    "regionNetworkFirewallPolicies.getEffectiveFirewalls": ("compute.networks.getRegionEffectiveFirewalls",),
    **{
        f"{collection}.{verb}": (f"compute.{noun}.use", "compute.networks.setFirewallPolicy")
        for collection, noun in _NETWORK_POLICY_NOUNS.items()
        for verb in ("addAssociation", "removeAssociation")
    },
}


def _policy_names(call: Call) -> list[tuple[str, str]]:
    """What belongs to the organisation is ruled by the node that owns it, everything else by its path."""
    return organisation_policies.policy_names(call) if call.name.startswith("locations/") else list(path_names(call))


PROFILE = Profile(
    permission_nouns=_NETWORK_POLICY_NOUNS,
    permissions=_PERMISSIONS,
    policy_names=_policy_names,
    done_at_once=frontends.DONE_AT_ONCE,
    operation_types={
        **frontends.OPERATION_TYPES,
        "firewalls.patch": "compute.firewalls.patch",
        **{
            f"{organisation_policies.COLLECTION}.{verb}": kind
            for verb, kind in organisation_policies.OPERATION_TYPES.items()
        },
    },
    api="compute",
    style="compute",
    dialect="compute",
    proto3=False,
    types=(
        ResourceType(
            "networks",
            defaults={
                "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
                "routingConfig.routingMode": "REGIONAL",
                "routingConfig.bgpBestPathSelectionMode": "LEGACY",
            },
            immutable=("enableUlaInternalIpv6", "internalIpv6Range"),
            writable=("peerings",),
            output_only=("subnetworks", "gatewayIPv4"),
            after_create=routes.after_network,
            after_delete=routes.remove_network_parts,
            view=_view_network,
            in_use_by_operation=True,
        ),
        ResourceType(
            "subnetworks",
            defaults={
                "purpose": "PRIVATE",
                "privateIpGoogleAccess": False,
                "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
                "stackType": "IPV4_ONLY",
                "allowSubnetCidrRoutesOverlap": False,
                "logConfig": lambda call, body: {"enable": True} if body.get("enableFlowLogs") else None,
                "?logConfig.enable": lambda call, body: body.get("enableFlowLogs"),
                "?logConfig.aggregationInterval": lambda call, body: (
                    "INTERVAL_5_SEC" if body["logConfig"].get("enable") else None
                ),
                "?logConfig.flowSampling": lambda call, body: 0.5 if body["logConfig"].get("enable") else None,
                "?logConfig.metadata": lambda call, body: (
                    "EXCLUDE_ALL_METADATA" if body["logConfig"].get("enable") else None
                ),
            },
            computed={
                "state": "READY",
                "gatewayAddress": ranges.gateway,
                "enableFlowLogs": lambda call, body: bool(body.get("logConfig", {}).get("enable")),
            },
            immutable=("ipCidrRange", "network", "purpose"),
            references={"network": "networks"},
            check=ranges.check_subnetwork,
            after_create=routes.after_subnetwork,
            after_delete=routes.remove_local_route,
        ),
        ResourceType(
            "routes",
            defaults={"priority": 1000},
            references={"network": "networks"},
            loose_references={"nextHopGateway": "gateways"},
        ),
        ResourceType(
            "firewalls",
            defaults={"direction": "INGRESS", "priority": 1000, "disabled": False, "logConfig.enable": False},
            immutable=("direction", "network"),
            references={"network": "networks"},
        ),
        *(
            ResourceType(
                collection,
                label="firewall_policy",
                immutable=("name",),
                output_only=("associations",),
                defaults={"policyType": "VPC_POLICY"},
                check=firewall_policies.check_rules,
                before_write=firewall_policies.finish,
                loose_references={"associations[].attachmentTarget": "networks"},
            )
            for collection in _NETWORK_POLICY_NOUNS
        ),
        organisation_policies.TYPE,
        ResourceType(
            "routers",
            defaults={"encryptedInterconnectRouter": False},
            immutable=("network",),
            references={
                "network": "networks",
                "nats[].natIps[]": "addresses",
                "nats[].drainNatIps[]": "addresses",
                "nats[].subnetworks[].name": "subnetworks",
            },
            check=routers.check_nats,
            before_write=routers.finish,
        ),
        ResourceType(
            "addresses",
            defaults={
                "description": "",
                "addressType": "EXTERNAL",
                "networkTier": "PREMIUM",
                "purpose": lambda call, body: "GCE_ENDPOINT" if body.get("addressType") == "INTERNAL" else None,
                "address": _address,
            },
            computed={"status": lambda call, body: "IN_USE" if body.get("users") else "RESERVED"},
            references={"subnetwork": "subnetworks", "network": "networks"},
            view=_used,
        ),
        ResourceType(
            "globalAddresses",
            label="address",
            schema="Address",
            defaults={"address": _address},
            references={"network": "networks"},
            computed={"status": "RESERVED"},
            view=_used,
        ),
        *backends.TYPES,
        *endpoint_groups.TYPES,
        *frontends.TYPES,
        *security_policies.TYPES,
        *url_maps.TYPES,
    ),
    methods={
        "instanceGroupManagers.get": pools.get_manager,
        "instanceGroupManagers.list": pools.list_managers,
        **backends.METHODS,
        **endpoint_groups.METHODS,
        **frontends.METHODS,
        **security_policies.METHODS,
        **url_maps.METHODS,
        "networks.addPeering": peering.add,
        "networks.updatePeering": peering.update,
        "networks.removePeering": peering.remove,
        "networks.switchToCustomMode": effects.switch_to_custom_mode,
        "networks.getEffectiveFirewalls": effects.effective_firewalls,
        "networks.listPeeringRoutes": effects.peering_routes,
        "subnetworks.listUsable": effects.usable_subnetworks,
        "regionNetworkFirewallPolicies.getEffectiveFirewalls": effects.regional_effective_firewalls,
        "addresses.move": ranges.move,
        "globalAddresses.move": ranges.move,
        "subnetworks.expandIpCidrRange": ranges.expand,
        "subnetworks.setPrivateIpGoogleAccess": ranges.set_private_access,
        "routes.delete": routes.delete_route,
        "routers.getRouterStatus": routers.status,
        "routers.getNatMappingInfo": routers.nat_mappings,
        "routers.getNatIpInfo": routers.nat_addresses,
        "routers.preview": routers.preview,
        "regions.get": places.get_region,
        "regions.list": places.list_regions,
        "zones.get": places.get_zone,
        "zones.list": places.list_zones,
        "projects.get": places.get_project,
        **{
            f"{collection}.{verb}": method
            for collection in _NETWORK_POLICY_NOUNS
            for verb, method in firewall_policies.METHODS.items()
        },
        **{
            f"{organisation_policies.COLLECTION}.{verb}": method
            for verb, method in organisation_policies.METHODS.items()
        },
    },
)

"""Compute Engine networking."""

from __future__ import annotations

from local_cloud.emulator.profile import Profile, ResourceType

PROFILE = Profile(
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
        ),
        ResourceType(
            "subnetworks",
            defaults={
                "privateIpGoogleAccess": False,
                "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
                "purpose": "PRIVATE",
                "stackType": "IPV4_ONLY",
            },
            computed={"state": "READY"},
            references={"network": "networks"},
        ),
    ),
)

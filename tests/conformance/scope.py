"""Which exchanges the bar is for: the services and collections that the platform's phases use."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.replay import Outcome

# An API counts as a whole, or by its collections.
COLLECTIONS: Mapping[str, frozenset[str] | None] = {
    "artifactregistry": None,
    "cloudresourcemanager": None,
    "cloudbilling": None,
    "billingbudgets": None,
    "serviceusage": None,
    "cloudquotas": None,
    "iam": None,
    "iamcredentials": None,
    "sts": None,
    "storage": None,
    "dns": None,
    "pubsub": None,
    "container": None,
    "essentialcontacts": None,
    "monitoring": frozenset({"projects.notificationChannels"}),
    "compute": frozenset(
        {
            "addresses",
            "firewalls",
            "globalAddresses",
            "globalOperations",
            "networkFirewallPolicies",
            "networks",
            "regionOperations",
            "regionNetworkFirewallPolicies",
            "routers",
            "routes",
            "subnetworks",
            "firewallPolicies",
            "healthChecks",
            "backendServices",
            "backendBuckets",
            "urlMaps",
            "targetHttpProxies",
            "targetHttpsProxies",
            "forwardingRules",
            "globalForwardingRules",
            "sslCertificates",
            "sslPolicies",
            "networkEndpointGroups",
            "regionNetworkEndpointGroups",
            "securityPolicies",
            "regionSecurityPolicies",
        }
    ),
    "certificatemanager": None,
    "run": frozenset({"projects.locations.services", "projects.locations.services.revisions"}),
    "secretmanager": None,
}


def in_scope(outcome: Outcome) -> bool:
    """Whether `outcome` counts towards the bar; a Compute operation counts with the collection it works on."""
    api = outcome.method_id.partition(".")[0]
    collections = COLLECTIONS.get(api, frozenset())
    if collections is None:
        return True
    return outcome.collection in collections and (not outcome.target or outcome.target in collections)

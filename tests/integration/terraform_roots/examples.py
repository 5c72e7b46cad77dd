"""What each root is told in these tests, what it makes, and what must be there before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.integration.terraform_roots.workspace import BILLING_ACCOUNT, PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.local_cloud import LocalCloud

COMPUTE = f"compute.googleapis.com/compute/v1/projects/{PROJECT}"
DNS = f"dns.googleapis.com/dns/v1/projects/{PROJECT}"
ARTIFACTS = f"artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations"
KMS = f"cloudkms.googleapis.com/v1/projects/{PROJECT}/locations"
REGION_NAME = "europe-west3"
REGION = f"{COMPUTE}/regions/{REGION_NAME}"
ZONES = [f"{REGION_NAME}-{letter}" for letter in "abc"]
ZONE = "dev.crm.presidential-digs.example"
CERTIFICATES = f"certificatemanager.googleapis.com/v1/projects/{PROJECT}/locations/global"
DEPLOYER = f"serviceAccount:deployer@{PROJECT}.iam.gserviceaccount.com"
# Keys that bootstrap makes, by name: where they are.
KEYS = {"cluster": REGION_NAME, "registry": REGION_NAME, "registry-us": "us"}


def key_id(name: str) -> str:
    """The whole name of a key."""
    return f"projects/{PROJECT}/locations/{KEYS[name]}/keyRings/crm/cryptoKeys/{name}"


def make_keys(cloud: LocalCloud) -> None:
    """The keys, as bootstrap leaves them."""
    for location in sorted(set(KEYS.values())):
        cloud.post(f"{KMS}/{location}/keyRings?keyRingId=crm", {}).raise_for_status()
    for name, location in KEYS.items():
        keys = f"{KMS}/{location}/keyRings/crm/cryptoKeys?cryptoKeyId={name}"
        cloud.post(keys, {"purpose": "ENCRYPT_DECRYPT"}).raise_for_status()


def nothing(_cloud: LocalCloud) -> None:
    """For a root that stands on the project alone."""


@dataclass(frozen=True)
class Example:
    """One root: `variables` (of the project's number), what it makes as the API lists it (`kinds`: URL and field of
    each), what stands before it (`prepare`), and what it is told from the second life on (`adopted`)."""

    variables: Callable[[str], dict[str, Any]]
    kinds: Sequence[tuple[str, str]]
    prepare: Callable[[LocalCloud], None] = nothing
    adopted: Mapping[str, Any] = field(default_factory=dict)


NETWORK: dict[str, Any] = {
    "cidr_block": "10.20.0.0/16",
    "atlas": {"cidr_blocks": ["203.0.113.0/28"], "fqdns": ["crm-shard-00-00.abcde.mongodb.net"]},
    "egress_fqdns": ["hooks.slack.com"],
    "public_domain": ZONE,
    "public_services": {"auth-service": "auth"},
}
QUOTA = {
    "service": "compute.googleapis.com",
    "quota_id": "CPUS-per-project-region",
    "dimensions": {"region": REGION_NAME},
    "preferred_value": 48,
}


def foundation(project_number: str) -> dict[str, Any]:
    """Variables of the foundation, with one of everything."""
    return {
        "billing_account": BILLING_ACCOUNT,
        "budgets": {
            "crm per month": {"amount": 500, "notification_channels": ["platform"]},
            "speech per quarter": {"amount": 60, "calendar_period": "QUARTER", "services": ["services/95FF-2EF5-5EA1"]},
        },
        "contacts": {"ops@presidential-digs.example": {"categories": ["ALL"]}},
        "notification_channels": {"platform": {"email_address": "platform@presidential-digs.example"}},
        "project_number": project_number,
        "quotas": {"cpus": QUOTA},
        "quotas_contact_email": "platform@presidential-digs.example",
    }


def registry(project_number: str) -> dict[str, Any]:
    """Variables of the registry, with both repositories."""
    return {
        "project_number": project_number,
        "repositories": {
            "crm-images": {
                "description": "Images of the services.",
                "kms_key_id": key_id("registry"),
                "location": REGION_NAME,
                "writers": [DEPLOYER],
            },
            "gcr.io": {
                "description": "Images under older addresses.",
                "immutable_tags": False,
                "kms_key_id": key_id("registry-us"),
                "location": "us",
                "readers": ["group:platform@presidential-digs.example"],
            },
        },
    }


def conversation(_project_number: str) -> dict[str, Any]:
    """Variables of the conversation."""
    return {
        "cors_origins": ["https://app.dev.crm.presidential-digs.example"],
        "quotas_contact_email": "platform@presidential-digs.example",
        "speech_quotas": {"speech-requests": {"quota_id": "RequestsPerMinutePerProject", "limit": 60}},
    }


def secrets(_project_number: str) -> dict[str, Any]:
    """Variables of the secrets: one that is made, one that an operator fills."""
    return {
        "secret_values": {"jwt-secret": "made-for-this-run"},
        "secrets": {
            "google-client-secret": {"accessors": ["group:platform@presidential-digs.example"]},
            "jwt-secret": {"accessors": ["group:platform@presidential-digs.example"], "version": 1},
        },
    }


def edge(_project_number: str) -> dict[str, Any]:
    """Variables of the edge, with a service of each kind."""
    cors = {"origins": ["https://app.dev.crm.presidential-digs.example"]}
    return {
        "domain": ZONE,
        "hosts": {
            "app": {
                "default": "frontend",
                "services": {
                    "auth-service": {"paths": ["/api/auth"]},
                    "conversation-backend": {"paths": ["/api/conversation"], "cors": cors},
                },
            }
        },
        "services": {
            "auth-service": {"runtime": "kubernetes", "health_check": {"path": "/api/auth/health"}},
            "conversation-backend": {"runtime": "kubernetes"},
            "frontend": {"runtime": "cloud_run"},
        },
        "zone_name": "crm-public",
        "zones": ZONES,
    }


def before_the_edge(cloud: LocalCloud) -> None:
    """The public zone of the root network, and the endpoint groups that GKE makes."""
    zone = {"name": "crm-public", "dnsName": f"{ZONE}.", "description": "", "visibility": "public"}
    cloud.post(f"{DNS}/managedZones", zone).raise_for_status()
    network = {"name": "crm", "autoCreateSubnetworks": False}
    cloud.post(f"{COMPUTE}/global/networks", network).raise_for_status()
    for where in ZONES:
        for service in ("auth-service", "conversation-backend"):
            group = {"name": service, "network": "global/networks/crm", "networkEndpointType": "GCE_VM_IP_PORT"}
            cloud.post(f"{COMPUTE}/zones/{where}/networkEndpointGroups", group).raise_for_status()


def make_ground(cloud: LocalCloud) -> None:
    """What a cluster stands on: its network, its key, and a repository of images."""
    make_keys(cloud)
    network = {"name": "crm", "autoCreateSubnetworks": False}
    cloud.post(f"{COMPUTE}/global/networks", network).raise_for_status()
    subnetwork = {
        "name": "crm-private",
        "network": f"projects/{PROJECT}/global/networks/crm",
        "ipCidrRange": "10.20.0.0/20",
        "privateIpGoogleAccess": True,
        "secondaryIpRanges": [
            {"rangeName": "pods", "ipCidrRange": "10.20.128.0/17"},
            {"rangeName": "services", "ipCidrRange": "10.20.64.0/20"},
        ],
    }
    cloud.post(f"{REGION}/subnetworks", subnetwork).raise_for_status()
    repositories = f"{ARTIFACTS}/{REGION_NAME}/repositories?repositoryId=crm-images"
    cloud.post(repositories, {"format": "DOCKER"}).raise_for_status()


def cluster(project_number: str) -> dict[str, Any]:
    """Variables of the cluster, with both pools."""
    return {
        "kms_key_id": key_id("cluster"),
        "maintenance": {
            "exclusions": {"freeze": {"start_time": "2026-12-20T00:00:00Z", "end_time": "2027-01-03T00:00:00Z"}}
        },
        "node_pools": {
            "general": {"machine_type": "e2-standard-4", "autoscaling": {"total_min": 3, "total_max": 9}},
            "high-memory": {
                "machine_type": "e2-highmem-4",
                "autoscaling": {"total_min": 0, "total_max": 3, "initial": 0},
                "labels": {"dedicated": "high-memory"},
                "taints": {"dedicated": {"value": "high-memory"}},
            },
        },
        "project_number": project_number,
        "repositories": {"crm-images": REGION_NAME},
        "zones": [f"{REGION_NAME}-a", f"{REGION_NAME}-b", f"{REGION_NAME}-c"],
    }


EXAMPLES: Mapping[str, Example] = {
    "edge": Example(
        edge,
        [
            (f"{COMPUTE}/global/addresses", "items"),
            (f"{COMPUTE}/global/backendServices", "items"),
            (f"{COMPUTE}/global/forwardingRules", "items"),
            (f"{COMPUTE}/global/healthChecks", "items"),
            (f"{COMPUTE}/global/sslPolicies", "items"),
            (f"{COMPUTE}/global/targetHttpProxies", "items"),
            (f"{COMPUTE}/global/targetHttpsProxies", "items"),
            (f"{COMPUTE}/global/urlMaps", "items"),
            (f"{REGION}/networkEndpointGroups", "items"),
            (f"{CERTIFICATES}/certificateMaps", "certificateMaps"),
            (f"{CERTIFICATES}/certificates", "certificates"),
            (f"{CERTIFICATES}/dnsAuthorizations", "dnsAuthorizations"),
            (f"{DNS}/managedZones/crm-public/rrsets", "rrsets"),
        ],
        prepare=before_the_edge,
    ),
    "secrets": Example(
        secrets,
        [
            (f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets", "secrets"),
        ],
    ),
    "cluster": Example(
        cluster,
        [
            (f"container.googleapis.com/v1/projects/{PROJECT}/locations/{REGION_NAME}/clusters", "clusters"),
            (f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts", "accounts"),
            (f"pubsub.googleapis.com/v1/projects/{PROJECT}/topics", "topics"),
        ],
        prepare=make_ground,
    ),
    "conversation": Example(
        conversation,
        [
            (f"storage.googleapis.com/storage/v1/b?project={PROJECT}", "items"),
            (f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts", "accounts"),
        ],
        adopted={"speech_quotas_adopted": ["speech-requests"]},
    ),
    "foundation": Example(
        foundation,
        [
            (f"billingbudgets.googleapis.com/v1/billingAccounts/{BILLING_ACCOUNT}/budgets", "budgets"),
            (f"pubsub.googleapis.com/v1/projects/{PROJECT}/topics", "topics"),
            (f"monitoring.googleapis.com/v3/projects/{PROJECT}/notificationChannels", "notificationChannels"),
            (f"essentialcontacts.googleapis.com/v1/projects/{PROJECT}/contacts", "contacts"),
        ],
        adopted={"quotas_adopted": ["cpus"]},
    ),
    "network": Example(
        lambda _number: NETWORK,
        [
            (f"{COMPUTE}/global/networks", "items"),
            (f"{REGION}/subnetworks", "items"),
            (f"{COMPUTE}/global/routes", "items"),
            (f"{COMPUTE}/global/firewallPolicies", "items"),
            (f"{REGION}/routers", "items"),
            (f"{REGION}/addresses", "items"),
            (f"{DNS}/managedZones", "managedZones"),
            (f"{DNS}/policies", "policies"),
        ],
    ),
    "registry": Example(
        registry,
        [
            (
                f"{ARTIFACTS}/{REGION_NAME}/repositories",
                "repositories",
            ),
            (f"{ARTIFACTS}/us/repositories", "repositories"),
        ],
        prepare=make_keys,
    ),
}

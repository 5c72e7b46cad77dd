"""Where each resource type is created, and the least that a creation of it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.emulator.profiles.cloudbilling import BILLING_ACCOUNT
from local_cloud.emulator.profiles.cloudresourcemanager import ORGANIZATION
from tests.unit.emulator.conftest import PROJECT, Cloud

Body = dict[str, Any]
TAG_KEY = "the tag key that is there"
_GLOBAL = f"projects/{PROJECT}/global"
_REGION = f"projects/{PROJECT}/regions/europe-west1"
_POOLS = f"projects/{PROJECT}/locations/global/workloadIdentityPools"
_PEOPLE = "locations/global/workforcePools"
_CLIENTS = f"projects/{PROJECT}/locations/global/oauthClients"
_NETWORK = {"network": f"{_GLOBAL}/networks/there"}
_OIDC = {"oidc": {"issuerUri": "https://issuer.example"}, "attributeMapping": {"google.subject": "assertion.sub"}}
_CERTIFICATES = f"projects/{PROJECT}/locations/global"
_RINGS = f"projects/{PROJECT}/locations/europe-west1/keyRings"
_HEALTH_CHECK = {"type": "TCP", "tcpHealthCheck": {"port": 80}, "checkIntervalSec": 60, "timeoutSec": 5}
_HEALTH_CHECK_BLOCKS = (
    "type",
    *("checkIntervalSec", "timeoutSec", "httpHealthCheck", "httpsHealthCheck", "http2HealthCheck", "sslHealthCheck"),
    *("tcpHealthCheck", "grpcHealthCheck", "grpcTlsHealthCheck", "udpHealthCheck"),
)
_URL_MAP = {"urlMap": f"{_GLOBAL}/urlMaps/there"}
_REGIONAL_MAP = {"urlMap": f"{_REGION}/urlMaps/there"}
_SERVICE = {"service": f"{_GLOBAL}/backendServices/there"}
_CERTIFICATE = {"type": "MANAGED", "managed": {"domains": ["a.example"]}}
_CERTIFICATE_FIELDS = ("managed", "selfManaged", "certificate", "privateKey", "type")
_TARGET = {"target": f"{_GLOBAL}/targetHttpProxies/there", "portRange": "80-80"}
_RULE_FIELDS = ("IPAddress", "portRange", "ports", "target", "backendService", "loadBalancingScheme", "labels")
_KEY = {"use": "ENCRYPTION", "keyData": {"keySpec": "RSA_2048"}}
_CLIENT = {
    "clientType": "PUBLIC_CLIENT",
    "allowedGrantTypes": ["AUTHORIZATION_CODE_GRANT"],
    "allowedScopes": ["openid"],
    "allowedRedirectUris": ["https://app.example"],
}
_CONTACT = {
    "email": "someone@presidential-digs.example",
    "languageTag": "en",
    "notificationCategorySubscriptions": ["ALL"],
}


@dataclass(frozen=True)
class Place:
    """`collection` is the relative path that a creation goes to; `query` is what it needs beside the id; `fixed` are
    fields that stay as they are in `body`, because most others are refused. `identify` says where the id stands:
    `query:NAME`, `body:NAME`, `path`, or nowhere. `wrapper` is the field of the request that holds the resource."""

    collection: str
    body: Body = field(default_factory=dict)
    query: str = ""
    fixed: tuple[str, ...] = ()
    identify: str = ""
    wrapper: str = ""


PLACES: Mapping[str, Place] = {
    "artifactregistry:projects.locations.repositories": Place(
        f"projects/{PROJECT}/locations/europe-west1/repositories",
        {"format": "DOCKER", "mode": "STANDARD_REPOSITORY"},
        fixed=(
            "format",
            "mode",
            "cleanupPolicies",
            "mavenConfig",
            "remoteRepositoryConfig",
            "virtualRepositoryConfig",
        ),
        identify="query:repositoryId",
    ),
    "billingbudgets:billingAccounts.budgets": Place(
        f"{BILLING_ACCOUNT}/budgets", {"amount": {"specifiedAmount": {"units": "5"}}}, fixed=("amount",)
    ),
    "cloudbilling:billingAccounts": Place("billingAccounts"),
    "cloudresourcemanager:folders": Place("folders", {"parent": ORGANIZATION}),
    "cloudresourcemanager:projects": Place("projects", {"parent": ORGANIZATION}, identify="body:projectId"),
    "cloudresourcemanager:tagKeys": Place("tagKeys", {"parent": ORGANIZATION}, identify="body:shortName"),
    "cloudresourcemanager:tagValues": Place("tagValues", {"parent": TAG_KEY}, identify="body:shortName"),
    "compute:networks": Place(f"{_GLOBAL}/networks", {"autoCreateSubnetworks": False}, identify="body:name"),
    "compute:subnetworks": Place(
        f"{_REGION}/subnetworks", {**_NETWORK, "ipCidrRange": "10.9.0.0/24"}, identify="body:name"
    ),
    "compute:routes": Place(f"{_GLOBAL}/routes", {**_NETWORK, "destRange": "10.9.9.0/24"}, identify="body:name"),
    "compute:firewalls": Place(f"{_GLOBAL}/firewalls", _NETWORK, identify="body:name"),
    "compute:networkFirewallPolicies": Place(f"{_GLOBAL}/firewallPolicies", identify="body:name"),
    "compute:regionNetworkFirewallPolicies": Place(f"{_REGION}/firewallPolicies", identify="body:name"),
    "compute:firewallPolicies": Place(
        "locations/global/firewallPolicies", query=f"parentId={ORGANIZATION}", identify="body:shortName"
    ),
    "compute:routers": Place(f"{_REGION}/routers", _NETWORK, identify="body:name"),
    "compute:addresses": Place(f"{_REGION}/addresses", identify="body:name"),
    "compute:globalAddresses": Place(f"{_GLOBAL}/addresses", identify="body:name"),
    "compute:healthChecks": Place(
        f"{_GLOBAL}/healthChecks", _HEALTH_CHECK, fixed=_HEALTH_CHECK_BLOCKS, identify="body:name"
    ),
    "compute:regionHealthChecks": Place(
        f"{_REGION}/healthChecks", _HEALTH_CHECK, fixed=_HEALTH_CHECK_BLOCKS, identify="body:name"
    ),
    "compute:backendServices": Place(f"{_GLOBAL}/backendServices", fixed=("iap",), identify="body:name"),
    "compute:regionBackendServices": Place(f"{_REGION}/backendServices", fixed=("iap",), identify="body:name"),
    "compute:backendBuckets": Place(f"{_GLOBAL}/backendBuckets", {"bucketName": "there"}, identify="body:name"),
    "compute:urlMaps": Place(
        f"{_GLOBAL}/urlMaps",
        {"defaultService": f"{_GLOBAL}/backendServices/there"},
        fixed=("hostRules", "defaultUrlRedirect", "defaultRouteAction"),
        identify="body:name",
    ),
    "compute:targetHttpProxies": Place(f"{_GLOBAL}/targetHttpProxies", _URL_MAP, identify="body:name"),
    "compute:targetHttpsProxies": Place(
        f"{_GLOBAL}/targetHttpsProxies",
        {**_URL_MAP, "certificateMap": f"//certificatemanager.googleapis.com/{_CERTIFICATES}/certificateMaps/there"},
        identify="body:name",
    ),
    "compute:globalForwardingRules": Place(
        f"{_GLOBAL}/forwardingRules", _TARGET, fixed=_RULE_FIELDS, identify="body:name"
    ),
    "compute:forwardingRules": Place(f"{_REGION}/forwardingRules", _TARGET, fixed=_RULE_FIELDS, identify="body:name"),
    "compute:httpHealthChecks": Place(f"{_GLOBAL}/httpHealthChecks", identify="body:name"),
    "compute:httpsHealthChecks": Place(f"{_GLOBAL}/httpsHealthChecks", identify="body:name"),
    "compute:regionUrlMaps": Place(
        f"{_REGION}/urlMaps",
        {"defaultService": f"{_REGION}/backendServices/there"},
        fixed=("hostRules", "defaultUrlRedirect", "defaultRouteAction"),
        identify="body:name",
    ),
    "compute:regionTargetHttpProxies": Place(f"{_REGION}/targetHttpProxies", _REGIONAL_MAP, identify="body:name"),
    "compute:regionTargetHttpsProxies": Place(
        f"{_REGION}/targetHttpsProxies",
        {**_REGIONAL_MAP, "sslCertificates": [f"{_REGION}/sslCertificates/there"]},
        identify="body:name",
    ),
    "compute:targetTcpProxies": Place(f"{_GLOBAL}/targetTcpProxies", _SERVICE, identify="body:name"),
    "compute:regionTargetTcpProxies": Place(
        f"{_REGION}/targetTcpProxies", {"service": f"{_REGION}/backendServices/there"}, identify="body:name"
    ),
    "compute:targetSslProxies": Place(
        f"{_GLOBAL}/targetSslProxies",
        {**_SERVICE, "sslCertificates": [f"{_GLOBAL}/sslCertificates/there"]},
        identify="body:name",
    ),
    "compute:targetGrpcProxies": Place(f"{_GLOBAL}/targetGrpcProxies", _URL_MAP, identify="body:name"),
    "compute:sslCertificates": Place(
        f"{_GLOBAL}/sslCertificates", _CERTIFICATE, fixed=_CERTIFICATE_FIELDS, identify="body:name"
    ),
    "compute:regionSslCertificates": Place(
        f"{_REGION}/sslCertificates", _CERTIFICATE, fixed=_CERTIFICATE_FIELDS, identify="body:name"
    ),
    "compute:sslPolicies": Place(
        f"{_GLOBAL}/sslPolicies", {"profile": "MODERN"}, fixed=("profile", "customFeatures"), identify="body:name"
    ),
    "compute:networkEndpointGroups": Place(
        f"projects/{PROJECT}/zones/europe-west1-b/networkEndpointGroups",
        fixed=("networkEndpointType", "cloudRun", "appEngine", "cloudFunction"),
        identify="body:name",
    ),
    "compute:regionNetworkEndpointGroups": Place(
        f"{_REGION}/networkEndpointGroups",
        {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "there"}},
        fixed=("networkEndpointType", "cloudRun", "appEngine", "cloudFunction"),
        identify="body:name",
    ),
    "compute:securityPolicies": Place(f"{_GLOBAL}/securityPolicies", fixed=("rules",), identify="body:name"),
    "compute:regionSecurityPolicies": Place(f"{_REGION}/securityPolicies", fixed=("rules",), identify="body:name"),
    "certificatemanager:projects.locations.certificates": Place(
        f"{_CERTIFICATES}/certificates",
        {"managed": {"domains": ["a.example"]}},
        fixed=("managed", "selfManaged", "managedIdentity"),
        identify="query:certificateId",
    ),
    "certificatemanager:projects.locations.certificateMaps": Place(
        f"{_CERTIFICATES}/certificateMaps", identify="query:certificateMapId"
    ),
    "certificatemanager:projects.locations.certificateMaps.certificateMapEntries": Place(
        f"{_CERTIFICATES}/certificateMaps/there/certificateMapEntries",
        {"matcher": "PRIMARY"},
        fixed=("hostname", "matcher"),
        identify="query:certificateMapEntryId",
    ),
    "certificatemanager:projects.locations.dnsAuthorizations": Place(
        f"{_CERTIFICATES}/dnsAuthorizations", {"domain": "a.example"}, identify="query:dnsAuthorizationId"
    ),
    "cloudkms:projects.locations.keyRings": Place(_RINGS, identify="query:keyRingId"),
    "cloudkms:projects.locations.keyRings.cryptoKeys": Place(
        f"{_RINGS}/there/cryptoKeys",
        {"purpose": "ENCRYPT_DECRYPT"},
        fixed=(
            "purpose",
            "versionTemplate",
            "primary",
            "rotationPeriod",
            "nextRotationTime",
            "keyAccessJustificationsPolicy",
        ),
        identify="query:cryptoKeyId",
    ),
    "run:projects.locations.services": Place(
        f"projects/{PROJECT}/locations/europe-west1/services",
        {"template": {"containers": [{"image": "gcr.io/cloudrun/hello"}]}},
        fixed=("template", "traffic", "generation"),
        identify="query:serviceId",
    ),
    "secretmanager:projects.secrets": Place(
        f"projects/{PROJECT}/secrets",
        {"replication": {"automatic": {}}},
        fixed=("rotation", "replication", "versionAliases", "topics", "ttl", "expireTime"),
        identify="query:secretId",
    ),
    "dns:managedZones": Place(
        f"projects/{PROJECT}/managedZones", {"dnsName": "a.example.", "description": ""}, identify="body:name"
    ),
    "dns:policies": Place(f"projects/{PROJECT}/policies", identify="body:name"),
    "dns:responsePolicies": Place(f"projects/{PROJECT}/responsePolicies", identify="body:responsePolicyName"),
    "dns:responsePolicyRules": Place(
        f"projects/{PROJECT}/responsePolicies/there/rules",
        {"dnsName": "b.example.", "behavior": "bypassResponsePolicy"},
        fixed=("behavior", "localData"),
        identify="body:ruleName",
    ),
    "essentialcontacts:projects.contacts": Place(f"projects/{PROJECT}/contacts", _CONTACT),
    "essentialcontacts:organizations.contacts": Place(f"{ORGANIZATION}/contacts", _CONTACT),
    "iam:projects.serviceAccounts": Place(
        f"projects/{PROJECT}/serviceAccounts", identify="body:accountId", wrapper="serviceAccount"
    ),
    "iam:projects.roles": Place(f"projects/{PROJECT}/roles", identify="body:roleId", wrapper="role"),
    "iam:organizations.roles": Place(f"{ORGANIZATION}/roles", identify="body:roleId", wrapper="role"),
    "iam:projects.locations.workloadIdentityPools": Place(_POOLS, identify="query:workloadIdentityPoolId"),
    "iam:projects.locations.workloadIdentityPools.providers": Place(
        f"{_POOLS}/there/providers",
        _OIDC,
        fixed=("aws", "saml", "x509", "oidc", "attributeMapping"),
        identify="query:workloadIdentityPoolProviderId",
    ),
    "iam:projects.locations.workloadIdentityPools.providers.keys": Place(
        f"{_POOLS}/there/providers/there/keys",
        _KEY,
        fixed=("keyData",),
        identify="query:workloadIdentityPoolProviderKeyId",
    ),
    "iam:projects.locations.workloadIdentityPools.namespaces": Place(
        f"{_POOLS}/there/namespaces", identify="query:workloadIdentityPoolNamespaceId"
    ),
    "iam:projects.locations.workloadIdentityPools.namespaces.managedIdentities": Place(
        f"{_POOLS}/there/namespaces/there/managedIdentities", identify="query:workloadIdentityPoolManagedIdentityId"
    ),
    "iam:locations.workforcePools": Place(_PEOPLE, {"parent": ORGANIZATION}, identify="query:workforcePoolId"),
    "iam:locations.workforcePools.providers": Place(
        f"{_PEOPLE}/there/providers",
        _OIDC,
        fixed=("saml", "oidc", "attributeMapping"),
        identify="query:workforcePoolProviderId",
    ),
    "iam:locations.workforcePools.providers.keys": Place(
        f"{_PEOPLE}/there/providers/there/keys", _KEY, fixed=("keyData",), identify="query:workforcePoolProviderKeyId"
    ),
    "iam:projects.locations.oauthClients": Place(_CLIENTS, _CLIENT, identify="query:oauthClientId"),
    "iam:projects.locations.oauthClients.credentials": Place(
        f"{_CLIENTS}/there-client/credentials", identify="query:oauthClientCredentialId"
    ),
    "monitoring:projects.notificationChannels": Place(
        f"projects/{PROJECT}/notificationChannels",
        {"type": "email", "labels": {"email_address": "someone@presidential-digs.example"}},
        fixed=("type", "labels"),
    ),
    "pubsub:projects.topics": Place(f"projects/{PROJECT}/topics", identify="path"),
    "pubsub:projects.subscriptions": Place(
        f"projects/{PROJECT}/subscriptions", {"topic": f"projects/{PROJECT}/topics/there"}, identify="path"
    ),
    "pubsub:projects.schemas": Place(
        f"projects/{PROJECT}/schemas",
        {"type": "AVRO", "definition": '{"type": "string"}'},
        fixed=("type", "definition"),
        identify="query:schemaId",
    ),
    "cloudresourcemanager:liens": Place(
        "liens",
        {
            "parent": f"projects/{PROJECT}",
            "restrictions": ["resourcemanager.projects.delete"],
            "reason": "it is needed",
            "origin": "a test",
        },
    ),
    "pubsub:projects.snapshots": Place(
        f"projects/{PROJECT}/snapshots", {"subscription": f"projects/{PROJECT}/subscriptions/there"}, identify="path"
    ),
    "storage:buckets": Place("b", query=f"project={PROJECT}", identify="body:name"),
    "storage:notifications": Place("b/there-bucket/notificationConfigs", {"topic": "projects/p/topics/t"}),
    "storage:folders": Place("b/there-bucket/folders", identify="body:name"),
    "storage:managedFolders": Place("b/there-bucket/managedFolders", identify="body:name"),
}
# What has no creation of its own kind: made by other calls, which tests of their own make.
WITHOUT_PLACE: Mapping[str, str] = {
    "artifactregistry:projects.locations.repositories.dockerImages": "pushed: tests/unit/registry",
    "artifactregistry:projects.locations.repositories.packages": "pushed: tests/unit/registry",
    "artifactregistry:projects.locations.repositories.packages.tags": "of what was pushed: tests/unit/registry",
    "artifactregistry:projects.locations.repositories.packages.versions": "pushed: tests/unit/registry",
    "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions": "made with their key: test_keys",
    "cloudquotas:projects.locations.quotaPreferences": "only known quotas, once each: test_quota",
    "cloudresourcemanager:organizations": "made with the cloud",
    "cloudresourcemanager:tagBindings": "named by what they bind: the recordings",
    "cloudresourcemanager:tagValues.tagHolds": "has no get: test_holds",
    "container:projects.locations.clusters": "changed by its own methods: test_clusters",
    "container:projects.locations.clusters.nodePools": "changed by its own methods: test_clusters",
    "dns:changes": "its records are what is kept: test_records",
    "dns:resourceRecordSets": "named by name and type: test_records",
    "essentialcontacts:folders.contacts": "as those of projects",
    "iam:projects.serviceAccounts.keys": "the private half is shown once: test_identities",
    "run:projects.locations.services.revisions": "made by its service: test_run",
    "secretmanager:projects.secrets.versions": "made by addVersion: test_secrets",
    "serviceusage:services": "there without a creation",
}


def prepare(cloud: Cloud) -> dict[str, str]:
    """Make what the places are in: every parent is called `there`, or has the name that is returned for its mark."""
    cloud.project()
    compute = f"compute/compute/v1/{_GLOBAL}"
    cloud.ok("POST", f"{compute}/networks", {"name": "there", "autoCreateSubnetworks": False})
    cloud.ok("POST", f"{compute}/backendServices", {"name": "there"})
    cloud.ok("POST", f"{compute}/urlMaps", {"name": "there", "defaultService": f"{_GLOBAL}/backendServices/there"})
    cloud.ok("POST", f"{compute}/targetHttpProxies", {"name": "there", **_URL_MAP})
    cloud.ok("POST", f"{compute}/sslCertificates", {"name": "there", **_CERTIFICATE})
    regional = f"compute/compute/v1/{_REGION}"
    cloud.ok("POST", f"{regional}/backendServices", {"name": "there"})
    cloud.ok("POST", f"{regional}/urlMaps", {"name": "there", "defaultService": f"{_REGION}/backendServices/there"})
    cloud.ok("POST", f"{regional}/sslCertificates", {"name": "there", **_CERTIFICATE})
    cloud.ok("POST", f"certificatemanager/v1/{_CERTIFICATES}/certificateMaps?certificateMapId=there", {})
    cloud.ok("POST", f"cloudkms/v1/{_RINGS}?keyRingId=there", {})
    cloud.ok("POST", f"dns/dns/v1/projects/{PROJECT}/responsePolicies", {"responsePolicyName": "there"})
    iam = "iam/v1"
    cloud.ok("POST", f"{iam}/{_POOLS}?workloadIdentityPoolId=there", {})
    cloud.ok("POST", f"{iam}/{_POOLS}/there/providers?workloadIdentityPoolProviderId=there", _OIDC)
    cloud.ok("POST", f"{iam}/{_POOLS}/there/namespaces?workloadIdentityPoolNamespaceId=there", {})
    cloud.ok("POST", f"{iam}/{_PEOPLE}?workforcePoolId=there", {"parent": ORGANIZATION})
    cloud.ok("POST", f"{iam}/{_PEOPLE}/there/providers?workforcePoolProviderId=there", _OIDC)
    cloud.ok("POST", f"{iam}/{_CLIENTS}?oauthClientId=there-client", _CLIENT)
    cloud.ok("PUT", f"pubsub/v1/projects/{PROJECT}/topics/there", {})
    topic = {"topic": f"projects/{PROJECT}/topics/there"}
    cloud.ok("PUT", f"pubsub/v1/projects/{PROJECT}/subscriptions/there", topic)
    cloud.ok("POST", f"storage/storage/v1/b?project={PROJECT}", {"name": "there-bucket"})
    cloud.ok("POST", "cloudresourcemanager/v3/tagKeys", {"parent": ORGANIZATION, "shortName": "there"})
    (tag_key,) = cloud.emulator.store.children("cloudresourcemanager", "tagKeys")
    return {TAG_KEY: tag_key.name}

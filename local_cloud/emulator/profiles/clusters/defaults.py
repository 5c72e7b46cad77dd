"""What the server fills in: fields of clusters and of nodes, as recorded from the API."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from local_cloud.emulator.paths import get_path, set_path

# Scopes of the default service account (https://cloud.google.com/kubernetes-engine/docs/how-to/access-scopes).
SCOPES = [
    f"https://www.googleapis.com/auth/{scope}"
    for scope in (
        "devstorage.read_only",
        "logging.write",
        "monitoring",
        "service.management.readonly",
        "servicecontrol",
        "trace.append",
    )
]

# Of the nodes that auto-provisioning makes.
AUTOPROVISIONING_SCOPES = [f"https://www.googleapis.com/auth/{scope}" for scope in ("userinfo.email", "cloud-platform")]

# Path → value, where nobody gave one. A path below a missing object makes the object.
CLUSTER: Mapping[str, Any] = {
    "addonsConfig.dnsCacheConfig": {"enabled": True},
    "addonsConfig.gcePersistentDiskCsiDriverConfig": {"enabled": True},
    "addonsConfig.kubernetesDashboard": {"disabled": True},
    "addonsConfig.networkPolicyConfig": {"disabled": True},
    "addonsConfig.nodeReadinessConfig": {},
    "anonymousAuthenticationConfig.mode": "LIMITED",
    "autopilot": {},
    "autoscaling.autoprovisioningNodePoolDefaults.imageType": "COS_CONTAINERD",
    "autoscaling.autoprovisioningNodePoolDefaults.management.autoRepair": True,
    "autoscaling.autoprovisioningNodePoolDefaults.management.autoUpgrade": True,
    "autoscaling.autoprovisioningNodePoolDefaults.oauthScopes": SCOPES,
    "autoscaling.autoprovisioningNodePoolDefaults.serviceAccount": "default",
    "autoscaling.autoscalingProfile": "BALANCED",
    "clusterTelemetry.type": "ENABLED",
    "controlPlaneEgress.mode": "VIA_CONTROL_PLANE",
    "databaseEncryption.state": "DECRYPTED",
    "databaseEncryption.currentState": "CURRENT_STATE_DECRYPTED",
    "defaultMaxPodsConstraint.maxPodsPerNode": "110",
    "enterpriseConfig.clusterTier": "STANDARD",
    "legacyAbac": {},
    "loggingConfig.componentConfig.enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"],
    "loggingService": "logging.googleapis.com/kubernetes",
    "maintenancePolicy": {},
    "ipAllocationPolicy.defaultPodIpv4RangeUtilization": 0.001,
    "master": {},
    "masterAuth.clientCertificateConfig": {},
    "monitoringConfig.advancedDatapathObservabilityConfig": {},
    # https://cloud.google.com/kubernetes-engine/docs/how-to/configure-metrics
    "monitoringConfig.componentConfig.enableComponents": [
        "SYSTEM_COMPONENTS",
        "STORAGE",
        "HPA",
        "POD",
        "DAEMONSET",
        "DEPLOYMENT",
        "STATEFULSET",
        "CADVISOR",
        "KUBELET",
        "DCGM",
        "JOBSET",
    ],
    "monitoringConfig.managedPrometheusConfig.enabled": True,
    "monitoringService": "monitoring.googleapis.com/kubernetes",
    "networkConfig.defaultSnatStatus": {},
    "nodeCreationConfig.nodeCreationMode": "VIA_KUBELET",
    "nodePoolAutoConfig.nodeKubeletConfig.insecureKubeletReadonlyPortEnabled": False,
    "nodePoolDefaults.nodeConfigDefaults.loggingConfig.variantConfig.variant": "DEFAULT",
    "nodePoolDefaults.nodeConfigDefaults.nodeKubeletConfig.insecureKubeletReadonlyPortEnabled": False,
    "notificationConfig.pubsub": {},
    "podAutoscaling.hpaProfile": "PERFORMANCE",
    "privateCluster": True,
    "protectConfig.workloadConfig.auditMode": "BASIC",
    "protectConfig.workloadVulnerabilityMode": "WORKLOAD_VULNERABILITY_MODE_UNSPECIFIED",
    "rbacBindingConfig.enableInsecureBindingSystemAuthenticated": True,
    "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated": True,
    "releaseChannel.channel": "REGULAR",
    "securityPostureConfig.mode": "BASIC",
    "securityPostureConfig.vulnerabilityMode": "VULNERABILITY_MODE_UNSPECIFIED",
    "shieldedNodes.enabled": True,
    "userManagedKeysConfig": {},
}

NODE: Mapping[str, Any] = {
    "diskSizeGb": 100,
    "diskType": "pd-balanced",
    "effectiveCgroupMode": "EFFECTIVE_CGROUP_MODE_V2",
    "imageType": "COS_CONTAINERD",
    "kubeletConfig.insecureKubeletReadonlyPortEnabled": False,
    "kubeletConfig.maxParallelImagePulls": 2,
    "machineType": "e2-medium",
    "metadata.disable-legacy-endpoints": "true",
    "oauthScopes": SCOPES,
    "resourceLabels.goog-gke-node-pool-provisioning-model": "on-demand",
    "serviceAccount": "default",
    "shieldedInstanceConfig": {"enableIntegrityMonitoring": True},
    "windowsNodeConfig": {},
}

POOL: Mapping[str, Any] = {
    "management": {"autoRepair": True, "autoUpgrade": True},
    "maxPodsConstraint.maxPodsPerNode": "110",
    "upgradeSettings": {"maxSurge": 1, "strategy": "SURGE"},
}

# Falses that the API shows.
KEPT_ZEROS = (
    "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic",
    "controlPlaneEndpointsConfig.dnsEndpointConfig.enableK8sCertsViaDns",
    "controlPlaneEndpointsConfig.dnsEndpointConfig.enableK8sTokensViaDns",
    "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled",
    "controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint",
    "controlPlaneEndpointsConfig.ipEndpointsConfig.globalAccess",
    "nodePoolAutoConfig.nodeKubeletConfig.insecureKubeletReadonlyPortEnabled",
    "nodePoolDefaults.nodeConfigDefaults.nodeKubeletConfig.insecureKubeletReadonlyPortEnabled",
    "protectConfig.workloadVulnerabilityMode",
    "securityPostureConfig.vulnerabilityMode",
    "rbacBindingConfig.enableInsecureBindingSystemAuthenticated",
    "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated",
)
KEPT_ZEROS_OF_NODES = (
    "config.kubeletConfig.insecureKubeletReadonlyPortEnabled",
    "config.linuxNodeConfig.swapConfig.enabled",
    "networkConfig.enablePrivateNodes",
)


def fill(body: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Set what `body` lacks."""
    for path, value in defaults.items():
        # A label's key may have dots of its own, a default has none.
        if get_path(body, path) is None:
            set_path(body, path, copy.deepcopy(value))

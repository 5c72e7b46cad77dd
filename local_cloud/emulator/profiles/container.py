"""Google Kubernetes Engine: clusters, node pools and their operations; local_cloud/kubernetes makes them run."""

from __future__ import annotations

from local_cloud.emulator.profile import Body, Profile, ResourceType, Run
from local_cloud.emulator.profiles.clusters import changes, objects, pools, shape, versions
from local_cloud.emulator.profiles.clusters.defaults import KEPT_ZEROS, KEPT_ZEROS_OF_NODES
from local_cloud.emulator.profiles.clusters.names import CLUSTERS, POOLS

_NAME = r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?"


def settled(body: Body) -> bool | str:
    """Whether nothing is being done to a cluster or pool; why it failed."""
    if body.get("status") == "ERROR":
        return str(body.get("statusMessage") or "it failed")
    return body.get("status") in ("RUNNING", "DEGRADED")


_CHANGES = (
    "setAddons",
    "setLegacyAbac",
    "setLocations",
    "setLogging",
    "setMaintenancePolicy",
    "setMonitoring",
    "setNetworkPolicy",
    "setResourceLabels",
    "updateMaster",
)
_POOL_CHANGES = (
    "create",
    "delete",
    "update",
    "rollback",
    "completeUpgrade",
    "setAutoscaling",
    "setManagement",
    "setSize",
)
_STATES = {"changing": {"status": "RECONCILING"}, "stopping": {"status": "STOPPING"}}

PROFILE = Profile(
    api="container",
    versions=("v1", "v1beta1"),
    style="legacy",
    dialect="container",
    types=(
        ResourceType(
            CLUSTERS,
            id_source="body:name",
            id_pattern=_NAME,
            immutable=("network", "subnetwork", "clusterIpv4Cidr", "location"),
            hidden=("selfLink", "zone", "region"),
            # Written by clusters/addresses.py, never by a client.
            writable=("networkConfig.network", "networkConfig.subnetwork"),
            keep_zero=KEPT_ZEROS,
            references={
                "networkConfig.network": "compute:networks",
                "networkConfig.subnetwork": "compute:subnetworks",
                "databaseEncryption.keyName": "cloudkms:projects.locations.keyRings.cryptoKeys",
            },
            check=shape.check,
            before_write=shape.finish,
            after_create=shape.after_create,
            after_delete=shape.after_delete,
            view=shape.view,
            not_found="Not found: {name}.",
            exists="Already exists: {name}.",
            run=Run(
                settled,
                starting={"status": "PROVISIONING"},
                alone={"status": "RUNNING", "masterAuth.clusterCaCertificate": shape.authority_alone},
                **_STATES,
            ),
        ),
        ResourceType(
            POOLS,
            label="node pool",
            id_source="body:name",
            id_pattern=_NAME,
            hidden=("selfLink",),
            keep_zero=KEPT_ZEROS_OF_NODES,
            before_write=pools.finish,
            after_delete=pools.forget,
            not_found='nodePool "{name}" not found',
            exists="Already exists: {name}.",
            run=Run(settled, starting={"status": "PROVISIONING"}, alone={"status": "RUNNING"}, **_STATES),
        ),
    ),
    methods={
        "projects.locations.getServerConfig": versions.server_config,
        f"{CLUSTERS}.create": changes.create_cluster,
        f"{CLUSTERS}.get": changes.get_cluster,
        f"{CLUSTERS}.update": changes.update,
        f"{CLUSTERS}.delete": changes.delete_cluster,
        f"{CLUSTERS}.setAddons": changes.setter("addonsConfig", "addonsConfig"),
        f"{CLUSTERS}.setLegacyAbac": changes.set_legacy_abac,
        f"{CLUSTERS}.setLocations": changes.set_locations,
        f"{CLUSTERS}.setLogging": changes.setter("loggingService", "loggingService"),
        f"{CLUSTERS}.setMaintenancePolicy": changes.setter("maintenancePolicy", "maintenancePolicy"),
        f"{CLUSTERS}.setMonitoring": changes.setter("monitoringService", "monitoringService"),
        f"{CLUSTERS}.setNetworkPolicy": changes.setter("networkPolicy", "networkPolicy"),
        f"{CLUSTERS}.setResourceLabels": changes.setter("resourceLabels", "resourceLabels"),
        f"{CLUSTERS}.updateMaster": changes.update_master,
        f"{POOLS}.create": changes.create_pool,
        f"{POOLS}.delete": changes.delete_pool,
        f"{POOLS}.update": changes.update_pool,
        f"{POOLS}.rollback": changes.roll_back,
        f"{POOLS}.completeUpgrade": changes.complete_upgrade,
        f"{POOLS}.setAutoscaling": changes.set_autoscaling,
        f"{POOLS}.setManagement": changes.set_management,
        f"{POOLS}.setSize": changes.set_size,
    },
    permissions={
        "projects.locations.getServerConfig": ("container.clusters.list",),
        **{f"{CLUSTERS}.{verb}": ("container.clusters.update",) for verb in _CHANGES},
        **{f"{POOLS}.{verb}": ("container.clusters.update",) for verb in _POOL_CHANGES},
        **{f"{POOLS}.{verb}": ("container.clusters.get",) for verb in ("get", "list")},
    },
    # What the API server asks for in the name of who comes with a Google token, and what is asked for beside methods.
    extra_permissions=(*objects.permissions(), "container.clusters.connect", "container.clusters.getCredentials"),
)

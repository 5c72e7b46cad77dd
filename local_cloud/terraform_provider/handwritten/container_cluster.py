"""Clusters: one call for each thing that changes, the default pool taken away, and how large the pools are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.expansion import request_body
from local_cloud.terraform_provider.failures import ApiError, PartialFailure, ProviderError
from local_cloud.terraform_provider.flattening import look_up
from local_cloud.terraform_provider.handwritten.container_nodes import Managers
from local_cloud.terraform_provider.hooks.container import endpoints_body, maintenance_body, one
from local_cloud.terraform_provider.lifecycle import NOT_FOUND, Engine
from local_cloud.terraform_provider.planning import same_value
from local_cloud.terraform_provider.resource_state import saved
from local_cloud.terraform_provider.specification import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]
_ENDPOINTS: Final = ("control_plane_endpoints_config", "master_authorized_networks_config")
# Argument → field of ClusterUpdate, in the order of the calls; what the argument sends is its own part of a cluster.
DESIRED: Final[Mapping[str, str]] = {
    "addons_config": "desiredAddonsConfig",
    "cluster_autoscaling": "desiredClusterAutoscaling",
    "dns_config": "desiredDnsConfig",
    "binary_authorization": "desiredBinaryAuthorization",
    "enable_shielded_nodes": "desiredShieldedNodes",
    "release_channel": "desiredReleaseChannel",
    "gke_auto_upgrade_config": "desiredGkeAutoUpgradeConfig",
    "private_ipv6_google_access": "desiredPrivateIpv6GoogleAccess",
    "disable_l4_lb_firewall_reconciliation": "desiredDisableL4LbFirewallReconciliation",
    "in_transit_encryption_config": "desiredInTransitEncryptionConfig",
    "enable_multi_networking": "desiredEnableMultiNetworking",
    "enable_fqdn_network_policy": "desiredEnableFqdnNetworkPolicy",
    "enable_cilium_clusterwide_network_policy": "desiredEnableCiliumClusterwideNetworkPolicy",
    "cost_management_config": "desiredCostManagementConfig",
    "authenticator_groups_config": "desiredAuthenticatorGroupsConfig",
    "default_snat_status": "desiredDefaultSnatStatus",
    "node_locations": "desiredLocations",
    "min_master_version": "desiredMasterVersion",
    "notification_config": "desiredNotificationConfig",
    "vertical_pod_autoscaling": "desiredVerticalPodAutoscaling",
    "service_external_ips_config": "desiredServiceExternalIpsConfig",
    "mesh_certificates": "desiredMeshCertificates",
    "database_encryption": "desiredDatabaseEncryption",
    "pod_autoscaling": "desiredPodAutoscaling",
    "secret_manager_config": "desiredSecretManagerConfig",
    "secret_sync_config": "desiredSecretSyncConfig",
    "workload_identity_config": "desiredWorkloadIdentityConfig",
    "identity_service_config": "desiredIdentityServiceConfig",
    "logging_config": "desiredLoggingConfig",
    "monitoring_config": "desiredMonitoringConfig",
    "gateway_api_config": "desiredGatewayApiConfig",
    "security_posture_config": "desiredSecurityPostureConfig",
    "anonymous_authentication_config": "desiredAnonymousAuthenticationConfig",
    "rbac_binding_config": "desiredRbacBindingConfig",
    "resource_usage_export_config": "desiredResourceUsageExportConfig",
    "network_performance_config": "desiredNetworkPerformanceConfig",
}
# What is sent when the whole block has been taken out.
_TAKEN_OUT: Final[Mapping[str, Any]] = {
    "secret_sync_config": {"enabled": False},
    "secret_manager_config": {"enabled": False},
    "workload_identity_config": {"workloadPool": ""},
    "identity_service_config": {"enabled": False},
    "authenticator_groups_config": {"enabled": False},
}
# These are switches here and objects in the change.
_WRAPPED: Final[Mapping[str, str]] = {
    "enable_intranode_visibility": "desiredIntraNodeVisibilityConfig",
    "enable_l4_ilb_subsetting": "desiredL4ilbSubsettingConfig",
}
_APART: Final = ("enable_legacy_abac", "network_policy", "maintenance_policy", "effective_labels")

# Changes of one cluster wait for each other, and so do those of one pool.
locks: Final[dict[str, asyncio.Lock]] = {}


class ContainerCluster(Engine):
    """A cluster. Its pools are resources of their own."""

    async def create(self, planned: Values, config: Values) -> Values:
        """Make the cluster, then take its default pool away when asked to."""
        async with locks.setdefault(self.identity(planned), asyncio.Lock()):
            state = await super().create(planned, config)
            if not planned.get("remove_default_node_pool"):
                return state
            try:
                pool = Call("DELETE", f"{self.specification.read.path}/nodePools/default-pool")
                await self.send(pool, state, None, "create")
            except Exception as error:
                raise PartialFailure(error, saved(state)) from error
            return await self.complete(planned, state)

    async def read(self, state: Values) -> Values | None:
        """The cluster, with the sizes of its pools where these are followed."""
        found = await super().read(state)
        if found is None:
            return None
        managers = Managers(self.client, followed=not state.get("ignore_node_count_changes"))
        pools = [pool | await managers.counted(pool, pool) for pool in found["node_pool"] or ()]
        return {**found, "node_pool": pools, "operation": found.get("operation") or ""}

    async def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """One call after the other; the prior state is kept when one of them fails."""
        attributes = self.specification.attributes
        changed = {
            name for name, each in attributes.items() if not same_value(each, prior.get(name), planned.get(name))
        }
        state = {**planned, "id": prior["id"]}
        reaching = {name for name in changed if not attributes[name].local and attributes[name].optional}
        self._refuse_unknown(reaching)
        try:
            async with locks.setdefault(prior["id"], asyncio.Lock()):
                for body in self._updates(state, prior, changed):
                    await self.send(Call("PUT", self.specification.read.path), state, {"update": body}, "update")
                await self._apart(state, changed)
        except Exception as error:
            raise PartialFailure(error, prior) from error
        return await self.complete(planned, state)

    def _refuse_unknown(self, changed: set[str]) -> None:
        made = {*DESIRED, *_WRAPPED, *_ENDPOINTS, *_APART, "private_cluster_config"}
        if strangers := sorted(changed - made):
            raise ProviderError(
                f"the stand-in cannot change {', '.join(strangers)} of a cluster in place", path=(strangers[0],)
            )

    def _updates(self, state: Values, prior: Values, changed: set[str]) -> list[Body]:
        """The bodies of ClusterUpdate, one a call."""
        found: list[Body] = []
        private = self._private_changes(state, prior) if "private_cluster_config" in changed else set()
        if changed & set(_ENDPOINTS) or private - {"enable_private_nodes"}:
            found.append({"desiredControlPlaneEndpointsConfig": endpoints_body(state)})
        if "enable_private_nodes" in private:
            nodes = bool(one(state, "private_cluster_config").get("enable_private_nodes"))
            found.append({"desiredDefaultEnablePrivateNodes": nodes})
        found += [{field: {"enabled": bool(state[name])}} for name, field in _WRAPPED.items() if name in changed]
        found += [{field: self._part(name, state)} for name, field in DESIRED.items() if name in changed]
        return found

    @staticmethod
    def _private_changes(state: Values, prior: Values) -> set[str]:
        before, after = one(prior, "private_cluster_config"), one(state, "private_cluster_config")
        return {name for name in after if before.get(name) != after.get(name)}

    def _part(self, name: str, state: Values) -> Any:
        """What of a cluster's body the argument `name` says."""
        attributes = self.specification.attributes
        attribute = attributes[name]
        body = request_body(attributes, state, self.place(state), only=(name,), changed=(name,), updating=True)
        value = look_up(body, attribute.api)
        if value is None and attribute.kind in ("bool", "string"):
            return state.get(name) or ("" if attribute.kind == "string" else False)
        if name == "enable_shielded_nodes":
            return {"enabled": value}
        return _TAKEN_OUT.get(name, {}) if value is None else value

    async def _apart(self, state: Values, changed: set[str]) -> None:
        """Changes that have methods of their own."""
        bodies: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Body]]] = {
            "enable_legacy_abac": ("setLegacyAbac", lambda _: {"enabled": bool(state["enable_legacy_abac"])}),
            "network_policy": ("setNetworkPolicy", lambda _: {"networkPolicy": self._network_policy(state)}),
            "maintenance_policy": (
                "setMaintenancePolicy",
                lambda now: {"maintenancePolicy": maintenance_body(state, now.get("maintenancePolicy") or {})},
            ),
            "effective_labels": (
                "setResourceLabels",
                lambda now: {
                    "resourceLabels": state["effective_labels"],
                    "labelFingerprint": now.get("labelFingerprint", ""),
                },
            ),
        }
        for name, (method, made) in bodies.items():
            if name in changed:
                current = await self.request(self.specification.read, self.values(state))
                call = Call("POST", f"{self.specification.read.path}:{method}")
                await self.send(call, state, made(current), "update")

    @staticmethod
    def _network_policy(state: Values) -> Body:
        policy = one(state, "network_policy")
        return {"enabled": True, "provider": policy.get("provider") or "CALICO"} if policy.get("enabled") else {}

    async def delete(self, prior: Values) -> None:
        """Delete the cluster when it rests."""
        self.refuse_protected(prior)
        if prior.get("deletion_policy") == "ABANDON":
            return
        await self._rested(prior)
        async with locks.setdefault(prior["id"], asyncio.Lock()):
            await super().delete(prior)

    async def _rested(self, prior: Values) -> None:
        end = self.client.now() + self.deadline(prior, "delete")
        while self.client.now() < end:
            try:
                found = await self.request(self.specification.read, self.values(prior))
            except ApiError as error:
                if error.status == NOT_FOUND:
                    return
                raise ProviderError(f"Error reading cluster {prior['id']!r}: {error}") from error
            if found.get("status") not in ("PROVISIONING", "RECONCILING", "STOPPING"):
                return
            await self.client.pause(self.settings.poll_interval)

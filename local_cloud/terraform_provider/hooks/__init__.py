"""Code for what data cannot say; a specification names each hook it uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.hooks import (
    artifact_registry,
    bodies,
    compute,
    container,
    dns,
    iam,
    kms,
    load_balancing,
    monitoring,
    secrets,
    storage,
)
from local_cloud.terraform_provider.hooks.bodies import Writing

if TYPE_CHECKING:
    from local_cloud.terraform_provider.failures import ProviderError
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Specification

__all__ = ["AFTER_CREATE", "BEFORE_DELETE", "PLANS", "VALIDATIONS", "Writing", "decoder", "encoder"]

Body = dict[str, Any]
# the body as the specification makes it, the state with write-only values, what is being written -> the body sent
Encoder = Callable[[Body, "Values", Writing], Body]
# API object, state before -> API object as the specification reads it; None when the resource counts as gone
Decoder = Callable[[Mapping[str, Any], "Values"], "Mapping[str, Any] | None"]
# planned state, prior state or None, configuration; changes the planned state in place, ProviderError when refused
Planning = Callable[["Values", "Values | None", "Values"], None]
Validation = Callable[["Values"], "Iterator[ProviderError]"]
Step = Callable[["Engine", "Values"], Awaitable[None]]

ENCODERS: Mapping[str, Encoder] = {
    "network_body": compute.network_body,
    "subnetwork_body": compute.subnetwork_body,
    "firewall_body": compute.firewall_body,
    "firewall_policy_rules": compute.firewall_policy_rules,
    "global_address_body": compute.global_address_body,
    "health_check_body": load_balancing.health_check_body,
    "backend_service_body": load_balancing.backend_service_body,
    "https_proxy_body": load_balancing.https_proxy_body,
    "managed_zone_body": dns.managed_zone_body,
    "channel_body": monitoring.channel_body,
    "bucket_body": storage.bucket_body,
    "cluster_body": container.cluster_body,
    "node_pool_body": container.node_pool_body,
    "repository_body": artifact_registry.repository_body,
    "crypto_key_body": kms.crypto_key_body,
}
DECODERS: Mapping[str, Decoder] = {
    "network_answer": compute.network_answer,
    "subnetwork_answer": compute.subnetwork_answer,
    "route_answer": compute.route_answer,
    "firewall_policy_rules_answer": compute.firewall_policy_rules_answer,
    "backend_service_answer": load_balancing.backend_service_answer,
    "https_proxy_answer": load_balancing.https_proxy_answer,
    "secret_answer": secrets.secret_answer,
    "router_nat_answer": compute.router_nat_answer,
    "service_account_answer": iam.service_account_answer,
    "custom_role_answer": iam.custom_role_answer,
    "channel_answer": monitoring.channel_answer,
    "bucket_answer": storage.bucket_answer,
    "cluster_answer": container.cluster_answer,
    "node_pool_answer": container.node_pool_answer,
    "repository_answer": artifact_registry.repository_answer,
}
PLANS: Mapping[str, Planning] = {
    "subnetwork_ranges": compute.subnetwork_ranges,
    "router_nat_drain": compute.router_nat_drain,
    "cluster_plan": container.cluster_plan,
    "node_pool_plan": container.node_pool_plan,
    "service_account_names": iam.service_account_names,
}
VALIDATIONS: Mapping[str, Validation] = {
    "firewall_sources": compute.firewall_sources,
    "router_advertisements": compute.router_advertisements,
    "channel_labels": monitoring.channel_labels,
    "cluster_problems": container.cluster_problems,
    "node_pool_problems": container.node_pool_problems,
    "iam_member": iam.member_problems,
}
AFTER_CREATE: Mapping[str, Step] = {"network_default_routes": compute.delete_default_routes}
BEFORE_DELETE: Mapping[str, Step] = {
    "managed_zone_records": dns.delete_records,
    "dns_policy_networks": dns.detach_networks,
}


def encoder(specification: Specification) -> Encoder:
    """The specification's own encoder, or one that changes nothing."""
    name = specification.hooks.get("encode")
    return ENCODERS[name] if name else bodies.unchanged


def decoder(specification: Specification) -> Decoder:
    """The specification's own decoder, or one that changes nothing."""
    name = specification.hooks.get("decode")
    return DECODERS[name] if name else lambda answer, _before: answer

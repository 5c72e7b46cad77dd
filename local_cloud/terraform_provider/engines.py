"""Which engine drives a resource type: the general one, or a handwritten one its specification names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.terraform_provider.handwritten.bucket import Bucket
from local_cloud.terraform_provider.handwritten.container_cluster import ContainerCluster
from local_cloud.terraform_provider.handwritten.container_node_pool import ContainerNodePool
from local_cloud.terraform_provider.handwritten.crypto_key import CryptoKey
from local_cloud.terraform_provider.handwritten.custom_role import CustomRole
from local_cloud.terraform_provider.handwritten.firewall_policy import FirewallPolicyWithRules
from local_cloud.terraform_provider.handwritten.iam_member import IamMember
from local_cloud.terraform_provider.handwritten.project_service import ProjectService
from local_cloud.terraform_provider.handwritten.record_set import RecordSet
from local_cloud.terraform_provider.handwritten.router_nat import RouterNat
from local_cloud.terraform_provider.handwritten.secret_version import SecretVersion
from local_cloud.terraform_provider.handwritten.service_account import ServiceAccount
from local_cloud.terraform_provider.lifecycle import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.client import Client
    from local_cloud.terraform_provider.specification import Specification

ENGINES: Mapping[str, type[Engine]] = {
    "bucket": Bucket,
    "container_cluster": ContainerCluster,
    "container_node_pool": ContainerNodePool,
    "crypto_key": CryptoKey,
    "custom_role": CustomRole,
    "firewall_policy_with_rules": FirewallPolicyWithRules,
    "iam_member": IamMember,
    "project_service": ProjectService,
    "record_set": RecordSet,
    "router_nat": RouterNat,
    "secret_version": SecretVersion,
    "service_account": ServiceAccount,
}


def engine_for(specification: Specification, client: Client) -> Engine:
    """The engine of one resource type."""
    name = specification.hooks.get("lifecycle")
    return (ENGINES[name] if name else Engine)(specification, client)

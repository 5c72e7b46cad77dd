"""IAM: service accounts and keys, custom roles, workload identity federation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.profile import Body, Profile
from local_cloud.emulator.profiles.identities import accounts, federation, keys, oauth_clients, roles, signing

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call


def _testable(call: Call) -> Body:
    """`permissions:queryTestablePermissions`: every permission this cloud knows."""
    names = sorted(call.emulator.access.known_permissions())
    return {"permissions": [{"name": name, "stage": "GA"} for name in names]}


PROFILE = Profile(
    permission_nouns={
        keys.COLLECTION: "serviceAccountKeys",
        federation.POOLS: "googleapis.com/workloadIdentityPools",
        federation.PROVIDERS: "googleapis.com/workloadIdentityPoolProviders",
        f"{federation.PROVIDERS}.keys": "googleapis.com/workloadIdentityPoolProviderKeys",
        f"{federation.POOLS}.namespaces": "workloadIdentityPoolNamespaces",
        f"{federation.POOLS}.namespaces.managedIdentities": "workloadIdentityPoolManagedIdentities",
        federation.WORKFORCE: "googleapis.com/workforcePools",
        f"{federation.WORKFORCE}.providers": "googleapis.com/workforcePoolProviders",
        f"{federation.WORKFORCE}.providers.keys": "googleapis.com/workforcePoolProviderKeys",
        oauth_clients.CREDENTIALS: "oauthClientCredentials",
    },
    permissions={
        f"{keys.COLLECTION}.upload": ("iam.serviceAccountKeys.create",),
        "roles.get": (),
        "roles.list": (),
        "roles.queryGrantableRoles": (),
        **{
            f"{federation.POOLS}.{verb}": (f"iam.googleapis.com/workloadIdentityPools.{need}",)
            for verb, need in {
                "listAttestationRules": "get",
                "addAttestationRule": "update",
                "removeAttestationRule": "update",
                "setAttestationRules": "update",
            }.items()
        },
        "permissions.queryTestablePermissions": (),
    },
    extra_permissions=("iam.serviceAccounts.actAs",),
    api="iam",
    style="legacy",
    dialect="aip",
    proto3=True,
    enablement="consumer",
    type_url="google.iam.v1",
    canonical_name=accounts.canonical_name,
    operation_name=federation.operation_name,
    operation_metadata=federation.operation_metadata,
    project_names="id",
    policy_names=federation.policy_names,
    types=(accounts.TYPE, keys.TYPE, *roles.TYPES, *federation.TYPES, *oauth_clients.TYPES),
    methods={
        **accounts.METHODS,
        **keys.METHODS,
        **roles.METHODS,
        **federation.METHODS,
        **oauth_clients.METHODS,
        "projects.serviceAccounts.signBlob": signing.sign_blob_of_iam,
        "projects.serviceAccounts.signJwt": signing.sign_jwt,
        "permissions.queryTestablePermissions": _testable,
    },
)

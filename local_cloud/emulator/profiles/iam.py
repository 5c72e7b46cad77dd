"""IAM: service accounts and keys, custom roles, workload identity federation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.identities import accounts, federation, keys, roles

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
    },
    permissions={
        f"{keys.COLLECTION}.upload": ("iam.serviceAccountKeys.create",),
        "roles.get": (),
        "roles.list": (),
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
    types=(accounts.TYPE, keys.TYPE, *roles.TYPES, *federation.TYPES, ResourceType("roles", schema="Role")),
    methods={**accounts.METHODS, **keys.METHODS, **roles.METHODS, "permissions.queryTestablePermissions": _testable},
)

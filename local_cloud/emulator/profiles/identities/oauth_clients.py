"""OAuth clients for workforce identity federation, and their credentials."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import failed_precondition
from local_cloud.emulator.profile import Body, Handler, ResourceType, SoftDelete

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

COLLECTION = "projects.locations.oauthClients"
CREDENTIALS = f"{COLLECTION}.credentials"
# https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.oauthClients/create
_ID = r"(?!gcp-)[a-z0-9-]{6,63}"
_RETENTION = 30.0


def _secret(call: Call, body: Body) -> str:
    return str(body.get("clientSecret") or hashlib.sha256(call.emulator.uuid(call).encode()).hexdigest())


def _delete_credential(call: Call) -> Body | Response:
    """Only a disabled credential can be deleted."""
    if not call.stored().body.get("disabled"):
        raise failed_precondition("The OAuth client credential must be disabled before it is deleted.")
    return verbs.delete(call)


TYPES = (
    ResourceType(
        COLLECTION,
        label="oauthClient",
        id_pattern=_ID,
        defaults={"clientId": lambda call, body: call.emulator.uuid(call)},
        computed={"state": "ACTIVE"},
        immutable=("clientType",),
        soft_delete=SoftDelete(_RETENTION, {"state": "DELETED"}, expiry_field="expireTime"),
    ),
    ResourceType(CREDENTIALS, label="oauthClientCredential", defaults={"clientSecret": _secret}),
)
METHODS: dict[str, Handler] = {f"{CREDENTIALS}.delete": _delete_credential}

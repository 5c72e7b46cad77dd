"""Workload identity pools and their providers: soft delete that keeps names, and what the token exchange needs to
know."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profile import Body, ResourceType, SoftDelete
from local_cloud.identity.doors import FederationProvider

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

POOLS = "projects.locations.workloadIdentityPools"
PROVIDERS = f"{POOLS}.providers"
# https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create
_ID = r"(?!gcp-)[a-z0-9-]{4,32}"
_RETENTION = 30.0
_KINDS = ("oidc", "aws", "saml", "x509")
_AUDIENCE = re.compile(
    r"(?:https:)?//iam\.googleapis\.com/(?P<name>projects/[^/]+/locations/global/workloadIdentityPools/[^/]+/providers/[^/]+)"
)


def _check_provider(call: Call, before: Body | None, wanted: Body) -> None:
    kinds = [kind for kind in _KINDS if kind in wanted]
    if len(kinds) != 1:
        raise invalid(f"A provider has exactly one of {', '.join(_KINDS)}; this one has {', '.join(kinds) or 'none'}.")
    if "oidc" in wanted and not str(wanted["oidc"].get("issuerUri", "")).startswith("https://"):
        raise invalid(
            f"oidc.issuerUri must be an https URL, not '{wanted['oidc'].get('issuerUri', '')}'.",
            location="oidc.issuerUri",
        )
    mapping = wanted.get("attributeMapping") or {}
    if "oidc" in wanted and "google.subject" not in mapping:
        raise invalid("attributeMapping must map google.subject.", location="attributeMapping")
    for key in mapping:
        if not re.fullmatch(
            r"google\.(subject|groups|display_name|profile_photo|posix_username|email)|attribute\.[a-z0-9_]{1,100}", key
        ):
            raise invalid(
                f"attributeMapping has the unknown target '{key}': it must be google.subject, google.groups or"
                " attribute.NAME.",
                location="attributeMapping",
            )


def operation_name(call: Call, target: str, token: str) -> str:
    """Operations of pools and providers are named below them."""
    return f"{target}/operations/{token[:24]}"


def operation_metadata(call: Call, target: str, verb: str, result: Body | None) -> Body:
    """The kind of operation."""
    return {
        "@type": (
            f"type.googleapis.com/google.iam.v1.{call.resource_type.noun[0].upper()}{call.resource_type.noun[1:]}OperationMetadata"
        )
    }


class Lookup:
    """Providers for whoever exchanges a foreign token (identity's FederationProviders)."""

    def __init__(self, emulator: Emulator) -> None:
        """Providers come from `emulator`'s store."""
        self._emulator = emulator

    def lookup(self, audience: str) -> FederationProvider | None:
        """The enabled provider of an enabled pool for `//iam.googleapis.com/projects/NUMBER/…`."""
        match = _AUDIENCE.fullmatch(audience)
        if not match:
            return None
        name = self._emulator.canonical(self._emulator.profiles["iam"], match["name"])
        pool = self._emulator.store.get("iam", name.partition("/providers/")[0])
        provider = self._emulator.store.get("iam", name)
        if (
            pool is None
            or provider is None
            or pool.body.get("disabled")
            or provider.body.get("disabled")
            or "oidc" not in provider.body
        ):
            return None
        oidc = provider.body["oidc"]
        # Audiences and principals are always spelt with the project's number.
        project, _, rest = name.removeprefix("projects/").partition("/")
        return FederationProvider(
            name=f"projects/{self._emulator.project_number(project) or project}/{rest}",
            issuer=oidc["issuerUri"],
            jwks=json.loads(oidc["jwksJson"]) if oidc.get("jwksJson") else None,
            attribute_mapping=provider.body.get("attributeMapping") or {},
            allowed_audiences=tuple(oidc.get("allowedAudiences") or ()),
            attribute_condition=provider.body.get("attributeCondition", ""),
        )


def _type(collection: str, label: str, **more: object) -> ResourceType:
    return ResourceType(
        collection,
        label=label,
        id_pattern=_ID,
        computed={"state": "ACTIVE"},
        soft_delete=SoftDelete(_RETENTION, {"state": "DELETED"}, expiry_field="expireTime"),
        exists="Requested entity already exists",
        **more,  # type: ignore[arg-type]
    )


TYPES = (_type(POOLS, "workloadIdentityPool"), _type(PROVIDERS, "workloadIdentityPoolProvider", check=_check_provider))

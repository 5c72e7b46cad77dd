"""Workload and workforce identity pools and their providers: soft delete that keeps names, and what the token exchange
needs to know."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator import operations
from local_cloud.emulator.access import path_names
from local_cloud.emulator.errors import already_exists, invalid, not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler, ResourceType, SoftDelete
from local_cloud.emulator.profiles.identities import keys
from local_cloud.identity.doors import FederationProvider

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

POOLS = "projects.locations.workloadIdentityPools"
PROVIDERS = f"{POOLS}.providers"
# https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create
_ID = r"(?!gcp-)[a-z0-9-]{4,32}"
_RETENTION = 30.0
_KEY_SIZES = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
_KEY_DAYS = 365
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


def list_rules(call: Call) -> Body:
    """`listAttestationRules`."""
    rules = call.store.fact(f"attestation-rules/{call.stored().name}") or []
    return page(call, rules, "attestationRules")


def change_rules(call: Call) -> Body:
    """`addAttestationRule`, `removeAttestationRule`, `setAttestationRules`: operations that answer with the owner."""
    owner = call.stored()
    key = f"attestation-rules/{owner.name}"
    rules: list[Body] = call.store.fact(key) or []
    rule = call.body.get("attestationRule") or {}
    if call.method.verb == "setAttestationRules":
        rules = list(call.body.get("attestationRules") or [])
    elif call.method.verb == "addAttestationRule":
        if rule in rules:
            raise already_exists("Requested entity already exists")
        rules = [*rules, rule]
    else:
        if rule not in rules:
            raise not_found("Requested entity was not found.")
        rules = [other for other in rules if other != rule]
    call.store.put_fact(key, rules)
    return operations.start(call, owner.name, call.method.verb, owner.body)


def _new_key(call: Call, body: Body) -> Body:
    """The server makes the pair and shows its public half, as a certificate."""
    if "key" in (body.get("keyData") or {}):
        return body
    size = _KEY_SIZES.get((body.get("keyData") or {}).get("keySpec", ""))
    if size is None:
        raise invalid(f"keyData.keySpec must be one of {', '.join(_KEY_SIZES)}.", location="keyData.keySpec")
    certificate = keys.certificate(keys.new_pair(size), call.memory["name"].rpartition("/")[2], call.now)
    until = call.now + timedelta(days=_KEY_DAYS)
    facts = {"format": "RSA_X509_PEM", "notBeforeTime": call.stamp(), "notAfterTime": call.stamp(until)}
    body["keyData"] = {**body["keyData"], **facts, "key": certificate}
    return body


def policy_names(call: Call) -> list[tuple[str, str]]:
    """Workforce pools belong to the organisation; everything else is ruled by its path."""
    if not call.name.startswith("locations/"):
        return list(path_names(call))
    pool = call.store.get("iam", "/".join(call.name.split("/")[:4]))
    parent = pool.body["parent"] if pool else call.body.get("parent") or call.query.get("parent") or ""
    return [("iam", call.name), ("cloudresourcemanager", str(parent))]


WORKFORCE = "locations.workforcePools"
_KEY = {"before_write": _new_key, "immutable": ("use", "keyData")}
TYPES = (
    _type(POOLS, "workloadIdentityPool", immutable=("mode",)),
    _type(PROVIDERS, "workloadIdentityPoolProvider", check=_check_provider),
    _type(f"{PROVIDERS}.keys", "workloadIdentityPoolProviderKey", **_KEY),
    _type(f"{POOLS}.namespaces", "workloadIdentityPoolNamespace"),
    _type(f"{POOLS}.namespaces.managedIdentities", "workloadIdentityPoolManagedIdentity"),
    _type(
        WORKFORCE,
        "workforcePool",
        defaults={"sessionDuration": "3600s", "parent": lambda call, body: call.required("parent")},
        immutable=("parent",),
    ),
    _type(f"{WORKFORCE}.providers", "workforcePoolProvider", check=_check_provider),
    _type(f"{WORKFORCE}.providers.keys", "workforcePoolProviderKey", **_KEY),
)
METHODS: dict[str, Handler] = {
    f"{collection}.{verb}": list_rules if verb.startswith("list") else change_rules
    for collection in (POOLS, f"{POOLS}.namespaces.managedIdentities")
    for verb in ("listAttestationRules", "addAttestationRule", "removeAttestationRule", "setAttestationRules")
}

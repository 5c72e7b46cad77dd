"""PRIVATE to the collection: workload identity pools and their providers (IAM v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._client import segment
from ._compare import declared, overlay
from ._failure import invalid
from ._resource import Resource

HOST = "iam.googleapis.com"

POOL_ID = re.compile(r"(?!gcp-)[a-z0-9-]{4,32}")
"""Both ids: 4 to 32 of [a-z0-9-], the prefix gcp- is Google's (IAM v1, workloadIdentityPools.create)."""


class _SoftDeleted(Resource):
    """What a pool and a provider have in common: an id in the query, operations, and thirty days of grace."""

    id_option: str
    id_query: str

    @property
    def id(self) -> str:
        return str(self.params[self.id_option])

    @property
    def collection(self) -> str:
        raise NotImplementedError

    @property
    def path(self) -> str:
        return f"{self.collection}/{segment(self.id)}"

    def fetch(self) -> dict[str, Any] | None:
        return self.client.find(HOST, self.path)

    def is_gone(self, found: Mapping[str, Any]) -> bool:
        return found.get("state") == "DELETED"

    def is_ready(self, found: Mapping[str, Any]) -> bool:
        return found.get("state") == "ACTIVE"

    def restored(self, found: Mapping[str, Any]) -> dict[str, Any]:
        back = {key: value for key, value in found.items() if key != "expireTime"}
        return back | {"state": "ACTIVE"}

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        return overlay({"state": "ACTIVE"}, desired, self.whole)

    def create(self, desired: dict[str, Any]) -> None:
        query = {self.id_query: self.id}
        self.finish(HOST, "v1", self.client.create(HOST, self.collection, query=query, body=desired, find=self.fetch))

    def update(self, _before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        body = {key: desired[key] for key in changed}
        self.finish(HOST, "v1", self.client.patch(HOST, self.path, query={"updateMask": ",".join(changed)}, body=body))

    def restore(self, _found: dict[str, Any]) -> None:
        self.finish(HOST, "v1", self.client.post(HOST, f"{self.path}:undelete", body={}))

    def remove(self, _before: dict[str, Any]) -> None:
        self.finish(HOST, "v1", self.client.delete(HOST, self.path) or {})


class WorkloadIdentityPool(_SoftDeleted):
    noun = "workload_identity_pool"
    id_option = "workload_identity_pool_id"
    id_query = "workloadIdentityPoolId"

    @property
    def subject(self) -> str:
        return f"workload identity pool {self.id} of project {self.project}"

    @property
    def collection(self) -> str:
        return f"/v1/projects/{segment(self.project)}/locations/global/workloadIdentityPools"

    def validate(self) -> None:
        refuse_bad_id(self.id_option, self.id)

    def desired(self) -> dict[str, Any]:
        return declared(
            displayName=self.params.get("display_name"),
            description=self.params.get("description"),
            disabled=self.params.get("disabled"),
        )


class WorkloadIdentityPoolProvider(_SoftDeleted):
    noun = "workload_identity_pool_provider"
    id_option = "workload_identity_pool_provider_id"
    id_query = "workloadIdentityPoolProviderId"
    whole = frozenset({"attributeMapping"})

    @property
    def pool(self) -> str:
        return str(self.params["workload_identity_pool_id"])

    @property
    def subject(self) -> str:
        return f"workload identity provider {self.pool}/{self.id} of project {self.project}"

    @property
    def collection(self) -> str:
        pools = f"/v1/projects/{segment(self.project)}/locations/global/workloadIdentityPools"
        return f"{pools}/{segment(self.pool)}/providers"

    def validate(self) -> None:
        refuse_bad_id("workload_identity_pool_id", self.pool)
        refuse_bad_id(self.id_option, self.id)
        mapping = self.params.get("attribute_mapping")
        if mapping is not None and "google.subject" not in mapping and not self.params.get("aws"):
            raise invalid("attribute_mapping", sorted(mapping), "a mapping that has google.subject")
        issuer = (self.params.get("oidc") or {}).get("issuer_uri")
        if issuer and not issuer.startswith("https://"):
            raise invalid("oidc.issuer_uri", issuer, "a URL that starts with https://")

    def desired(self) -> dict[str, Any]:
        return declared(
            displayName=self.params.get("display_name"),
            description=self.params.get("description"),
            disabled=self.params.get("disabled"),
            attributeMapping=self.params.get("attribute_mapping"),
            attributeCondition=self.params.get("attribute_condition"),
            oidc=_oidc(self.params.get("oidc")),
            aws=_part(self.params.get("aws"), accountId="account_id"),
            saml=_part(self.params.get("saml"), idpMetadataXml="idp_metadata_xml"),
        )


def refuse_bad_id(option: str, value: str) -> None:
    if not POOL_ID.fullmatch(value):
        raise invalid(option, value, "4 to 32 lower-case letters, digits and hyphens, not gcp- first")


def _oidc(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return _part(given, issuerUri="issuer_uri", allowedAudiences="allowed_audiences", jwksJson="jwks_json")


def _part(given: Mapping[str, Any] | None, **options: str) -> dict[str, Any] | None:
    """A nested object: API field → option."""
    return None if given is None else declared(**{field: given.get(option) for field, option in options.items()})

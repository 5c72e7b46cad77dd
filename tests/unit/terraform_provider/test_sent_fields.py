"""Every field that a specification sends is a field of the request in Google's discovery document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local_cloud.emulator.discovery import RouteTable
from local_cloud.emulator.schema import resolve
from local_cloud.terraform_provider.hooks import encoder
from local_cloud.terraform_provider.loading import specifications
from local_cloud.terraform_provider.paths import fill
from tests.unit.terraform_provider.test_specifications import _sample

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from local_cloud.emulator.discovery import Document, Method
    from local_cloud.terraform_provider.specification import Attribute, Call, Specification

TYPES = sorted(name for name in specifications() if name.startswith("google_"))
Path = tuple[str, ...]
# Types whose own lifecycle builds the request around what the specification describes: the schema that it describes.
WRAPPED: Mapping[str, str] = {
    "google_compute_router_nat": "RouterNat",
    "google_container_cluster": "Cluster",
    "google_container_node_pool": "NodePool",
    "google_dns_record_set": "ResourceRecordSet",
    "google_project_iam_custom_role": "CreateRoleRequest",
}
# One member of a policy: the lifecycle of its own writes the whole policy, nothing goes by way of attributes.
NOT_BY_ATTRIBUTE = frozenset(name for name in TYPES if specifications()[name].hooks.get("lifecycle") == "iam_member")
# Fields that the document does not have, and why: type → dotted path of the field, which covers those in it → reason.
NOT_IN_THE_DOCUMENT: Mapping[str, Mapping[str, str]] = {
    "google_certificate_manager_certificate": {
        "selfManaged.certificatePem": "the older spelling of pemCertificate, which the original still sends",
        "selfManaged.privateKeyPem": "the older spelling of pemPrivateKey, which the original still sends",
    },
    "google_compute_backend_service": {
        "edgeSecurityPolicy": "the encoder gives it the name that setEdgeSecurityPolicy has for it",
    },
    "google_compute_network": {"fingerprint": "sent back only where an answer has it; the document lacks it"},
    "google_compute_router_nat": {"initialNatIps": "the lifecycle puts them into natIps"},
    "google_compute_target_https_proxy": {
        "certificateManagerCertificates": "the encoder puts them into sslCertificates",
    },
    "google_container_cluster": {
        **{
            f"maintenancePolicy.{name}": "the encoder builds the policy, which has a window around these"
            for name in (
                "dailyMaintenanceWindow",
                "maintenanceExclusion",
                "recurringMaintenanceWindow",
                "recurringWindow",
            )
        },
        "nodeConfig.hostMaintenancePolicy": "newer than the document",
    },
    "google_container_node_pool": {"config.hostMaintenancePolicy": "newer than the document"},
    "google_secret_manager_secret_version": {"state": "the lifecycle calls enable or disable for it"},
}


def sent(attributes: Mapping[str, Attribute], only: Collection[str] | None = None) -> Iterator[Path]:
    """The API path of every attribute that reaches a request body, parents first, with constants of blocks."""
    for name, attribute in attributes.items():
        if attribute.local or attribute.unsent or attribute.output_only:
            continue
        if only is not None and (attribute.in_url or name not in only):
            continue
        yield attribute.api
        below = [*sent(attribute.inner), *((key,) for key in (*attribute.when_present, *attribute.when_absent))]
        yield from (attribute.api + path for path in below)


def sent_by(call: Call, specification: Specification, *, creates: bool) -> Collection[str]:
    """The attributes in the body of one call, as the engine chooses them."""
    attributes = specification.attributes
    if creates or not (call.when or call.body is not None or call.method == "PATCH"):
        return attributes.keys()
    named = call.body if call.body is not None else call.when
    return named or [name for name, each in attributes.items() if not each.immutable]


def unknown(document: Document, schema: str | None, path: Path) -> str | None:
    """The first word of `path` that the schema does not have, or None; a map has every key."""
    node: Mapping[str, Any] = {"$ref": schema} if schema else {}
    for word in path:
        node = _object(document, node)
        found = node.get("properties", {}).get(word, node.get("additionalProperties"))
        if found is None:
            return word
        node = found
    return None


def _object(document: Document, node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that a list, or a map of objects by key, holds; else the node itself."""
    node = resolve(document, node)
    inside = node.get("items") or node.get("additionalProperties", {})
    return _object(document, inside) if "items" in node or "$ref" in inside else node


def method_of(specification: Specification, call: Call) -> Method:
    """The API method that answers `call`."""
    routes = RouteTable({specification.service: (specification.version,)})
    url = specification.base + fill(call.path, _sample(specification))
    path = url.partition("://")[2].partition("/")[2]
    found = routes.match(f"{specification.service}.googleapis.com", call.method, f"/{path}")
    assert found is not None, f"{call.method} {call.path}"
    return found


def strangers(specification: Specification) -> set[str]:
    """Every dotted path that some call sends and its request does not have."""
    found: set[str] = set()
    for call in (specification.create, *specification.updates, *specification.after_create):
        method = method_of(specification, call)
        schema = WRAPPED.get(specification.type, method.request)
        only = sent_by(call, specification, creates=call is specification.create)
        wrapper = (call.nested,) if call.nested and specification.type not in WRAPPED else ()
        constants = [tuple(path.split(".")) for path in specification.constants]
        paths = [*sent(specification.attributes, only), *constants]
        for path in [*paths, *((field,) for field in call.echo)]:
            if unknown(method.document, schema, (*wrapper, *path)) is not None:
                found.add(".".join(path))
    return found


@pytest.mark.parametrize("name", sorted(set(TYPES) - NOT_BY_ATTRIBUTE))
def test_every_sent_field_is_in_the_request(name: str) -> None:
    """A field that Google does not know is dropped or refused there, and kept here as if all were well."""
    reasons = NOT_IN_THE_DOCUMENT.get(name, {})
    found = strangers(specifications()[name])
    covered = {path: [each for each in found if f"{each}.".startswith(f"{path}.")] for path in reasons}
    assert sorted(found - {each for paths in covered.values() for each in paths}) == []
    assert all(covered.values()), "a reason that is not needed any more"


def test_a_field_in_the_wrong_case_is_seen() -> None:
    """`ipAddress` of a forwarding rule, which Compute calls `IPAddress`, is what this guard was made for."""
    specification = specifications()["google_compute_global_forwarding_rule"]
    address = replace(specification.attributes["ip_address"], api=("ipAddress",))
    wrong = replace(specification, attributes={**specification.attributes, "ip_address": address})
    assert strangers(wrong) == {"ipAddress"}


def test_fields_in_blocks_are_seen() -> None:
    """At any depth, through lists and maps of objects."""
    specification = specifications()["google_artifact_registry_repository"]
    policies = specification.attributes["cleanup_policies"]
    condition = policies.inner["condition"]
    older = replace(condition.inner["older_than"], api=("olderThen",))
    condition = replace(condition, inner={**condition.inner, "older_than": older})
    policies = replace(policies, inner={**policies.inner, "condition": condition})
    wrong = replace(specification, attributes={**specification.attributes, "cleanup_policies": policies})
    assert strangers(wrong) == {"cleanupPolicies.condition.olderThen"}


def test_the_edges_policy_has_the_name_of_the_call_that_sets_it() -> None:
    """`setEdgeSecurityPolicy` takes a `securityPolicy`, as `setSecurityPolicy` does."""
    specification = specifications()["google_compute_backend_service"]
    policy = "projects/p/global/securityPolicies/edge"
    encode = encoder(specification)
    writing: Any = None
    assert encode({"edgeSecurityPolicy": policy}, {}, writing) == {"securityPolicy": policy}
    whole = {"name": "b", "edgeSecurityPolicy": policy}
    assert encode(dict(whole), {}, writing) == whole

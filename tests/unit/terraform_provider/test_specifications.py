"""The specification files: what each must agree with, and that each is fit to be served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tf.gen import tfplugin_pb2 as pb

from local_cloud.emulator.discovery import RouteTable
from local_cloud.terraform_provider.engines import ENGINES
from local_cloud.terraform_provider.hooks import AFTER_CREATE, BEFORE_DELETE, DECODERS, ENCODERS, PLANS, VALIDATIONS
from local_cloud.terraform_provider.loading import SpecificationError, load, specifications
from local_cloud.terraform_provider.normalisations import COMPARISONS, FORMS, REPLACES, STORED
from local_cloud.terraform_provider.paths import fill, parse_import
from local_cloud.terraform_provider.schema_messages import resource_schema, terraform_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_cloud.terraform_provider.specification import Attribute, Call, Specification

FACTS = Path(__file__).resolve().parents[4] / "shared" / "facts"
SCHEMA = FACTS / "google_provider_schema.json"
CALLS = FACTS / "google_provider_calls.json"
TYPES = sorted(specifications())
HOOKS: Mapping[str, Mapping[str, Any]] = {
    "encode": ENCODERS,
    "decode": DECODERS,
    "plan": PLANS,
    "validate": VALIDATIONS,
    "after_create": AFTER_CREATE,
    "before_delete": BEFORE_DELETE,
    "lifecycle": ENGINES,
}
needs_facts = pytest.mark.skipif(
    not SCHEMA.exists(), reason="the facts about hashicorp/google lie beside the checkout only where the team works"
)


def reference(path: Path) -> dict[str, Any]:
    """One of the references, by resource type."""
    found: dict[str, Any] = json.loads(path.read_text())["resource_types"]
    return found


def declared(attribute: Attribute) -> dict[str, Any]:
    """An attribute in the words of the reference."""
    kinds = {"block": "list", "blocks": "list", "objects": "list", "set of blocks": "set"}
    flags = ("required", "optional", "computed", "immutable", "sensitive", "write_only", "deprecated")
    said: dict[str, Any] = {flag: True for flag in flags if getattr(attribute, flag)}
    said["type"] = kinds.get(attribute.kind, attribute.kind)
    if attribute.kind in ("list", "set", "map"):
        said["elem"] = attribute.element
    if attribute.default is not None:
        said["default"] = attribute.default
    if attribute.most:
        said["max"] = attribute.most
    return said


def differences(ours: Mapping[str, Attribute], theirs: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Every attribute that is missing, too many or declared otherwise."""
    yield from (f"{at}{name}: missing" for name in theirs.keys() - ours.keys())
    yield from (f"{at}{name}: not in hashicorp/google" for name in ours.keys() - theirs.keys())
    compared = {
        "type",
        "elem",
        "required",
        "optional",
        "computed",
        "immutable",
        "sensitive",
        "write_only",
        "deprecated",
    }
    for name in sorted(theirs.keys() & ours.keys()):
        expected = {key: value for key, value in theirs[name].items() if key in compared | {"default", "max"}}
        if expected["type"] == "map":
            expected.setdefault("elem", "string")  # what a map without a declared type holds
        if declared(ours[name]) != expected:
            yield f"{at}{name}: {declared(ours[name])}, reference: {expected}"
        yield from differences(ours[name].inner, theirs[name].get("block", {}), f"{at}{name}.")


@needs_facts
@pytest.mark.parametrize("name", TYPES)
def test_schema_agrees_with_the_reference(name: str) -> None:
    """Type, requiredness, immutability, nesting, limits, sensitivity and default of every attribute."""
    known = reference(SCHEMA)
    if name in known:
        assert list(differences(specifications()[name].attributes, known[name]["attributes"])) == []


@needs_facts
@pytest.mark.parametrize("name", TYPES)
def test_id_imports_and_calls_agree_with_the_reference(name: str) -> None:
    """Where the reference knows them: the id, every import format, and the calls that create, read and delete."""
    known, specification = reference(CALLS).get(name, {}), specifications()[name]
    if known.get("id"):
        assert specification.id == known["id"].replace("{{", "{").replace("}}", "}")
    sample = {parameter: f"a-{parameter}" for parameter in ("project", "region", "zone", "location")}
    for template in specification.imports if known.get("import_formats") else ():
        assert parse_import(fill(template.replace("%", ""), _Anything(sample)), specification.imports) is not None
    for verb, call in {
        "create": specification.create,
        "read": specification.read,
        "delete": specification.delete,
    }.items():
        expected = [each for each in known.get("calls", {}).get(verb, ()) if "url" in each]
        if expected and call is not None and "lifecycle" not in specification.hooks:
            assert (call.method, call.path) in [(each["method"], _template(each["url"])) for each in expected]


class _Anything(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key) or f"a-{key}"


def _template(url: str) -> str:
    """`v3/{{name}}?force={{force_delete}}` as a specification writes the path."""
    path = url.replace("{{DNSBasePath}}", "").replace("{{ComputeBasePath}}", "").removeprefix("v3/").partition("?")[0]
    return path.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("name", TYPES)
def test_every_name_in_a_specification_exists(name: str) -> None:
    """Hooks, comparisons, forms, and the attributes that calls speak of."""
    specification = specifications()[name]
    for kind, hook in specification.hooks.items():
        assert hook in HOOKS[kind]
    for path, attribute in specification.walk():
        assert set(attribute.same) <= COMPARISONS.keys(), path
        assert attribute.form is None or attribute.form in FORMS, path
        assert attribute.stored is None or attribute.stored in STORED, path
        assert attribute.replaces_when is None or attribute.replaces_when in REPLACES, path
    for call in (*specification.updates, *specification.after_create):
        assert set(call.when) | set(call.body or ()) <= specification.attributes.keys()


@pytest.mark.parametrize("name", TYPES)
def test_every_call_is_a_method_of_the_api(name: str) -> None:
    """The discovery document knows each call; a made-up path would only fail on the day it is used."""
    specification = specifications()[name]
    routes = RouteTable({specification.service: (specification.version,)})
    sample = _sample(specification)
    for call in calls(specification):
        url = specification.base + fill(call.path, sample)
        path = url.partition("://")[2].partition("/")[2]
        found = routes.match(f"{specification.service}.googleapis.com", call.method, f"/{path}")
        assert found is not None, f"{call.method} {call.path}"


def calls(specification: Specification) -> Iterator[Call]:
    """Every call a specification makes."""
    yield from (specification.create, specification.read, *specification.updates, *specification.after_create)
    if specification.delete is not None:
        yield specification.delete


def _sample(specification: Specification) -> Mapping[str, Any]:
    ring = "projects/p/locations/l/keyRings/r"
    whole = {
        "google_kms_crypto_key": {"key_ring": ring, "name": "k"},
        "google_kms_crypto_key_iam_member": {"crypto_key_id": f"{ring}/cryptoKeys/k"},
        "google_monitoring_notification_channel": {"name": "projects/p/notificationChannels/1"},
        "google_essential_contacts_contact": {"name": "projects/p/contacts/1", "parent": "projects/p"},
        "google_cloud_quotas_quota_preference": {"parent": "projects/p", "name": "n"},
        "google_secret_manager_secret_version": {
            "secret": "projects/p/secrets/s",
            "name": "projects/p/secrets/s/versions/1",
        },
        "google_service_account_iam_member": {"service_account_id": "projects/p/serviceAccounts/a@p.iam"},
    }
    return _Anything(whole.get(specification.type, {}))


@pytest.mark.parametrize("name", TYPES)
def test_schema_messages_are_whole(name: str) -> None:
    """What Terraform is told has every attribute once, and the id."""
    schema = resource_schema(specifications()[name])
    listed = [each.name for each in schema.block.attributes] + [each.type_name for each in schema.block.block_types]
    assert len(listed) == len(set(listed))
    assert set(listed) - {"id", "timeouts"} == specifications()[name].attributes.keys()
    assert all(json.loads(each.type) for each in schema.block.attributes)


def test_a_write_only_argument_is_told_to_terraform() -> None:
    """Field 11 of the message, which the compiled messages do not know."""
    schema = resource_schema(specifications()["google_monitoring_notification_channel"])
    (block,) = [each for each in schema.block.block_types if each.type_name == "sensitive_labels"]
    sent = {each.name: each.SerializeToString() for each in block.block.attributes}
    assert sent["service_key_wo"].endswith(b"\x58\x01")
    assert not sent["service_key"].endswith(b"\x58\x01")


def test_types_are_spelled_as_terraform_spells_them() -> None:
    """A computed list of objects is an attribute, not a block."""
    warnings = specifications()["google_compute_route"].attributes["warnings"]
    data = ["list", ["object", {"key": "string", "value": "string"}]]
    assert terraform_type(warnings) == ["list", ["object", {"code": "string", "data": data, "message": "string"}]]
    assert pb.Schema.NestedBlock.LIST == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type: google_x\n", "google_x.yaml: missing: title, api, base, attributes"),
        (
            "type: google_y\ntitle: X\napi: compute v1\nbase: https://x/\nattributes: {}\n",
            "allowed: the file's own name 'google_x'",
        ),
        ("typo: 1\n", "typo, allowed: .*attributes"),
        ("type: a\ntype: b\n", "stands twice: .*type"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    """With the file's name."""
    path = tmp_path / "google_x.yaml"
    path.write_text(text)
    with pytest.raises(SpecificationError, match=said):
        load(path)

"""Specifications as the schema messages of the plugin protocol."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tf.gen import tfplugin_pb2 as pb

from local_cloud.terraform_provider.specification import Attribute, Specification

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TIMEOUTS: Final = "timeouts"
ID: Final = Attribute(name="id", kind="string", optional=True, computed=True)
# `write_only` is field 11 of Schema.Attribute since protocol 6.8; the messages of the `tf` package are older and carry
# it as an unknown field: tag (11 << 3), value true.
_WRITE_ONLY: Final = b"\x58\x01"
_NESTING = {
    "block": pb.Schema.NestedBlock.LIST,
    "blocks": pb.Schema.NestedBlock.LIST,
    "set of blocks": pb.Schema.NestedBlock.SET,
}


def resource_schema(specification: Specification) -> pb.Schema:
    """The whole schema of one resource type, with `id` and `timeouts`."""
    block = _block({"id": ID, **specification.attributes}.values())
    if specification.timeouts:
        block.block_types.append(_timeouts(specification.timeouts))
    return pb.Schema(version=specification.schema_version, block=block)


def attributes_schema(attributes: Iterable[Attribute]) -> pb.Schema:
    """A schema of bare attributes, for the provider's own configuration."""
    return pb.Schema(version=0, block=_block(attributes))


def _block(attributes: Iterable[Attribute]) -> pb.Schema.Block:
    listed = sorted(attributes, key=lambda attribute: attribute.name)
    return pb.Schema.Block(
        version=0,
        attributes=[_attribute(attribute) for attribute in listed if attribute.nested or not attribute.is_block],
        block_types=[_nested_block(attribute) for attribute in listed if attribute.is_block and not attribute.nested],
    )


def _attribute(attribute: Attribute) -> pb.Schema.Attribute:
    message = pb.Schema.Attribute(
        name=attribute.name,
        type=None if attribute.nested else json.dumps(terraform_type(attribute)).encode(),
        nested_type=_nested_type(attribute) if attribute.nested else None,
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        deprecated=attribute.deprecated,
    )
    if attribute.write_only:
        message.MergeFromString(_WRITE_ONLY)
    return message


def _nested_type(attribute: Attribute) -> pb.Schema.Object:
    listed = sorted(attribute.inner.values(), key=lambda inner: inner.name)
    nesting = pb.Schema.Object.SINGLE if attribute.kind == "block" else pb.Schema.Object.LIST
    return pb.Schema.Object(attributes=[_attribute(inner) for inner in listed], nesting=nesting)


def _nested_block(attribute: Attribute) -> pb.Schema.NestedBlock:
    # An optional block has no minimum in the schema, and a computed one no limits at all, as in any SDK provider.
    return pb.Schema.NestedBlock(
        type_name=attribute.name,
        block=_block(attribute.inner.values()),
        nesting=_NESTING[attribute.kind],
        min_items=attribute.least if attribute.required else 0,
        max_items=attribute.most,
    )


def _timeouts(timeouts: Mapping[str, int]) -> pb.Schema.NestedBlock:
    attributes = [Attribute(name=name, kind="string", optional=True) for name in timeouts]
    return pb.Schema.NestedBlock(type_name=TIMEOUTS, block=_block(attributes), nesting=pb.Schema.NestedBlock.SINGLE)


def terraform_type(attribute: Attribute) -> Any:
    """The attribute's type in cty's JSON spelling: `"string"`, `["list", "string"]`, `["list", ["object", {...}]]`."""
    if attribute.is_nested:
        members = {name: terraform_type(inner) for name, inner in attribute.inner.items()}
        return ["set" if attribute.is_set else "list", ["object", members]]
    if attribute.kind in ("map", "list", "set"):
        return [attribute.kind, attribute.element]
    return attribute.kind

"""Code for what data cannot say; a specification names each hook it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.terraform_provider.hooks.compute import network_body

if TYPE_CHECKING:
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Specification

Encoder = Callable[[dict[str, Any], "Values", str, "Engine"], dict[str, Any]]
Decoder = Callable[[Mapping[str, Any], "Values", "Engine"], "Mapping[str, Any] | None"]

# body as the specification makes it, planned state, verb, engine -> body as it is sent
ENCODERS: Mapping[str, Encoder] = {"network_body": network_body}
# API object, prior state, engine -> API object as the specification reads it, None when the resource counts as gone
DECODERS: Mapping[str, Decoder] = {}


def encoder(specification: Specification) -> Encoder:
    """The specification's own encoder, or one that changes nothing."""
    name = specification.hooks.get("encode")
    return ENCODERS[name] if name else lambda body, _state, _verb, _engine: body


def decoder(specification: Specification) -> Decoder:
    """The specification's own decoder, or one that changes nothing."""
    name = specification.hooks.get("decode")
    return DECODERS[name] if name else lambda answer, _before, _engine: answer

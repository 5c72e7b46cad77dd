"""Terraform values as plain Python: None is null, UNKNOWN is not known yet, sets are lists."""

from __future__ import annotations

from typing import Any, Final

import msgpack

# An unknown value is any msgpack extension of these types (cty: 0 plain, 12 with refinements).
_UNKNOWN_TYPES: Final = (0, 12)


class Unknown:
    """A value that only apply will tell."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        """There is one such value, so that `is` compares it."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        """As Terraform prints it."""
        return "(known after apply)"


UNKNOWN: Final = Unknown()


def decode(payload: bytes) -> Any:
    """Plain Python from cty's msgpack; ValueError for an extension that is not an unknown."""
    return msgpack.unpackb(payload, raw=False, strict_map_key=False, ext_hook=_extension)


def _extension(code: int, _payload: bytes) -> Unknown:
    if code in _UNKNOWN_TYPES:
        return UNKNOWN
    raise ValueError(f"msgpack extension {code} is no Terraform value")


def encode(value: Any) -> bytes:
    """cty's msgpack for a plain Python value."""
    packed: bytes = msgpack.packb(value, default=_unknown_extension, use_bin_type=True)
    return packed


def _unknown_extension(value: Any) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"{type(value).__name__} is no Terraform value")


def is_known(value: Any) -> bool:
    """True when nothing inside `value` is unknown."""
    if value is UNKNOWN:
        return False
    if isinstance(value, dict):
        return all(is_known(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_known(inner) for inner in value)
    return True


def is_empty(value: Any) -> bool:
    """True for null and for the zero value of any type, which a legacy provider cannot tell apart."""
    return value is None or value is False or value in ("", 0) or (isinstance(value, list | dict) and not value)

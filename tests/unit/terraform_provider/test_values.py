"""Terraform values to plain Python and back."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.terraform_provider.values import UNKNOWN, Unknown, decode, encode, is_empty, is_known

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_encoded_decodes_to_the_same(value: object) -> None:
    """Whatever a provider can hold survives the wire."""
    assert decode(encode(value)) == value


def test_an_unknown_value_is_one_and_the_same() -> None:
    """`is` compares it, with refinements or without."""
    assert decode(encode({"a": [UNKNOWN]}))["a"][0] is UNKNOWN
    assert decode(msgpack.packb(msgpack.ExtType(12, b"\x81\x01\xc2"))) is UNKNOWN
    assert Unknown() is UNKNOWN


def test_a_foreign_extension_is_refused() -> None:
    """Nothing is taken for unknown by mistake."""
    with pytest.raises(ValueError, match="extension 5"):
        decode(msgpack.packb(msgpack.ExtType(5, b"")))


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_zero_values_are_empty(value: object) -> None:
    """An SDK-based provider cannot tell them from null."""
    assert is_empty(value)


@pytest.mark.parametrize("value", [True, 1, 0.5, "0", [0], {"a": None}, UNKNOWN])
def test_other_values_are_not(value: object) -> None:
    """One element is enough, and unknown is not empty."""
    assert not is_empty(value)


def test_unknown_is_found_at_any_depth() -> None:
    """A value is known when all of it is."""
    assert is_known({"a": [1, {"b": None}]})
    assert not is_known({"a": [1, {"b": UNKNOWN}]})

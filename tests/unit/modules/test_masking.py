"""No secret survives in a diff, by its key's name or by its value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.module_utils._masking import looks_secret, masked, masked_diff

SECRET_KEYS = [
    "password",
    "db_password",
    "clientSecret",
    "client_secrets",
    "accessToken",
    "refresh_token",
    "privateKeyData",
    "private_key",
    "apiKey",
    "api_keys",
    "credentials",
    "Authorization",
    "hmac",
    "kubeconfig",
    "secret",
]

PUBLIC_KEYS = [
    "secret_id",
    "secretName",
    "tokenUri",
    "token_uri",
    "publicKey",
    "keyRing",
    "kmsKeyName",
    "publicAccessPrevention",
    "credential_source_file",
    "authKind",
    "labels",
    "tokens_count",
]


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_secret_looking_key_hides_its_value(key: str) -> None:
    assert masked({"deep": [{key: "hunter2"}]}) == {"deep": [{key: "(hidden)"}]}


@pytest.mark.parametrize("key", PUBLIC_KEYS)
def test_a_key_that_only_names_a_secret_is_shown(key: str) -> None:
    assert not looks_secret(key)


def test_a_hidden_value_that_differs_reads_as_a_change() -> None:
    diff = masked_diff({"password": "one", "same_password": "x"}, {"password": "two", "same_password": "x"})

    assert diff == {
        "before": {"password": "(hidden)", "same_password": "(hidden)"},
        "after": {"password": "(hidden, changed)", "same_password": "(hidden)"},
    }


def test_a_hidden_value_inside_a_list_that_differs_reads_as_a_change() -> None:
    diff = masked_diff({"env": ["A=s3cr3t"]}, {"env": ["A=s3cr3t!!"]}, {"s3cr3t", "s3cr3t!!"})

    assert diff == {"before": {"env": ["A=(hidden)"]}, "after": {"env": ["A=(hidden, changed)"]}}


TREES = st.recursive(
    st.sampled_from(["fine", "s3cr3t-value", "has s3cr3t-value inside", 7, None, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=3),
    max_leaves=10,
)


@given(TREES, TREES)
def test_a_known_secret_survives_nowhere(before: Any, after: Any) -> None:
    assert "s3cr3t-value" not in repr(masked_diff(before, after, {"s3cr3t-value"}))


def test_flags_and_empty_values_under_secret_keys_are_shown() -> None:
    shown: dict[str, Any] = {"password": "", "token": None, "secret": True, "credentials": []}

    assert masked(shown) == shown

"""The filter keyed makes a mapping of a list, or says why it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from plugins.filter.keyed import keyed


def test_field_becomes_the_key_and_leaves_the_value() -> None:
    assert keyed([{"name": "b", "size": 1}, {"name": "a"}], "name") == {"b": {"size": 1}, "a": {}}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ({"name": "a"}, "a list of mappings"),
        ("name", "a list of mappings"),
        (["name"], "each have the key"),
        ([{"size": 1}], "each have the key"),
        ([{"name": "a"}, {"name": "a"}], "twice"),
    ],
)
def test_anything_else_is_refused(items: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        keyed(items, "name")

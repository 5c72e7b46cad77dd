"""Mask what goes into a ledger: by the keys of structures and of `key: value` lines, and by the shape of values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..module_utils._masking import looks_secret, masked
from ..module_utils._secret_formats import HIDDEN, without_secrets

_ASSIGNMENT = re.compile(
    r"^([-+ \t]*[\"']?)([A-Za-z_][\w.-]*)([\"']?[ \t]*[:=][ \t]*)(?![|>{\[(])(\S[^\n]*?)(,?)$", re.MULTILINE
)
"""A line of YAML, JSON, INI, HCL or of a diff of those; what opens a block or a structure is no value."""
_QUOTED = re.compile(r"([\"'])([A-Za-z_][\w.-]*)\1([ \t]*:[ \t]*)([\"'])(.+?)(?<!\\\\)\4")
"""A pair of quoted key and quoted value anywhere: JSON or the text of a Python mapping inside of a message."""


def mask_text(text: str) -> str:
    """The text without anything that looks like a secret."""
    return _QUOTED.sub(_hide_quoted, _ASSIGNMENT.sub(_hide, without_secrets(text)))


def _hide(match: re.Match[str]) -> str:
    lead, key, between, value, comma = match.groups()
    if not looks_secret(key) or value.strip("\"'") in ("", "null", "true", "false", "None"):
        return match.group(0)
    return f"{lead}{key}{between}{HIDDEN}{comma}"


def _hide_quoted(match: re.Match[str]) -> str:
    quote, key, between, value_quote, _value = match.groups()
    if not looks_secret(key):
        return match.group(0)
    return f"{quote}{key}{quote}{between}{value_quote}{HIDDEN}{value_quote}"


def mask(value: Any) -> Any:
    """A copy of a structure without the values of secret-looking keys and without secrets inside its texts."""
    return _texts(masked(value))


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {mask_text(str(key)): _texts(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_texts(entry) for entry in value]
    return mask_text(value) if isinstance(value, str) else value

"""Named comparisons and forms: when two spellings of a value mean the same, and how the API spells one."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

COMPUTE_HOSTS: Final = ("www.googleapis.com", "compute.googleapis.com")
_DURATION = re.compile(r"(-?[0-9.]+)(ns|us|ms|s|m|h)")
_UNIT_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
# A path begins at the first of these when the rest of a URL is only host, service and version.
_ROOTS = re.compile(r"(?:^|/)((?:projects|organizations|folders|billingAccounts)/.+)$")


def last_segment(value: str) -> str:
    """`n` of `projects/p/global/networks/n`."""
    return value.rstrip("/").rpartition("/")[2]


def relative_path(value: str) -> str:
    """`projects/p/...` of any URL or partial path that contains it; other values unchanged."""
    found = _ROOTS.search(urlsplit(value).path if "://" in value else value)
    return found[1] if found else value


def seconds(value: str) -> float | None:
    """The length of a duration such as `1h30m` or `86400s`, or None when it is none."""
    if not _DURATION.sub("", value) == "" or not value:
        return None
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _DURATION.findall(value))


def _same_reference(old: str, new: str) -> bool:
    """A bare name matches every path that ends with it; otherwise the paths count from the project on."""
    if "/" not in old or "/" not in new:
        return last_segment(old) == last_segment(new)
    return relative_path(old) == relative_path(new)


def _same_network(old: str, new: str) -> bool:
    try:
        return ipaddress.ip_network(old, strict=False) == ipaddress.ip_network(new, strict=False)
    except ValueError:
        return old == new


def _same_json(old: str, new: str) -> bool:
    try:
        return bool(json.loads(old) == json.loads(new))
    except ValueError:
        return old == new


def _same_duration(old: str, new: str) -> bool:
    length = seconds(old)
    return length is not None and length == seconds(new)


Comparison = Callable[[Any, Any], bool]

# What an attribute's `same` may name; each gets (state, configuration), both known and not null.
COMPARISONS: Final[Mapping[str, Comparison]] = {
    "reference": lambda old, new: _same_reference(str(old), str(new)),
    "relative_path": lambda old, new: relative_path(str(old)) == relative_path(str(new)),
    "last_segment": lambda old, new: last_segment(str(old)) == last_segment(str(new)),
    "case": lambda old, new: str(old).casefold() == str(new).casefold(),
    "cidr": lambda old, new: _same_network(str(old), str(new)),
    "json": lambda old, new: _same_json(str(old), str(new)),
    "duration": lambda old, new: _same_duration(str(old), str(new)),
    "trailing_dot": lambda old, new: str(old).rstrip(".") == str(new).rstrip("."),
    "surrounding_space": lambda old, new: str(old).strip() == str(new).strip(),
    "ip_version": lambda old, new: ipaddress_equal(str(old), str(new)),
}


def ipaddress_equal(old: str, new: str) -> bool:
    """True when both are the same IP address, however its zeros are written."""
    try:
        return ipaddress.ip_address(old) == ipaddress.ip_address(new)
    except ValueError:
        return old == new


def equivalent(same: tuple[str, ...], old: Any, new: Any) -> bool:
    """True when the values are equal or one of the named comparisons says so."""
    return bool(old == new) or any(COMPARISONS[name](old, new) for name in same)


def compute_self_link(value: str) -> str:
    """A compute link in the one form that state keeps: `https://www.googleapis.com/compute/v1/...`."""
    parts = urlsplit(value)
    if parts.netloc not in COMPUTE_HOSTS or not parts.path.startswith("/compute/"):
        return value
    path = re.sub(r"^/compute/[^/]+/", "/compute/v1/", parts.path)
    return f"https://{COMPUTE_HOSTS[0]}{path}"


Form = Callable[[Any], Any]


def _json_text(value: Any) -> Any:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)


def _json_value(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _unchanged(value: Any) -> Any:
    return value


# What an attribute's `form` may name: (state to API, API to state).
FORMS: Final[Mapping[str, tuple[Form, Form]]] = {
    "self_link": (_unchanged, lambda value: compute_self_link(str(value))),
    "last_segment": (_unchanged, lambda value: last_segment(str(value))),
    "relative_path": (_unchanged, lambda value: relative_path(str(value))),
    "text": (str, str),
    "number_as_text": (str, lambda value: int(value)),
    "json": (_json_value, _json_text),
    "lower_case": (_unchanged, lambda value: str(value).lower()),
    "upper_case": (lambda value: str(value).upper(), lambda value: str(value).upper()),
}

# Patterns an attribute may name instead of writing one out.
PATTERNS: Final[Mapping[str, str]] = {
    "gce_name": r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
}

"""Named comparisons and forms: when two spellings of a value mean the same, and how the API spells one."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

COMPUTE_BASE: Final = "https://compute.googleapis.com/compute/v1/"
_DURATION = re.compile(r"(-?[0-9.]+)(ns|us|ms|s|m|h)")
_WHOLE_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
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
    if not value or _DURATION.sub("", value):
        return None
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _DURATION.findall(value))


def _same_reference(old: str, new: str) -> bool:
    """A bare name matches every path that ends with it; otherwise the paths count from the project on."""
    if "/" not in old or "/" not in new:
        return last_segment(old) == last_segment(new)
    return relative_path(old) == relative_path(new)


def _same_address(old: str, new: str) -> bool:
    try:
        return ipaddress.ip_address(old) == ipaddress.ip_address(new)
    except ValueError:
        return old == new


def equivalent(same: tuple[str, ...], old: Any, new: Any) -> bool:
    """True when the values are equal or one of the named comparisons says so."""
    return bool(old == new) or any(COMPARISONS[name](old, new) for name in same)


def _same_network(old: str, new: str) -> bool:
    try:
        return ipaddress.ip_network(old, strict=False) == ipaddress.ip_network(new, strict=False)
    except ValueError:
        return old == new


def _same_address_or_reference(old: str, new: str) -> bool:
    """The address that the API answers stands for the resource that was named, whichever it is."""
    try:
        ipaddress.ip_address(old)
    except ValueError:
        return old == new
    return "/" in new or _same_address(old, new)


# Members whose part after the colon keeps its case.
_CASE_MATTERS: Final = (
    "principal:", "principalSet:", "principalHierarchy:", "projectOwner:", "projectEditor:", "projectViewer:",
)  # fmt: skip


def principal(member: str) -> str:
    """An IAM member with the part after its type in lower case, where case means nothing."""
    kind, colon, rest = member.partition(":")
    if kind in ("deleted", "iamMember"):
        return f"{kind}:{principal(rest)}"
    return member if not colon or member.startswith(_CASE_MATTERS) else f"{kind}:{rest.lower()}"


def _record_data(value: str) -> str:
    """Record data as DNS compares it: addresses by value, text without its quotes, names without regard to case."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return value.strip('"').lower()


def _same_json(old: str, new: str) -> bool:
    try:
        return bool(json.loads(old) == json.loads(new))
    except ValueError:
        return old == new


def _whole_seconds(value: Any) -> str:
    """`7d` as the API spells it, `604800s`; other units likewise, and what is no duration unchanged."""
    found = re.fullmatch(r"([0-9]+)([smhd])", str(value))
    return f"{int(found[1]) * _WHOLE_UNITS[found[2]]}s" if found else str(value)


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
    "duration_with_days": lambda old, new: _whole_seconds(old) == _whole_seconds(new),
    "duration": lambda old, new: _same_duration(str(old), str(new)),
    "trailing_dot": lambda old, new: str(old).rstrip(".") == str(new).rstrip("."),
    "surrounding_space": lambda old, new: str(old).strip() == str(new).strip(),
    "ip_address": lambda old, new: _same_address(str(old), str(new)),
    "ip_or_reference": lambda old, new: _same_address_or_reference(str(old), str(new)),
    "port_range": lambda old, new: old in (new, f"{new}-{new}"),
    "leading_slashes": lambda old, new: str(old).lstrip("/") == str(new).lstrip("/"),
    "principal": lambda old, new: principal(str(old)) == principal(str(new)),
    "bucket_name": lambda old, new: str(old).removeprefix("b/") == str(new).removeprefix("b/"),
    "cidr_or_size": lambda old, new: (
        (str(new).startswith("/") and str(old).endswith(str(new))) or _same_network(str(old), str(new))
    ),
    "database_encryption": lambda old, new: {str(old), str(new)} <= {"ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"},
    "record_data": lambda old, new: _record_data(str(old)) == _record_data(str(new)),
}


def compute_self_link(value: str) -> str:
    """A compute link with the version that state keeps: `https://www.googleapis.com/compute/v1/projects/...`."""
    return re.sub(r"/compute/\w+/projects/", "/compute/v1/projects/", value)


def _compute_url(value: Any) -> str:
    """A full compute URL; what does not begin with https is a path below the API's base."""
    return str(value) if str(value).startswith("https://") else compute_self_link(f"{COMPUTE_BASE}{value}")


def _internal_range(value: Any) -> str:
    path = relative_path(str(value))
    return f"networkconnectivity.googleapis.com/{path}" if path.startswith("projects/") else str(value)


def _live_state(value: Any) -> bool | None:
    return {"LIVE": True, "ARCHIVED": False}.get(str(value))


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
    "number_as_text": (str, int),
    "json": (_json_value, _json_text),
    "duration_with_days": (_whole_seconds, _unchanged),
    "compute_url": (_compute_url, _unchanged),
    "internal_range": (_unchanged, _internal_range),
    "text_of_number": (int, str),
    "upper_bool": (lambda value: str(value).upper() == "TRUE", lambda value: "TRUE" if value else "FALSE"),
    "live_state": (_live_state, lambda value: "LIVE" if value else "ARCHIVED"),
    "empty_object": (lambda value: {} if value else None, lambda _value: True),
    "enabled_state": (lambda value: "ENABLED" if value else "DISABLED", lambda value: value == "ENABLED"),
    "values_as_lists": (
        lambda value: {key: [each] for key, each in value.items()},
        lambda value: {key: each[0] if isinstance(each, list) and each else each for key, each in value.items()},
    ),
    "object": (_unchanged, _unchanged),
    "array": (_unchanged, _unchanged),
}

# What an attribute's `stored` may name: how a value is kept in plan and state, whatever the configuration wrote.
STORED: Final[Mapping[str, Form]] = {"upper_case": lambda value: str(value).upper()}


def _shrinks(old: Any, new: Any) -> bool:
    """True unless the new range contains the old one."""
    try:
        return not ipaddress.ip_network(old).subnet_of(ipaddress.ip_network(new))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return bool(old != new)


# What an attribute's `replaces_when` may name: changes (state, plan) that need a new resource.
REPLACES: Final[Mapping[str, Comparison]] = {"cidr_shrinks": _shrinks}


# Patterns an attribute may name instead of writing one out.
PATTERNS: Final[Mapping[str, str]] = {
    "gce_name": r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
    "gce_name_of_2_to_63": r"^[a-z][-a-z0-9]{0,61}[a-z0-9]$",
    "account_id": r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$",
    "cidr": r"^[0-9a-fA-F.:]+/[0-9]{1,3}$",
    "service_name": r"^[a-z0-9.-]+\.[a-z]+$",
    "bucket_name": r"^[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]$",
    "service_account_link": r"^projects/[^/]+/serviceAccounts/[^/]+$",
}

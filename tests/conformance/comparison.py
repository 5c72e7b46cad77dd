"""Whether an answer has everything a recorded one had, once ids, times and projects are normalised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.bindings import PLACEHOLDER, Bindings, fill

# The recordings cut every list at this length.
_CUT_AT = 6
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONG_NUMBER = re.compile(r"\d{8,}")
# A link and the relative name it ends in mean the same.
_LINK = re.compile(r"^https://(?:www|compute)\.googleapis\.com/compute/(?:v1|beta)/")
# Fields in which a placeholder of a name stands for the resource's number.
_NUMBERS = frozenset({"id", "targetId", "selfLinkWithId"})
# The addresses that the recordings put for those the server chose (a gateway is 10.0.0.1 whatever the range).
_ADDRESSES = frozenset({"8.8.8.8", "10.0.0.1"})
_ANY_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:]+")
_HASHES = frozenset({"abcdef0123A=", "abcdef0123A"})
# What the recordings put for the caller's own address, and for the record that proves a domain.
_CALLERS = frozenset({"test@google.com"})
_PROOFS = frozenset({"authorize.certificatemanager.goog.", "dns-resource-record-data-placeholder"})
# Counters that the recordings blank in one answer and fix in the next; how far an operation was is a matter of time.
_COUNTERS = frozenset({"generation", "progress"})
# Input only, and shown by the other emulator that some recordings are of.
_NEVER_SHOWN = frozenset({"pemPrivateKey"})
# What GKE chooses for a cluster or pool, counts, or chose otherwise later: any value of the same type will do.
_CHOSEN = frozenset(
    {
        "anonymousAuthenticationConfig",
        "clusterCaCertificate",
        "clusterIpv4Cidr",
        "clusterIpv4CidrBlock",
        "clusterSecondaryRangeName",
        "currentNodeCount",
        "defaultPodIpv4RangeUtilization",
        "etag",
        "instanceGroupUrls",
        "maxParallelImagePulls",
        "podIpv4CidrBlock",
        "podIpv4RangeUtilization",
        "podRange",
        "releaseChannel",
        "resourceVersion",
        "servicesIpv4Cidr",
        "servicesIpv4CidrBlock",
    }
)
# Parts of text that GKE chooses: versions, the hash in a control plane's name, names of instance groups.
_CHOSEN_PARTS = (
    (re.compile(r"\d+\.\d+\.\d+-gke\.\d+"), "VERSION"),
    (re.compile(r"^gke-[0-9a-z]+(?=-.*\.gke\.goog$)"), "gke-HASH"),
    (re.compile(r"(?<=/instanceGroupManagers/)gke-.*"), "GROUP"),
    (re.compile(r"gke-\d+-gke\d+-cos.*"), "IMAGE"),
    # A zonal cluster's link has the older word, except in the other emulator that many recordings are of.
    (re.compile(r"^(https://container\.googleapis\.com/\w+/projects/[^/]+/)(zones|locations)/"), r"\1LOCATIONS/"),
)
# The other emulator that many recordings of clusters are of lets a region stand for its zones.
_REGION = re.compile(r"[a-z]+-[a-z]+\d+")
# How far an operation was is a matter of time.
_UNDER_WAY = frozenset({"PENDING", "RUNNING"})
# An id that the recording blanked.
_BLANKED = re.compile(r"0{9,}|1{9,}")


def differences(
    recorded: Any, actual: Any, assignment: Mapping[str, str], found: dict[str, str], path: str = "$"
) -> Iterator[str]:
    """One line for each recorded value that `actual` lacks; values of placeholders that only the server knows go into
    `found`."""
    if isinstance(recorded, dict):
        if not isinstance(actual, dict):
            yield f"{path}: recorded an object, got {actual!r}"
            return
        for key, value in recorded.items():
            if key in _NEVER_SHOWN:
                continue
            name = fill(key, {**assignment, **found})
            if (name in _COUNTERS and str(actual.get(name, "")).isdigit()) or _is_chosen(name, value, actual):
                continue
            if name in actual:
                known = dict(found) if name in _NUMBERS else found
                yield from differences(value, actual[name], assignment, known, f"{path}.{name}")
            else:
                yield f"{path}.{name}: recorded {_short(value)}, absent"
    elif isinstance(recorded, list):
        yield from _list_differences(recorded, actual, assignment, found, path)
    elif isinstance(recorded, str):
        if not isinstance(actual, str) or not _same_text(recorded, actual, assignment, found):
            yield f"{path}: recorded {_short(fill(recorded, {**assignment, **found}))}, got {_short(actual)}"
    elif recorded != actual or isinstance(recorded, bool) != isinstance(actual, bool):
        yield f"{path}: recorded {recorded!r}, got {_short(actual)}"


def _is_chosen(name: str, recorded: Any, actual: Mapping[str, Any]) -> bool:
    """Whether the server chose the recorded value, and ours chose one as well."""
    if name == "progress" and isinstance(recorded, dict):
        return True
    if name == "locations" and isinstance(recorded, list) and _REGION.fullmatch("".join(map(str, recorded))):
        return all(str(zone).startswith(recorded[0]) for zone in actual.get(name, ()))
    return name in _CHOSEN and type(actual.get(name)) is type(recorded)


def _list_differences(
    recorded: list[Any], actual: Any, assignment: Mapping[str, str], found: dict[str, str], path: str
) -> Iterator[str]:
    if not isinstance(actual, list):
        yield f"{path}: recorded a list, got {_short(actual)}"
        return
    if len(recorded) < _CUT_AT and len(actual) != len(recorded):
        yield f"{path}: recorded {len(recorded)} items, got {len(actual)}"
        return
    left = list(actual)
    for index, item in enumerate(recorded):
        match = next(
            (
                position
                for position, other in enumerate(left)
                if not list(differences(item, other, assignment, dict(found)))
            ),
            None,
        )
        if match is not None:
            list(differences(item, left.pop(match), assignment, found))
        elif index < len(actual):
            yield from differences(item, actual[index], assignment, dict(found), f"{path}[{index}]")
        else:
            yield f"{path}[{index}]: recorded {_short(item)}, absent"


def _same_text(recorded: str, actual: str, assignment: Mapping[str, str], found: dict[str, str]) -> bool:
    """Equal once hashes, times, long numbers, the form of links and what placeholders stand for are set aside."""
    if recorded in _HASHES or _BLANKED.fullmatch(recorded):
        return bool(actual)
    if _TIME.fullmatch(recorded):
        return bool(_TIME.fullmatch(actual))
    if _LONG_NUMBER.fullmatch(recorded):
        return actual.isdigit()
    if recorded in _CALLERS:
        return "@" in actual
    if recorded in _PROOFS:
        return actual.endswith("authorize.certificatemanager.goog.")
    if recorded in _ADDRESSES:
        return bool(_ANY_ADDRESS.fullmatch(actual))
    recorded, actual = _without_chosen(recorded), _without_chosen(actual)
    if fill(recorded, {**found, **assignment}) == actual:
        return True
    names: list[str] = []
    match = re.fullmatch(_pattern(recorded, assignment, names), actual)
    if match:
        for name, value in zip(names, match.groups(), strict=True):
            if name not in assignment:
                found.setdefault(name, value)
    return bool(match)


def _without_chosen(text: str) -> str:
    """`text` less the form of links, what GKE chooses, and how far an operation was."""
    for pattern, word in _CHOSEN_PARTS:
        text = pattern.sub(word, text)
    return "RUNNING" if text in _UNDER_WAY else _LINK.sub("", text)


def _pattern(recorded: str, assignment: Mapping[str, str], names: list[str]) -> str:
    """The expression that `recorded` stands for; `names` gets the placeholder of each group. A `${networkID}` may be
    the name or the number."""
    parts: list[str] = []
    end = 0
    for match in PLACEHOLDER.finditer(recorded):
        parts.append(_literal(recorded[end : match.start()]))
        known = assignment.get(match[1])
        parts.append(f"({re.escape(known)}|\\d{{8,}})" if known else "([^/]+?)")
        names.append(match[1])
        end = match.end()
    parts.append(_literal(recorded[end:]))
    return "".join(parts)


def _literal(text: str) -> str:
    """Embedded times, zeroed ids and long numbers match any of their kind."""
    pattern = re.escape(text).replace(re.escape("2024-04-01T12:34:56.123456Z"), r"\d{4}-\d\d-\d\dT\S+?")
    return re.sub(r"(?:0{9,}|1{9,}|8{9,}|\d{16,})", r"\\d+", pattern)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


def learn(bindings: Bindings, found: Mapping[str, str]) -> None:
    """Keep what an answer told about placeholders."""
    for name, value in found.items():
        bindings.bind(name, value)

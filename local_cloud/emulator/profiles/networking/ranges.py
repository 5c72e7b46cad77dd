"""IP ranges of a network: gateways, overlaps, expansion, the next free address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, already_exists, invalid
from local_cloud.emulator.references import refusal_while_used, relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.profile import Body

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What has an address: reserved ones, and rules of load balancers.
_TAKEN = (
    ("addresses", "address"),
    ("globalAddresses", "address"),
    ("forwardingRules", "IPAddress"),
    ("globalForwardingRules", "IPAddress"),
)
# Where the primary range of a subnetwork comes from.
_SOURCES = ("ipCidrRange", "reservedInternalRange", "ipCollection")
# Where blocks for peering with services come from, and how long the prefix of one is when nobody says.
_PEERING = ipaddress.ip_network("10.192.0.0/10")
_PEERING_PREFIX = 24
# Google's own documentation range stands in for the public addresses it hands out (RFC 5737 TEST-NET-2 and 3).
_PUBLIC = (ipaddress.ip_network("198.51.100.0/24"), ipaddress.ip_network("203.0.113.0/24"))


def parse_range(value: str, path: str) -> Network:
    """The network of a CIDR range; ApiError 400 naming the field when it is none."""
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        message = (
            f"Invalid value for field 'resource.{path}': '{value}'. Must be a CIDR address range that is contained in"
            " one of the supported ranges."
        )
        raise invalid(message, location=path) from None


def gateway(call: Call, body: Body) -> str | None:
    """The first address of a subnetwork."""
    if "ipCidrRange" not in body:
        return None
    return str(parse_range(body["ipCidrRange"], "ipCidrRange")[1])


def ranges_of(body: Body) -> Iterator[tuple[str, Network]]:
    """(field, network) of a subnetwork's primary and secondary ranges."""
    if body.get("ipCidrRange"):
        yield "ipCidrRange", parse_range(body["ipCidrRange"], "ipCidrRange")
    for index, item in enumerate(body.get("secondaryIpRanges") or []):
        path = f"secondaryIpRanges[{index}].ipCidrRange"
        if item.get("ipCidrRange"):
            yield path, parse_range(item["ipCidrRange"], path)


def check_subnetwork(call: Call, before: Body | None, wanted: Body) -> None:
    """Ranges are valid, do not overlap each other nor another subnetwork of the network, and only grow."""
    if not any(wanted.get(key) for key in _SOURCES) and wanted.get("stackType") != "IPV6_ONLY":
        raise invalid(
            "Invalid value for field 'resource.ipCidrRange': ''. Required field 'ipCidrRange' not specified.",
            location="ipCidrRange",
        )
    if not wanted.get("network"):
        raise invalid(
            "Invalid value for field 'resource.network': ''. Required field 'network' not specified.",
            location="network",
        )
    own = list(ranges_of(wanted))
    for index, (path, network) in enumerate(own):
        for _, other in own[:index]:
            if network.version == other.version and network.overlaps(other):
                raise _overlap(path, network, f"{other}")
    name = call.memory.get("name") or call.name
    for stored in call.store.children("compute", "subnetworks"):
        if stored.name != name and stored.body.get("network") == wanted.get("network"):
            _refuse_overlap(own, stored.name, stored.body)


def _refuse_overlap(own: list[tuple[str, Network]], other_name: str, other: Body) -> None:
    for path, network in own:
        for _, taken in ranges_of(other):
            if network.version == taken.version and network.overlaps(taken):
                raise _overlap(path, network, f"resource '{other_name}' ({taken})")


def _overlap(path: str, network: Network, other: str) -> ApiError:
    message = f"Invalid IPCidrRange: {network} conflicts with existing subnetwork: {path} overlaps {other}."
    return ApiError(400, message, reason="invalid", location=path)


def expand(call: Call) -> Body | Response:
    """`subnetworks.expandIpCidrRange`: a larger range that contains the old one."""
    stored = call.stored()
    old, new = (
        parse_range(value, "ipCidrRange") for value in (stored.body["ipCidrRange"], str(call.required("ipCidrRange")))
    )
    if type(old) is not type(new) or not old.subnet_of(new):  # type: ignore[arg-type]
        raise invalid(
            f"Invalid value for field 'ipCidrRange': '{new}'. The new range must contain the existing range {old}.",
            location="ipCidrRange",
        )
    call.memory["name"] = stored.name
    kept = verbs.keep(call, stored.name, {**stored.body, "ipCidrRange": str(new)}, stored)
    return verbs.respond(call, kept.name, "expandIpCidrRange", kept)


def set_private_access(call: Call) -> Body | Response:
    """`subnetworks.setPrivateIpGoogleAccess`."""
    stored = call.stored()
    call.memory["name"] = stored.name
    kept = verbs.keep(
        call,
        stored.name,
        {**stored.body, "privateIpGoogleAccess": bool(call.body.get("privateIpGoogleAccess"))},
        stored,
    )
    return verbs.respond(call, kept.name, "setPrivateIpGoogleAccess", kept)


def move(call: Call) -> Body | Response:
    """`addresses.move` and `globalAddresses.move`: the address stays, its project or its name changes."""
    stored = call.stored()
    target = relative_name(call, "compute", call.resource_type.collection, str(call.required("destinationAddress")))
    if target == stored.name:
        raise invalid(f"Invalid value for field 'destinationAddress': '{target}'. It is the address itself.")
    if call.store.get("compute", target):
        raise already_exists(f"The resource '{target}' already exists")
    used = refusal_while_used(call, stored.name)
    if used:
        raise used
    change = {"name": target.rpartition("/")[2], "selfLink": call.self_link(target)}
    if "description" in call.body:
        change["description"] = call.body["description"]
    call.store.remove("compute", stored.name)
    kept = call.store.put("compute", target, stored.collection, {**stored.body, **change})
    return verbs.respond(call, kept.name, "move", kept)


def allocate(call: Call, body: Body) -> str:
    """A free address: public, or inside the subnetwork for an internal one, or a free block of `prefixLength` for
    peering."""
    taken = {item.body.get(field) for kind, field in _TAKEN for item in call.store.children("compute", kind)}
    if body.get("addressType") != "INTERNAL":
        return _first(taken, (str(address) for block in _PUBLIC for address in block.hosts()))
    if body.get("subnetwork"):
        subnet = call.store.get("compute", relative_name(call, "compute", "subnetworks", body["subnetwork"]))
        if subnet:
            block = parse_range(subnet.body["ipCidrRange"], "subnetwork")
            return _first(taken, (str(address) for address in list(block.hosts())[1:]))
    length = int(body.get("prefixLength") or _PEERING_PREFIX)
    if not _PEERING.prefixlen <= length <= _PEERING.max_prefixlen:
        raise invalid(
            f"Invalid value for field 'resource.prefixLength': '{length}'. Must be between {_PEERING.prefixlen} and"
            f" {_PEERING.max_prefixlen}.",
            location="prefixLength",
        )
    return _first(taken, (str(block[0]) for block in _PEERING.subnets(new_prefix=length)))


def _first(taken: set[str | None], candidates: Iterator[str]) -> str:
    for candidate in candidates:
        if candidate not in taken:
            return candidate
    raise ApiError(
        403, "Quota 'IN_USE_ADDRESSES' exceeded. The local cloud has no free address left.", reason="quotaExceeded"
    )

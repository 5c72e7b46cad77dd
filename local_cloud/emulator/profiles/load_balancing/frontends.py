"""What clients connect to: forwarding rules, target proxies, certificates and the TLS that is spoken."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import in_use, invalid
from local_cloud.emulator.profile import Body, Check, ResourceType
from local_cloud.emulator.profiles.load_balancing.certificates import expiry, names_of
from local_cloud.emulator.profiles.load_balancing.setters import setter
from local_cloud.emulator.profiles.networking import ranges
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.store import Stored

_RULES = {"forwardingRules": "addresses", "globalForwardingRules": "globalAddresses"}
_HTTP_PROXIES = ("targetHttpProxies", "regionTargetHttpProxies", "targetHttpsProxies", "regionTargetHttpsProxies")
_TCP_PROXIES = ("targetTcpProxies", "targetSslProxies")
_TLS = ("ECDHE_ECDSA", "ECDHE_RSA")
_RESTRICTED = tuple(
    f"TLS_{exchange}_WITH_{cipher}"
    for exchange in _TLS
    for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
)
_MODERN = (*_RESTRICTED, *(f"TLS_{exchange}_WITH_AES_{bits}_CBC_SHA" for exchange in _TLS for bits in (128, 256)))
_COMPATIBLE = (
    *_MODERN,
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    *(f"TLS_RSA_WITH_AES_{bits}_{mode}" for bits in (128, 256) for mode in ("CBC_SHA",)),
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
)
# https://cloud.google.com/load-balancing/docs/ssl-policies-concepts#defining_an_ssl_policy
_PROFILES = {"RESTRICTED": _RESTRICTED, "MODERN": _MODERN, "COMPATIBLE": _COMPATIBLE}


def _literal(call: Call, body: Body) -> str | None:
    """The address of a rule: as given, of the address resource that is named, or a free one."""
    given = str(body.get("IPAddress") or "")
    if "/" in given and not _is_address(given.partition("/")[0]):
        name = relative_name(call, "compute", _RULES[call.resource_type.collection], given)
        stored = call.store.get("compute", name)
        if stored is None:
            raise invalid(
                f"Invalid value for field 'resource.IPAddress': '{given}'. The referenced address resource cannot be"
                " found.",
                location="IPAddress",
            )
        return str(stored.body["address"])
    if given and not _is_address(given):
        raise invalid(
            f"Invalid value for field 'resource.IPAddress': '{given}'. Must be an IPv4 or IPv6 address, or the URL of"
            " an address resource.",
            location="IPAddress",
        )
    return given or _free_address(call, body)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _free_address(call: Call, body: Body) -> str:
    internal = str(body.get("loadBalancingScheme", "")).startswith("INTERNAL")
    return ranges.allocate(
        call, {"addressType": "INTERNAL" if internal else "EXTERNAL", "subnetwork": body.get("subnetwork")}
    )


def _default_network(call: Call, body: Body) -> str | None:
    """The network of an internal rule that names none."""
    name = f"projects/{call.project}/global/networks/default"
    internal = str(body.get("loadBalancingScheme", "")).startswith("INTERNAL")
    return name if internal and call.store.get("compute", name) else None


def _port_range(call: Call, body: Body) -> str | None:
    given = body.get("portRange")
    return f"{given}-{given}" if given and "-" not in given else given


def _check_rule(call: Call, before: Body | None, wanted: Body) -> None:
    if not wanted.get("target") and not wanted.get("backendService"):
        raise invalid(
            "Invalid value for field 'resource.target': ''. A forwarding rule needs a target or a backend service.",
            location="target",
        )
    address = _literal(call, wanted)
    own = call.memory.get("name") or call.name
    for other in call.store.children("compute", call.resource_type.collection):
        if other.name != own and other.body.get("IPAddress") == address and _meet(call, other.body, wanted):
            raise invalid(
                f"Invalid value for field 'resource.IPAddress': '{address}'. Specified IP address is in-use and would"
                " result in a conflict.",
                location="IPAddress",
            )
    wanted["IPAddress"] = address


def _meet(call: Call, one: Body, other: Body) -> bool:
    """Whether two rules of one address would take the same packets."""
    if one.get("IPProtocol", "TCP") != other.get("IPProtocol", "TCP") or one.get("network") != other.get("network"):
        return False
    return any(
        low <= high_other and low_other <= high
        for low, high in _ports(call, one)
        for low_other, high_other in _ports(call, other)
    )


def _ports(call: Call, rule: Body) -> list[tuple[int, int]]:
    if rule.get("ports"):
        return [_bounds(str(port)) for port in rule["ports"]]
    return [_bounds(_port_range(call, rule) or "1-65535")]


def _bounds(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not low.isdigit() or not (high or low).isdigit():
        raise invalid(f"Invalid value for field 'resource.portRange': '{text}'. It must be like 443 or 8000-8080.")
    return int(low), int(high or low)


def rules_with(call: Call, address: Stored) -> list[str]:
    """The forwarding rules (relative names) that an address resource is in use by."""
    own = {kept_in: collection for collection, kept_in in _RULES.items()}[address.collection]
    scope = address.name.rpartition("/addresses/")[0]
    return [
        rule.name
        for rule in call.store.children("compute", own)
        if rule.name.startswith(f"{scope}/") and rule.body.get("IPAddress") == address.body.get("address")
    ]


def delete_address(call: Call) -> Body | Response:
    """`addresses.delete`: refused while a forwarding rule has the address."""
    used = rules_with(call, call.stored())
    if used:
        raise in_use(f"The address resource '{call.name}' is already being used by '{used[0]}'")
    return verbs.delete(call)


def _check_https_proxy(call: Call, before: Body | None, wanted: Body) -> None:
    if not wanted.get("sslCertificates") and not wanted.get("certificateMap"):
        raise invalid(
            "Invalid value for field 'resource.sslCertificates': ''. A target HTTPS proxy needs a certificate or a"
            " certificate map.",
            location="sslCertificates",
        )


def _check_policy(call: Call, before: Body | None, wanted: Body) -> None:
    custom = wanted.get("profile") == "CUSTOM"
    if custom != bool(wanted.get("customFeatures")):
        raise invalid(
            "Invalid value for field 'resource.customFeatures': ''. The profile CUSTOM, and no other, has custom"
            " features.",
            location="customFeatures",
        )
    for feature in wanted.get("customFeatures") or []:
        if feature not in _COMPATIBLE:
            raise invalid(
                f"Invalid value for field 'resource.customFeatures[]': '{feature}'. No such feature.",
                location="customFeatures",
            )


def _features(call: Call, body: Body) -> list[str]:
    return sorted(_PROFILES.get(body.get("profile", ""), body.get("customFeatures") or []))


def available_features(call: Call) -> Body:
    """`sslPolicies.listAvailableFeatures`: the cipher suites that a policy may name."""
    return {"features": sorted(_COMPATIBLE)}


def _finish_certificate(call: Call, body: Body) -> Body:
    body.pop("privateKey", None)
    pem = body.get("certificate") or (body.get("selfManaged") or {}).get("certificate")
    if pem:
        body |= {"certificate": pem, "selfManaged": {"certificate": pem}, "type": "SELF_MANAGED"}
        body["subjectAlternativeNames"] = names_of(pem, "certificate")
        if not body["subjectAlternativeNames"]:
            del body["subjectAlternativeNames"]
    elif body.get("managed"):
        domains = body["managed"].get("domains") or []
        body["managed"] = {
            **body["managed"],
            "status": "PROVISIONING",
            "domainStatus": dict.fromkeys(domains, "PROVISIONING"),
        }
    return {**body, "expireTime": expiry(call, pem)}


_HTTPS = {"quicOverride": "NONE", "tlsEarlyData": "DISABLED"}
_CERTIFICATES = {
    "sslPolicy": "sslPolicies",
    "certificateMap": "certificatemanager:projects.locations.certificateMaps",
}
# Collection, defaults, references, check.
_PROXY_TYPES: tuple[tuple[str, dict[str, str], dict[str, str], Check | None], ...] = (
    ("targetHttpProxies", {}, {"urlMap": "urlMaps"}, None),
    ("regionTargetHttpProxies", {}, {"urlMap": "regionUrlMaps"}, None),
    (
        "targetHttpsProxies",
        _HTTPS,
        {"urlMap": "urlMaps", "sslCertificates[]": "sslCertificates", **_CERTIFICATES},
        _check_https_proxy,
    ),
    (
        "regionTargetHttpsProxies",
        _HTTPS,
        {"urlMap": "regionUrlMaps", "sslCertificates[]": "regionSslCertificates"},
        _check_https_proxy,
    ),
    ("targetTcpProxies", {"proxyHeader": "NONE"}, {"service": "backendServices"}, None),
    ("regionTargetTcpProxies", {"proxyHeader": "NONE"}, {"service": "regionBackendServices"}, None),
    (
        "targetSslProxies",
        {"proxyHeader": "NONE"},
        {"service": "backendServices", "sslCertificates[]": "sslCertificates", **_CERTIFICATES},
        _check_https_proxy,
    ),
    ("targetGrpcProxies", {}, {"urlMap": "urlMaps"}, None),
)

TYPES = (
    *(
        ResourceType(
            collection,
            label="forwarding_rule",
            defaults={
                "IPProtocol": "TCP",
                "networkTier": "PREMIUM",
                "loadBalancingScheme": "EXTERNAL",
                "network": _default_network,
            },
            computed={"portRange": _port_range},
            immutable=("IPProtocol", "loadBalancingScheme", "ipVersion"),
            references={
                "target": "targetHttpProxies",
                "backendService": "backendServices" if collection.startswith("global") else "regionBackendServices",
                "network": "networks",
                "subnetwork": "subnetworks",
            },
            check=_check_rule,
        )
        for collection in _RULES
    ),
    *(
        ResourceType(collection, label="target_proxy", defaults=defaults, references=references, check=check)
        for collection, defaults, references, check in _PROXY_TYPES
    ),
    *(
        ResourceType(
            collection,
            label="ssl_certificate",
            immutable=("certificate", "managed"),
            before_write=_finish_certificate,
        )
        for collection in ("sslCertificates", "regionSslCertificates")
    ),
    ResourceType(
        "sslPolicies",
        label="ssl_policy",
        defaults={"profile": "COMPATIBLE", "minTlsVersion": "TLS_1_0"},
        computed={"enabledFeatures": _features},
        check=_check_policy,
    ),
)

METHODS = {
    **{f"{collection}.setTarget": setter("target", "target") for collection in _RULES},
    **{f"{collection}.setUrlMap": setter("urlMap", "urlMap") for collection in _HTTP_PROXIES},
    **{f"{collection}.setBackendService": setter("service", "service") for collection in _TCP_PROXIES},
    **{f"{collection}.setProxyHeader": setter("proxyHeader", "proxyHeader") for collection in _TCP_PROXIES},
    **{
        f"{collection}.set{field[0].upper()}{field[1:]}": setter(field, field)
        for collection in ("targetHttpsProxies", "targetSslProxies")
        for field in ("sslCertificates", "sslPolicy", "certificateMap")
    },
    "regionTargetHttpsProxies.setSslCertificates": setter("sslCertificates", "sslCertificates"),
    "targetHttpsProxies.setQuicOverride": setter("quicOverride", "quicOverride"),
    "sslPolicies.listAvailableFeatures": available_features,
    "addresses.delete": delete_address,
    "globalAddresses.delete": delete_address,
}

# What answers with a finished operation, and what a setter's operation is called [recorded].
DONE_AT_ONCE = (
    *(
        f"{collection}.{verb}"
        for collection in ("urlMaps", "targetHttpProxies", "targetGrpcProxies")
        for verb in ("insert", "update", "patch", "delete")
    ),
    *(f"{collection}.setLabels" for collection in _RULES),
)
OPERATION_TYPES = {
    **{f"{collection}.setTarget": "SetTarget" for collection in _RULES},
    "sslPolicies.patch": "compute.sslPolicies.patch",
}
PERMISSIONS = {
    f"targetTcpProxies.{verb}": ("compute.targetTcpProxies.update",) for verb in ("setBackendService", "setProxyHeader")
}

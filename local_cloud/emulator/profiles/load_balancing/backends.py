"""Health checks and backend services: what a load balancer sends requests to, and how it knows that it can."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, invalid, not_found
from local_cloud.emulator.profile import Body, ResourceType
from local_cloud.emulator.profiles.load_balancing.setters import setter
from local_cloud.emulator.references import relative_name

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

# The block of a health check's type, and what the server fills in there
# (https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks).
_BLOCKS: dict[str, tuple[str, Body]] = {
    "HTTP": ("httpHealthCheck", {"port": 80, "requestPath": "/"}),
    "HTTPS": ("httpsHealthCheck", {"port": 443, "requestPath": "/"}),
    "HTTP2": ("http2HealthCheck", {"port": 443, "requestPath": "/"}),
    "TCP": ("tcpHealthCheck", {"port": 80}),
    "SSL": ("sslHealthCheck", {"port": 443}),
    "GRPC": ("grpcHealthCheck", {}),
}
_WITHOUT_HEADER = frozenset({"GRPC"})
# Balancing modes that a network endpoint group of a type takes; the first is what is filled in.
_MODES = {"SERVERLESS": ("UTILIZATION",), "GCE_VM_IP_PORT": ("RATE", "CONNECTION")}
_DEFAULT_TIMEOUT = 30


def _check_health_check(call: Call, before: Body | None, wanted: Body) -> None:
    kind = wanted.get("type", "")
    if kind not in _BLOCKS:
        raise invalid(
            f"Invalid value for field 'resource.type': '{kind}'. It must be one of {', '.join(_BLOCKS)}.",
            location="type",
        )
    for other, (block, _) in _BLOCKS.items():
        if other != kind and wanted.get(block):
            raise invalid(
                f"Invalid value for field 'resource.{block}': ''. A health check of type {kind} cannot have it.",
                location=block,
            )
    if int(wanted.get("timeoutSec", 5)) > int(wanted.get("checkIntervalSec", 5)):
        raise invalid(
            f"Invalid value for field 'resource.timeoutSec': '{wanted['timeoutSec']}'. TimeoutSec should be less than"
            " or equal to checkIntervalSec.",
            location="timeoutSec",
        )


def _finish_health_check(call: Call, body: Body) -> Body:
    block, defaults = _BLOCKS[body["type"]]
    given = body.get(block) or {}
    own = dict(defaults)
    if given.get("portSpecification") in ("USE_SERVING_PORT", "USE_NAMED_PORT") or given.get("portName"):
        own.pop("port", None)
    header = {} if body["type"] in _WITHOUT_HEADER else {"proxyHeader": "NONE"}
    return {**body, block: {**own, **header, **given}}


def _neg(call: Call, group: str) -> Body | None:
    stored = call.store.get("compute", relative_name(call, "compute", "networkEndpointGroups", group))
    return stored.body if stored and "networkEndpointType" in stored.body else None


def _check_backends(call: Call, before: Body | None, wanted: Body) -> None:
    backends = wanted.get("backends") or []
    kinds = set()
    for index, backend in enumerate(backends):
        neg = _neg(call, backend.get("group", ""))
        if neg is None:
            continue
        kinds.add(neg["networkEndpointType"])
        _check_mode(f"backends[{index}]", backend, neg["networkEndpointType"])
    if "SERVERLESS" in kinds:
        _check_serverless(wanted)
    elif backends and not wanted.get("healthChecks") and kinds != {"INTERNET_FQDN_PORT"}:
        raise invalid(
            "Invalid value for field 'resource.healthChecks': ''. A backend service needs a health check for these"
            " backends.",
            location="healthChecks",
        )


def _check_mode(path: str, backend: Body, kind: str) -> None:
    modes = _MODES.get(kind)
    mode = backend.get("balancingMode")
    if modes and mode and mode not in modes:
        raise invalid(
            f"Invalid value for field 'resource.{path}.balancingMode': '{mode}'. A network endpoint group of type"
            f" {kind} takes {' or '.join(modes)}.",
            location=f"{path}.balancingMode",
        )
    if mode == "RATE" and not any(backend.get(key) for key in ("maxRate", "maxRatePerEndpoint")):
        raise invalid(
            f"Invalid value for field 'resource.{path}': ''. Balancing mode RATE requires maxRate or"
            " maxRatePerEndpoint.",
            location=path,
        )


def _check_serverless(wanted: Body) -> None:
    if wanted.get("healthChecks"):
        raise invalid(
            "Invalid value for field 'resource.healthChecks': ''. A backend service cannot have a healthcheck with"
            " Serverless network endpoint group backends.",
            location="healthChecks",
        )
    if int(wanted.get("timeoutSec") or _DEFAULT_TIMEOUT) != _DEFAULT_TIMEOUT:
        raise invalid(
            "Timeout sec is not supported for a backend service with Serverless network endpoint groups.",
            location="timeoutSec",
        )


def _finish_service(call: Call, body: Body) -> Body:
    for backend in body.get("backends") or []:
        neg = _neg(call, backend.get("group", ""))
        modes = _MODES.get(neg["networkEndpointType"]) if neg else None
        backend.setdefault("balancingMode", modes[0] if modes else "UTILIZATION")
        backend.setdefault("capacityScaler", 1.0)
    iap = body.get("iap")
    if iap is not None:
        secret = str(iap.pop("oauth2ClientSecret", ""))
        iap.setdefault("oauth2ClientSecretSha256", hashlib.sha256(secret.encode()).hexdigest())
    return body


def get_health(call: Call) -> Body:
    """`backendServices.getHealth`: the endpoints of one backend group, with the state that the data plane last saw."""
    service = call.stored()
    group = call.self_link(relative_name(call, "compute", "networkEndpointGroups", str(call.required("group"))))
    if group not in [backend.get("group") for backend in service.body.get("backends") or []]:
        raise not_found(f"The resource '{group}' is not a backend of '{service.name}'")
    stored = call.store.get("compute", relative_name(call, "compute", "networkEndpointGroups", group))
    kind = stored.body.get("networkEndpointType") if stored else None
    if kind == "SERVERLESS":
        raise ApiError(400, f"Invalid value for field 'group': '{group}'. Serverless groups have no health.")
    entries = stored.body.get("networkEndpoints", []) if stored else []
    health = [_endpoint_health(entry, service.body["selfLink"]) for entry in entries]
    return {"kind": "compute#backendServiceGroupHealth", **({"healthStatus": health} if health else {})}


def _endpoint_health(entry: Body, service: str) -> Body:
    endpoint = entry["networkEndpoint"]
    states = [
        item["healthState"]
        for item in entry.get("healths", [])
        if (item.get("backendService") or {}).get("backendService", service) == service
    ]
    shown = {"ipAddress": endpoint.get("ipAddress"), "port": endpoint.get("port"), "instance": endpoint.get("instance")}
    return {**{key: value for key, value in shown.items() if value}, "healthState": (states or ["UNHEALTHY"])[0]}


def add_signed_url_key(call: Call) -> Body | Response:
    """`addSignedUrlKey`: the name of a key is kept and shown, its value is not."""
    name = str(call.required("keyName"))
    call.required("keyValue")
    names = _key_names(call)
    if name in names:
        raise invalid(f"Invalid value for field 'resource.keyName': '{name}'. A key of this name is there already.")
    return _keep_keys(call, [*names, name])


def delete_signed_url_key(call: Call) -> Body | Response:
    """`deleteSignedUrlKey?keyName=`."""
    name, names = call.query.get("keyName", ""), _key_names(call)
    if name not in names:
        raise not_found(f"The resource '{call.name}' has no signed URL key '{name}'")
    return _keep_keys(call, [other for other in names if other != name])


def _key_names(call: Call) -> list[str]:
    names: list[str] = (call.stored().body.get("cdnPolicy") or {}).get("signedUrlKeyNames") or []
    return names


def _keep_keys(call: Call, names: list[str]) -> Body | Response:
    stored = call.stored()
    policy = {**(stored.body.get("cdnPolicy") or {}), "signedUrlKeyNames": names}
    kept = verbs.keep(call, stored.name, {**stored.body, "cdnPolicy": policy}, stored)
    return verbs.respond(call, kept.name, call.method.verb, kept)


TYPES = (
    *(
        ResourceType(
            collection,
            label="health_check",
            defaults={
                "type": lambda call, body: next((kind for kind, (key, _) in _BLOCKS.items() if key in body), None),
                "checkIntervalSec": 5,
                "timeoutSec": 5,
                "healthyThreshold": 2,
                "unhealthyThreshold": 2,
            },
            check=_check_health_check,
            before_write=_finish_health_check,
        )
        for collection in ("healthChecks", "regionHealthChecks")
    ),
    *(
        ResourceType(
            collection,
            label="health_check",
            defaults={
                "port": port,
                "requestPath": "/",
                "checkIntervalSec": 5,
                "timeoutSec": 5,
                "healthyThreshold": 2,
                "unhealthyThreshold": 2,
            },
        )
        for collection, port in (("httpHealthChecks", 80), ("httpsHealthChecks", 443))
    ),
    *(
        ResourceType(
            collection,
            label="backend_service",
            defaults={
                "description": "",
                "protocol": "HTTP" if collection == "backendServices" else "TCP",
                "timeoutSec": _DEFAULT_TIMEOUT,
                "sessionAffinity": "NONE",
                "affinityCookieTtlSec": 0,
                "loadBalancingScheme": scheme,
                "connectionDraining.drainingTimeoutSec": 0,
                "?logConfig.sampleRate": lambda call, body: 1.0 if body["logConfig"].get("enable") else None,
                "?logConfig.optionalMode": lambda call, body: (
                    "EXCLUDE_ALL_OPTIONAL" if body["logConfig"].get("enable") else None
                ),
            },
            immutable=("loadBalancingScheme",),
            references={
                "healthChecks[]": "healthChecks",
                "backends[].group": "networkEndpointGroups",
                "network": "networks",
                "securityPolicy": "securityPolicies",
                "edgeSecurityPolicy": "securityPolicies",
            },
            check=_check_backends,
            before_write=_finish_service,
        )
        for collection, scheme in (("backendServices", "EXTERNAL"), ("regionBackendServices", "INTERNAL"))
    ),
    ResourceType("backendBuckets", label="backend_bucket", references={"edgeSecurityPolicy": "securityPolicies"}),
)

METHODS = {
    **{
        f"{collection}.{verb}": method
        for collection in ("backendServices", "backendBuckets")
        for verb, method in {
            "addSignedUrlKey": add_signed_url_key,
            "deleteSignedUrlKey": delete_signed_url_key,
        }.items()
    },
    "backendServices.getHealth": get_health,
    "regionBackendServices.getHealth": get_health,
    **{
        f"{collection}.setSecurityPolicy": setter("securityPolicy", "securityPolicy")
        for collection in ("backendServices", "regionBackendServices")
    },
    **{
        f"{collection}.setEdgeSecurityPolicy": setter("securityPolicy", "edgeSecurityPolicy")
        for collection in ("backendServices", "backendBuckets")
    },
}

PERMISSIONS = {
    **{
        f"{collection}.getHealth": (f"compute.{collection}.get",)
        for collection in ("backendServices", "regionBackendServices")
    },
    **{
        f"{collection}.setEdgeSecurityPolicy": (f"compute.{collection}.setSecurityPolicy",)
        for collection in ("backendServices", "backendBuckets")
    },
}

"""What resources of load balancing do beyond their data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from local_cloud.terraform_provider.hooks.bodies import Writing
    from local_cloud.terraform_provider.planning import Values

Body = dict[str, Any]
# Block of a health check → its type and the port it means when it names none.
_HEALTH_CHECKS: Final[Mapping[str, tuple[str, int | None]]] = {
    "httpHealthCheck": ("HTTP", 80),
    "httpsHealthCheck": ("HTTPS", 443),
    "http2HealthCheck": ("HTTP2", 443),
    "tcpHealthCheck": ("TCP", 80),
    "sslHealthCheck": ("SSL", 443),
    "grpcHealthCheck": ("GRPC", None),
    "grpcTlsHealthCheck": ("GRPC_WITH_TLS", None),
}
_FULL_NAME = "//certificatemanager.googleapis.com/"
_HASHING_POLICIES: Final = ("MAGLEV", "RING_HASH")


def health_check_body(body: Body, _state: Values, _writing: Writing) -> Body:
    """The block that is there says the type; a port that is named in no way is the protocol's own."""
    for block, (kind, port) in _HEALTH_CHECKS.items():
        given = body.get(block)
        if given is None:
            continue
        named = given.get("portName") or given.get("portSpecification") not in (None, "USE_FIXED_PORT")
        own = {} if named or port is None else {"port": port}
        return {**body, block: {**own, **given}, "type": kind}
    return body


def backend_service_body(body: Body, _state: Values, _writing: Writing) -> Body:
    """The default of `max_utilization` means nothing for an endpoint group, and is refused there. The edge's policy has
    another name in the call that sets it alone."""
    if body.keys() == {"edgeSecurityPolicy"}:
        return {"securityPolicy": body["edgeSecurityPolicy"]}
    for backend in body.get("backends") or ():
        if "/networkEndpointGroups/" in str(backend.get("group", "")):
            backend.pop("maxUtilization", None)
    return body


def backend_service_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """Settings of hashing left over from another policy mean nothing."""
    if answer.get("localityLbPolicy") in _HASHING_POLICIES:
        return answer
    return {key: value for key, value in answer.items() if key != "consistentHash"}


def https_proxy_body(body: Body, _state: Values, _writing: Writing) -> Body:
    """Certificates of Certificate Manager travel in the field of the others."""
    if "certificateManagerCertificates" in body:
        body["sslCertificates"] = body.pop("certificateManagerCertificates")
    return body


def https_proxy_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """What kind of certificates a proxy has shows in their names."""
    certificates = answer.get("sslCertificates") or []
    if not any(str(each).startswith(_FULL_NAME) for each in certificates):
        return answer
    rest = {key: value for key, value in answer.items() if key != "sslCertificates"}
    return {**rest, "certificateManagerCertificates": certificates}

"""What the edge does with one request: redirect, answer for CORS, or forward with a load balancer's headers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.data_plane.edge import url_maps
from local_cloud.data_plane.edge.backend_services import SERVICE_HEADER, run_service
from local_cloud.data_plane.edge.configuration import relative
from local_cloud.data_plane.reverse_proxy.messages import Answer, Decision, Failures, Forward, Request, plain

if TYPE_CHECKING:
    from local_cloud.data_plane.edge.backend_services import EdgeBackend
    from local_cloud.data_plane.edge.configuration import Rule

Pairs = tuple[tuple[bytes, bytes], ...]

_PAGE = """\
<html><head>
<meta http-equiv="content-type" content="text/html;charset=utf-8">
<title>{status} {title}</title>
</head>
<body text=#000000 bgcolor=#ffffff>
<h1>Error: {title}</h1>
<h2>{text}</h2>
<h2></h2>
</body></html>
"""
_TRY_AGAIN = (
    "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds."
)


def _page(status: int, title: str, text: str) -> Answer:
    body = _PAGE.format(status=status, title=title, text=text).encode()
    return Answer(status, ((b"Content-Type", b"text/html; charset=UTF-8"), (b"Referrer-Policy", b"no-referrer")), body)


_SERVER_ERROR = _page(502, "Server Error", _TRY_AGAIN)
# The classic load balancer answers 502 with a page, the one built on Envoy with Envoy's words.
# https://cloud.google.com/load-balancing/docs/https/troubleshooting-ext-https-lbs
CLASSIC = Failures(_SERVER_ERROR, _SERVER_ERROR, _SERVER_ERROR)
MANAGED = Failures(
    plain(503, "no healthy upstream"),
    plain(503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination"),
    plain(504, "upstream request timeout"),
)
NOT_FOUND = _page(404, "Not Found", "The requested URL was not found on this server.")

_TRACE = re.compile(rb"([0-9a-f]{32})/(\d+)(?:;o=(\d))?")
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def decide(rule: Rule, url_map: Mapping[str, Any], backends: Mapping[str, EdgeBackend], request: Request) -> Decision:
    """What happens to `request` that came in by `rule`."""
    target = url_maps.find(url_map, request)
    if target.redirect is not None:
        return _redirected(target, request)
    cors = target.action("corsPolicy")
    if cors and not cors.get("disabled"):
        preflight = _preflight(cors, request)
        if preflight is not None:
            return preflight
    failures = MANAGED if rule.managed else CLASSIC
    chosen = backends.get(relative(target.service))
    if chosen is None or chosen.service is None:
        return NOT_FOUND if not target.service else failures.no_backend
    added: Pairs = ()
    if chosen.serverless is not None:
        name = run_service(chosen.serverless, request)
        if not name:
            return NOT_FOUND
        added = ((SERVICE_HEADER, name.encode()),)
    rewrite = target.action("urlRewrite") or {}
    if rewrite.get("hostRewrite"):
        added += ((b"Host", rewrite["hostRewrite"].encode()),)
    timeout = target.action("timeout")
    response = (*_response_headers(chosen, target), *(_cors_headers(cors, request) if cors else ()))
    return Forward(
        chosen.backend,
        failures,
        url_maps.seconds(timeout) if timeout else chosen.service.seconds,
        target=url_maps.rewritten(rewrite, request, target.matched) if rewrite else b"",
        set_headers=(*forwarding_headers(request, rule.address), *_request_headers(chosen, target, request), *added),
        response_headers=response,
    )


def forwarding_headers(request: Request, address: str) -> Pairs:
    """Who asked, by which way, and the trace it belongs to."""
    before = request.header(b"x-forwarded-for").decode("latin-1")
    chain = ", ".join(part for part in (before, request.peer, address) if part)
    via = request.header(b"via")
    trace = _trace(request)
    return (
        (b"X-Forwarded-For", chain.encode("latin-1")),
        (b"X-Forwarded-Proto", b"https" if request.secure else b"http"),
        (b"Via", via + b", 1.1 google" if via else b"1.1 google"),
        *trace,
    )


def _trace(request: Request) -> Pairs:
    """Both trace headers; a trace that the client began goes on in a new span."""
    parent = _TRACEPARENT.fullmatch(request.header(b"traceparent"))
    older = _TRACE.fullmatch(request.header(b"x-cloud-trace-context"))
    span = secrets.token_hex(8)
    if parent is not None:
        trace, flags = parent[1].decode(), parent[3].decode()
    elif older is not None:
        trace, flags = older[1].decode(), "01" if older[3] == b"1" else "00"
    else:
        trace, flags = secrets.token_hex(16), "00"
    option = "1" if flags == "01" else "0"
    return (
        (b"X-Cloud-Trace-Context", f"{trace}/{int(span, 16)};o={option}".encode()),
        (b"traceparent", f"00-{trace}-{span}-{flags}".encode()),
    )


def _redirected(target: url_maps.Target, request: Request) -> Answer:
    redirect = target.redirect or {}
    status = url_maps.REDIRECT_CODES.get(redirect.get("redirectResponseCode", "MOVED_PERMANENTLY_DEFAULT"), 301)
    to = url_maps.location(redirect, request, target.matched).encode("latin-1")
    return Answer(status, ((b"Location", to), (b"Cache-Control", b"private")))


def _request_headers(chosen: EdgeBackend, target: url_maps.Target, request: Request) -> Pairs:
    assert chosen.service is not None
    custom = _custom(chosen.service.request_headers, request)
    return (*custom, *_actions(target.headers, "requestHeadersToAdd", "requestHeadersToRemove"))


def _response_headers(chosen: EdgeBackend, target: url_maps.Target) -> Pairs:
    assert chosen.service is not None
    custom = _custom(chosen.service.response_headers, None)
    return (
        (b"Via", b"1.1 google"),
        *custom,
        *_actions(target.headers, "responseHeadersToAdd", "responseHeadersToRemove"),
    )


def _custom(lines: Iterable[str], request: Request | None) -> Pairs:
    """`Name: value` lines of a backend service, with the variables that are known here."""
    pairs = []
    for line in lines:
        name, _, value = line.partition(":")
        if request is not None:
            value = value.replace("{client_ip_address}", request.peer).replace("{tls_sni_hostname}", request.host)
        pairs.append((name.strip().encode("latin-1"), value.strip().encode("latin-1")))
    return tuple(pairs)


def _actions(actions: Iterable[Mapping[str, Any]], add: str, remove: str) -> Pairs:
    pairs: list[tuple[bytes, bytes]] = []
    for action in actions:
        pairs += [(name.encode(), b"") for name in action.get(remove) or []]
        pairs += [(entry["headerName"].encode(), entry["headerValue"].encode()) for entry in action.get(add) or []]
    return tuple(pairs)


# CORS, as a route action asks for it


def _allowed(cors: Mapping[str, Any], request: Request) -> bool:
    origin = request.header(b"origin").decode("latin-1")
    if not origin:
        return False
    exact = cors.get("allowOrigins") or []
    return (
        origin in exact
        or "*" in exact
        or any(re.fullmatch(pattern, origin) for pattern in cors.get("allowOriginRegexes") or [])
    )


def _preflight(cors: Mapping[str, Any], request: Request) -> Answer | None:
    """The answer to a preflight request of an allowed origin; None for everything else."""
    if request.method != "OPTIONS" or not request.header(b"access-control-request-method"):
        return None
    if not _allowed(cors, request):
        return None
    headers = [*_cors_headers(cors, request)]
    for name, key in (
        (b"Access-Control-Allow-Methods", "allowMethods"),
        (b"Access-Control-Allow-Headers", "allowHeaders"),
    ):
        if cors.get(key):
            headers.append((name, ", ".join(cors[key]).encode()))
    if cors.get("maxAge") is not None:
        headers.append((b"Access-Control-Max-Age", str(cors["maxAge"]).encode()))
    return Answer(200, tuple(headers))


def _cors_headers(cors: Mapping[str, Any], request: Request) -> Pairs:
    if cors.get("disabled") or not _allowed(cors, request):
        return ()
    pairs = [(b"Access-Control-Allow-Origin", request.header(b"origin"))]
    if cors.get("allowCredentials"):
        pairs.append((b"Access-Control-Allow-Credentials", b"true"))
    if cors.get("exposeHeaders"):
        pairs.append((b"Access-Control-Expose-Headers", ", ".join(cors["exposeHeaders"]).encode()))
    return tuple(pairs)

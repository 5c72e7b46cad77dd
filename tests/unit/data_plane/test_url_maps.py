"""URL maps: hosts, paths, routes, redirects, rewrites, CORS and the headers that a request goes on with."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.data_plane.edge import requests, url_maps
from local_cloud.data_plane.edge.backend_services import EdgeBackend, run_service
from local_cloud.data_plane.edge.configuration import Group, Rule, Service, covers
from local_cloud.data_plane.reverse_proxy.messages import Answer, Forward, Request

MAP: dict[str, Any] = {
    "defaultService": "projects/p/default",
    "hostRules": [
        {"hosts": ["app.example"], "pathMatcher": "app"},
        {"hosts": ["*.example"], "pathMatcher": "any"},
        {"hosts": ["routes.example"], "pathMatcher": "routes"},
    ],
    "pathMatchers": [
        {
            "name": "app",
            "defaultService": "projects/p/front",
            "pathRules": [
                {"paths": ["/api/*"], "service": "projects/p/api"},
                {"paths": ["/api/auth", "/api/auth/*"], "service": "projects/p/auth"},
                {"paths": ["/old/*"], "urlRedirect": {"prefixRedirect": "/new/", "stripQuery": True}},
                {
                    "paths": ["/rewritten/*"],
                    "service": "projects/p/api",
                    "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/", "hostRewrite": "inner.example"}},
                },
            ],
        },
        {"name": "any", "defaultService": "projects/p/any"},
        {
            "name": "routes",
            "defaultService": "projects/p/front",
            "routeRules": [
                {
                    "priority": 2,
                    "matchRules": [{"prefixMatch": "/"}],
                    "service": "projects/p/low",
                },
                {
                    "priority": 1,
                    "matchRules": [
                        {"prefixMatch": "/beta", "headerMatches": [{"headerName": "X-Beta", "exactMatch": "yes"}]},
                        {"fullPathMatch": "/q", "queryParameterMatches": [{"name": "v", "exactMatch": "2"}]},
                        {"pathTemplateMatch": "/users/{id=*}/files/**"},
                    ],
                    "service": "projects/p/high",
                },
            ],
        },
    ],
}


def asked(host: str, target: str, method: str = "GET", **headers: str) -> Request:
    """A request."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(method, target.encode(), [(b"Host", host.encode()), *pairs], secure=True, peer="192.0.2.1")


@pytest.mark.parametrize(
    ("host", "target", "service"),
    [
        ("nobody.test", "/", "default"),
        ("app.example:443", "/", "front"),
        ("APP.example", "/api/x", "api"),
        ("app.example", "/api/auth", "auth"),
        ("app.example", "/api/auth/login?x=/api/y", "auth"),
        ("app.example", "/api", "front"),
        ("app.example", "/apix", "front"),
        ("other.example", "/api/auth", "any"),
        ("routes.example", "/beta", "low"),
        ("routes.example", "/q?v=2", "high"),
        ("routes.example", "/q?v=3", "low"),
        ("routes.example", "/users/7/files/a/b", "high"),
        ("routes.example", "/users/7/8/files/a", "low"),
    ],
)
def test_the_most_special_rule_counts(host: str, target: str, service: str) -> None:
    assert url_maps.find(MAP, asked(host, target)).service == f"projects/p/{service}"


def test_headers_choose_a_route() -> None:
    assert url_maps.find(MAP, asked("routes.example", "/beta", X_Beta="yes")).service == "projects/p/high"


def test_weights_are_kept_to() -> None:
    weighted = [{"backendService": "a", "weight": 0}, {"backendService": "b", "weight": 10}]
    url_map = {"defaultRouteAction": {"weightedBackendServices": weighted}}
    assert {url_maps.find(url_map, asked("x", "/")).service for _ in range(50)} == {"b"}


@pytest.mark.parametrize(
    ("redirect", "target", "location"),
    [
        ({"httpsRedirect": True}, "/a?b=c", "https://app.example/a?b=c"),
        ({"hostRedirect": "new.example", "stripQuery": True}, "/a?b=c", "https://new.example/a"),
        ({"pathRedirect": "/only"}, "/a?b", "https://app.example/only?b"),
    ],
)
def test_redirects_point_where_they_say(redirect: dict[str, Any], target: str, location: str) -> None:
    assert url_maps.location(redirect, asked("app.example", target), "") == location


def backend(name: str, **more: Any) -> EdgeBackend:
    """A backend service without endpoints."""
    found = EdgeBackend(name, lambda: None)
    values = {"groups": (), "health_check": None, "seconds": 30.0, "draining_seconds": 0.0}
    found.service = Service(name, name, **{**values, "request_headers": (), "response_headers": (), **more})
    return found


RULE = Rule("r", "203.0.113.1", 443, "m", managed=True)
BACKENDS = {f"projects/p/{name}": backend(name) for name in ("api", "front", "default")}


def test_a_redirect_keeps_what_follows_the_prefix() -> None:
    answer = requests.decide(RULE, MAP, BACKENDS, asked("app.example", "/old/a/b?c"))
    assert isinstance(answer, Answer)
    assert (answer.status, dict(answer.headers)[b"Location"]) == (301, b"https://app.example/new/a/b")


def test_a_rewrite_changes_path_and_host() -> None:
    forward = requests.decide(RULE, MAP, BACKENDS, asked("app.example", "/rewritten/a?b=c"))
    assert isinstance(forward, Forward)
    assert forward.target == b"/a?b=c"
    assert dict(forward.set_headers)[b"Host"] == b"inner.example"


def test_a_trace_goes_on_in_a_new_span() -> None:
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    request = asked("app.example", "/", traceparent=f"00-{trace}-{span}-01")
    headers = dict(requests.forwarding_headers(request, "203.0.113.1"))
    version, found, new, flags = headers[b"traceparent"].decode().split("-")
    assert (version, found, flags) == ("00", trace, "01")
    assert new != span
    assert headers[b"X-Cloud-Trace-Context"].decode() == f"{trace}/{int(new, 16)};o=1"
    assert headers[b"X-Forwarded-For"] == b"192.0.2.1, 203.0.113.1"


def test_cors_is_answered_for_allowed_origins_alone() -> None:
    cors = {
        "allowOrigins": ["https://a.example"],
        "allowMethods": ["GET", "PUT"],
        "allowCredentials": True,
        "maxAge": 60,
    }
    url_map = {"defaultService": "projects/p/front", "defaultRouteAction": {"corsPolicy": cors}}
    preflight = asked("x", "/", "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="PUT")
    answer = requests.decide(RULE, url_map, BACKENDS, preflight)
    assert isinstance(answer, Answer)
    headers = dict(answer.headers)
    assert headers[b"Access-Control-Allow-Origin"] == b"https://a.example"
    assert headers[b"Access-Control-Allow-Methods"] == b"GET, PUT"
    assert headers[b"Access-Control-Allow-Credentials"] == b"true"
    stranger = asked("x", "/", "OPTIONS", Origin="https://evil.example", Access_Control_Request_Method="PUT")
    forward = requests.decide(RULE, url_map, BACKENDS, stranger)
    assert isinstance(forward, Forward)
    assert b"Access-Control-Allow-Origin" not in dict(forward.response_headers)


def test_custom_headers_are_set_on_both_sides() -> None:
    lines = {"request_headers": ("X-Client: {client_ip_address}",), "response_headers": ("X-Frame-Options: DENY",)}
    forward = requests.decide(RULE, MAP, {"projects/p/default": backend("d", **lines)}, asked("nobody.test", "/"))
    assert isinstance(forward, Forward)
    assert dict(forward.set_headers)[b"X-Client"] == b"192.0.2.1"
    assert dict(forward.response_headers)[b"X-Frame-Options"] == b"DENY"


def test_what_leads_nowhere_is_said_as_the_scheme_says_it() -> None:
    missing = {"defaultService": "projects/p/gone"}
    managed = requests.decide(RULE, missing, {}, asked("x", "/"))
    classic = requests.decide(Rule("r", "203.0.113.1", 443, "m", managed=False), missing, {}, asked("x", "/"))
    assert isinstance(managed, Answer)
    assert isinstance(classic, Answer)
    assert (managed.status, managed.body) == (503, b"no healthy upstream")
    assert classic.status == 502
    assert b"Please try again in 30 seconds" in classic.body


@pytest.mark.parametrize(
    ("run", "host", "path", "service"),
    [
        ({"service": "web"}, "x", "/", "web"),
        ({"service": "web", "tag": "next"}, "x", "/", "web;next"),
        ({"urlMask": "app.example/<service>"}, "app.example", "/web/x", "web"),
        ({"urlMask": "<tag>.example/<service>"}, "blue.example", "/web", "web;blue"),
        ({"urlMask": "app.example/<service>"}, "other.example", "/web", None),
    ],
)
def test_serverless_groups_name_a_service(run: dict[str, Any], host: str, path: str, service: str | None) -> None:
    group = Group("projects/p/regions/r/networkEndpointGroups/n", "SERVERLESS", {"cloudRun": run})
    expected = f"projects/p/locations/r/services/{service}" if service else ""
    assert run_service(group, asked(host, path)) == expected


def test_a_wildcard_stands_for_one_label() -> None:
    assert covers("*.example", "a.example")
    assert not covers("*.example", "a.b.example")
    assert not covers("*.example", "example")

"""What a URL map says about a request: which backend service, redirect or rewrite; pure functions of the resource.

https://cloud.google.com/load-balancing/docs/url-map-concepts
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.messages import Request

Body = Mapping[str, Any]

REDIRECT_CODES = {
    "MOVED_PERMANENTLY_DEFAULT": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}


@dataclass(frozen=True)
class Target:
    """Where a request goes: `service` is the backend service's link, or `redirect` is set.

    `actions` are the route actions that apply, the most special first; `matched` is the prefix of the path that the
    rule matched, which a rewrite replaces; `headers` are the header actions, outermost first.
    """

    service: str = ""
    redirect: Body | None = None
    actions: tuple[Body, ...] = ()
    matched: str = ""
    headers: tuple[Body, ...] = field(default=())

    def action(self, name: str) -> Any:
        """The most special action of that name (`urlRewrite`, `corsPolicy`, `timeout`), or None."""
        return next((action[name] for action in self.actions if action.get(name)), None)


def find(url_map: Body, request: Request) -> Target:
    """The target of `request`; one without service and redirect when the map has none for it."""
    outer = _header_actions(url_map)
    matcher = _matcher(url_map, request.host)
    if matcher is None:
        return _target(url_map, "default", (), "", outer)
    outer += _header_actions(matcher)
    rule = _path_rule(matcher, request.path)
    if rule is not None:
        pattern, found = rule
        return _target(found, "", (matcher.get("defaultRouteAction"),), pattern.removesuffix("*"), outer)
    for candidate in sorted(matcher.get("routeRules") or [], key=lambda entry: int(entry.get("priority", 0))):
        matched = _route_match(candidate, request)
        if matched is not None:
            headers = outer + _header_actions(candidate)
            return _target(candidate, "", (matcher.get("defaultRouteAction"),), matched, headers)
    return _target(matcher, "default", (url_map.get("defaultRouteAction"),), "", outer)


def _target(
    source: Body, prefix: str, fallbacks: tuple[Body | None, ...], matched: str, headers: tuple[Body, ...]
) -> Target:
    names = (
        ("defaultService", "defaultUrlRedirect", "defaultRouteAction")
        if prefix
        else (
            "service",
            "urlRedirect",
            "routeAction",
        )
    )
    service, redirect, action = (source.get(name) for name in names)
    actions = tuple(entry for entry in (action, *fallbacks) if entry)
    if redirect:
        return Target("", redirect, actions, matched, headers)
    weighted = (action or {}).get("weightedBackendServices")
    if weighted:
        chosen = random.choices(weighted, [int(entry.get("weight", 0)) or 0 for entry in weighted])[0]  # noqa: S311
        return Target(chosen["backendService"], None, actions, matched, headers + _header_actions(chosen))
    return Target(str(service or ""), None, actions, matched, headers)


def _header_actions(source: Body) -> tuple[Body, ...]:
    return (source["headerAction"],) if source.get("headerAction") else ()


def _matcher(url_map: Body, host: str) -> Body | None:
    """The path matcher of a host: the host itself before the longest `*.` pattern before `*`."""
    best, name = -1, ""
    for rule in url_map.get("hostRules") or []:
        for pattern in rule.get("hosts") or []:
            rank = _host_rank(pattern.lower(), host)
            if rank > best:
                best, name = rank, rule.get("pathMatcher", "")
    return next((one for one in url_map.get("pathMatchers") or [] if one.get("name") == name), None)


def _host_rank(pattern: str, host: str) -> int:
    if pattern == host:
        return 10_000
    if pattern == "*":
        return 0
    if pattern.startswith(("*.", "*-")) and host.endswith(pattern[1:]):
        return len(pattern)
    return -1


def _path_rule(matcher: Body, path: str) -> tuple[str, Body] | None:
    """The pattern and the rule that fits best: an exact path, else the longest prefix; `/a/*` fits `/a/` and below."""
    best: tuple[int, str, Body] | None = None
    for rule in matcher.get("pathRules") or []:
        for pattern in rule.get("paths") or []:
            fits = path.startswith(pattern[:-1]) if pattern.endswith("/*") else path == pattern
            rank = len(pattern) + (0 if pattern.endswith("/*") else 100_000)
            if fits and (best is None or rank > best[0]):
                best = (rank, pattern, rule)
    return (best[1], best[2]) if best else None


def _route_match(rule: Body, request: Request) -> str | None:
    """The matched prefix when one of the rule's matches fits, else None; a rule without matches fits everything."""
    matches = rule.get("matchRules") or [{}]
    for match in matches:
        prefix = _path_match(match, request.path)
        if prefix is not None and _headers_match(match, request) and _query_matches(match, request):
            return prefix
    return None


def _path_match(match: Body, path: str) -> str | None:
    ignore = bool(match.get("ignoreCase"))
    compared = path.lower() if ignore else path
    if match.get("fullPathMatch"):
        wanted = match["fullPathMatch"].lower() if ignore else match["fullPathMatch"]
        return path if compared == wanted else None
    if match.get("regexMatch"):
        return path if re.fullmatch(match["regexMatch"], path) else None
    if match.get("pathTemplateMatch"):
        return path if re.fullmatch(_template(match["pathTemplateMatch"]), path) else None
    prefix = str(match.get("prefixMatch") or "")
    return path[: len(prefix)] if compared.startswith(prefix.lower() if ignore else prefix) else None


def _template(pattern: str) -> str:
    """`/a/{name=*}/**` as an expression."""
    parts = []
    for part in re.split(r"(\{[^}]*\}|\*\*|\*)", pattern):
        glob = part.strip("{}").partition("=")[2] or "*" if part.startswith("{") else part
        parts.append({"*": "[^/]+", "**": ".*"}.get(glob, re.escape(glob)))
    return "".join(parts)


def _headers_match(match: Body, request: Request) -> bool:
    for wanted in match.get("headerMatches") or []:
        value = request.header(str(wanted.get("headerName", "")).lower().encode()).decode("latin-1")
        if _text_matches(wanted, value, bool(value)) == bool(wanted.get("invertMatch")):
            return False
    return True


def _query_matches(match: Body, request: Request) -> bool:
    query = parse_qs(request.target.partition(b"?")[2].decode("latin-1"), keep_blank_values=True)
    for wanted in match.get("queryParameterMatches") or []:
        values = query.get(wanted.get("name", ""), [])
        if not _text_matches(wanted, values[0] if values else "", bool(values)):
            return False
    return True


def _text_matches(wanted: Body, value: str, present: bool) -> bool:
    if "exactMatch" in wanted:
        return present and value == wanted["exactMatch"]
    if "regexMatch" in wanted:
        return present and re.fullmatch(wanted["regexMatch"], value) is not None
    if "prefixMatch" in wanted:
        return present and value.startswith(wanted["prefixMatch"])
    if "suffixMatch" in wanted:
        return present and value.endswith(wanted["suffixMatch"])
    return present == bool(wanted.get("presentMatch", True))


def location(redirect: Body, request: Request, matched: str) -> str:
    """Where a redirect points to."""
    path, _, query = request.target.decode("latin-1").partition("?")
    if redirect.get("pathRedirect"):
        path = redirect["pathRedirect"]
    elif redirect.get("prefixRedirect"):
        path = redirect["prefixRedirect"] + path[len(matched) :]
    host = redirect.get("hostRedirect") or request.host
    scheme = "https" if redirect.get("httpsRedirect") or request.secure else "http"
    kept = f"?{query}" if query and not redirect.get("stripQuery") else ""
    return f"{scheme}://{host}{path}{kept}"


def rewritten(rewrite: Body, request: Request, matched: str) -> bytes:
    """The target of a request after a rewrite of its path."""
    path, mark, query = request.target.decode("latin-1").partition("?")
    if "pathPrefixRewrite" in rewrite:
        path = rewrite["pathPrefixRewrite"] + path[len(matched) :]
        path = path if path.startswith("/") else f"/{path}"
    return f"{path}{mark}{query}".encode("latin-1")


def seconds(duration: Body) -> float:
    """A `google.protobuf.Duration` as Compute spells it."""
    return int(duration.get("seconds", 0)) + int(duration.get("nanos", 0)) / 1e9

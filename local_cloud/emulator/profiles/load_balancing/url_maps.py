"""URL maps: which backend service answers which host and path, and whether a map means what its tests say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_cloud.emulator import operations
from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.profile import Body, ResourceType
from local_cloud.emulator.references import normalise

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_ACTION = "weightedBackendServices[].backendService"
_REFERENCES = (
    "defaultService",
    f"defaultRouteAction.{_ACTION}",
    "defaultRouteAction.requestMirrorPolicy.backendService",
    "pathMatchers[].defaultService",
    f"pathMatchers[].defaultRouteAction.{_ACTION}",
    "pathMatchers[].pathRules[].service",
    f"pathMatchers[].pathRules[].routeAction.{_ACTION}",
    "pathMatchers[].routeRules[].service",
    f"pathMatchers[].routeRules[].routeAction.{_ACTION}",
    "tests[].service",
)


def check(call: Call, before: Body | None, wanted: Body) -> None:
    """Host rules name path matchers that are there, hosts and paths stand once, redirects have no service beside."""
    matchers = [matcher.get("name") for matcher in wanted.get("pathMatchers") or []]
    _refuse_twice("pathMatchers[].name", matchers)
    hosts = [host for rule in wanted.get("hostRules") or [] for host in rule.get("hosts") or []]
    _refuse_twice("hostRules[].hosts", hosts)
    for rule in wanted.get("hostRules") or []:
        if rule.get("pathMatcher") not in matchers:
            raise _refused("hostRules[].pathMatcher", rule.get("pathMatcher"), "No path matcher has this name.")
    used = {rule.get("pathMatcher") for rule in wanted.get("hostRules") or []}
    for name in matchers:
        if name not in used:
            raise _refused("pathMatchers[].name", name, "No host rule uses this path matcher.")
    if wanted.get("defaultService") and wanted.get("defaultUrlRedirect"):
        raise _refused("defaultUrlRedirect", "", "It cannot stand beside defaultService.")
    for matcher in wanted.get("pathMatchers") or []:
        _check_matcher(matcher)


def _check_matcher(matcher: Body) -> None:
    paths = [path for rule in matcher.get("pathRules") or [] for path in rule.get("paths") or []]
    _refuse_twice("pathMatchers[].pathRules[].paths", paths)
    for path in paths:
        if not path.startswith("/") or "*" in path.removesuffix("/*"):
            raise _refused(
                "pathMatchers[].pathRules[].paths",
                path,
                "A path starts with / and may end in /*; no other * is allowed.",
            )
    if matcher.get("pathRules") and matcher.get("routeRules"):
        raise _refused("pathMatchers[].routeRules", "", "A path matcher has path rules or route rules, not both.")


def _refuse_twice(field: str, values: list[str | None]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise _refused(field, value, "It stands there more than once.")


def _refused(field: str, value: str | None, why: str) -> Exception:
    return invalid(f"Invalid value for field 'resource.{field}': '{value or ''}'. {why}", location=field)


def validate(call: Call) -> Body:
    """`urlMaps.validate`: load the map in the body and run its tests, without keeping anything."""
    wanted = dict(call.body.get("resource") or {})
    result: Body = {"loadSucceeded": True}
    try:
        normalise(call, wanted)
        check(call, None, wanted)
    except ApiError as error:
        return {"result": {"loadSucceeded": False, "loadErrors": [error.message]}}
    failures = list(_failures(wanted))
    result["testPassed"] = not failures
    if failures:
        result["testFailures"] = failures
    return {"result": result}


def _failures(url_map: Body) -> Iterator[Body]:
    for test in url_map.get("tests") or []:
        actual = service_of(url_map, test.get("host", ""), test.get("path", "/"))
        if test.get("service") and test["service"] != actual:
            yield {
                "host": test.get("host", ""),
                "path": test.get("path", ""),
                "expectedService": test["service"],
                "actualService": actual,
            }


def service_of(url_map: Body, host: str, path: str) -> str:
    """The backend service that the map sends `https://{host}{path}` to, empty for none: an exact host before the
    longest `*.` one before `*`; an exact path before the longest `/*` one."""
    matcher = _matcher(url_map, host)
    if matcher is None:
        return str(url_map.get("defaultService") or "")
    best = ("", str(matcher.get("defaultService") or ""))
    for rule in matcher.get("pathRules") or []:
        for pattern in rule.get("paths") or []:
            if _matches(pattern, path) and len(pattern) > len(best[0]):
                best = (pattern, str(rule.get("service") or ""))
    return best[1]


def _matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern.removesuffix("*")) if pattern.endswith("/*") else path == pattern


def _matcher(url_map: Body, host: str) -> Body | None:
    best, name = -1, ""
    for rule in url_map.get("hostRules") or []:
        for pattern in rule.get("hosts") or []:
            rank = _rank(pattern, host)
            if rank > best:
                best, name = rank, rule["pathMatcher"]
    return next((item for item in url_map.get("pathMatchers") or [] if item.get("name") == name), None)


def _rank(pattern: str, host: str) -> int:
    """How well a host pattern fits: above all the host itself, then the longer wildcard; -1 when it does not."""
    if pattern == host:
        return 1_000
    fits = pattern == "*" or (pattern.startswith("*.") and host.endswith(pattern[1:]))
    return len(pattern) if fits else -1


def invalidate_cache(call: Call) -> Body:
    """`urlMaps.invalidateCache`: the data plane keeps no cache, so an invalidation is done when it is asked for."""
    call.required("path")
    return operations.start(call, call.stored().name, "invalidateCache", None)


TYPES = tuple(
    ResourceType(
        collection,
        label="url_map",
        references=dict.fromkeys(_REFERENCES, service),
        check=check,
    )
    for collection, service in (("urlMaps", "backendServices"), ("regionUrlMaps", "regionBackendServices"))
)

METHODS = {
    "urlMaps.validate": validate,
    "regionUrlMaps.validate": validate,
    "urlMaps.invalidateCache": invalidate_cache,
}

"""Which pages of other origins may call a service from a browser: those of ALLOWED_ORIGINS, and no others."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
_HEADERS = "Authorization, Content-Type, traceparent"
# Seconds for which a browser need not ask again.
_AGE = "600"


def allowing(origins: frozenset[str]) -> web.middleware:  # type: ignore[valid-type]
    """A middleware that answers preflights and marks answers for `origins`."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = web.Response(status=204) if preflight else await handler(request)
        if not response.prepared:
            response.headers.add("Vary", "Origin")
            if origin in origins:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Credentials"] = "true"
                if preflight:
                    response.headers["Access-Control-Allow-Methods"] = _METHODS
                    response.headers["Access-Control-Allow-Headers"] = _HEADERS
                    response.headers["Access-Control-Max-Age"] = _AGE
        return response

    return middleware

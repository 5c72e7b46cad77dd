"""The page and its files: made once, served with headers that let nothing else in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from frontend.settings import Settings

_FILES = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# A file's address changes with its content, so that browsers and the CDN may keep it for good.
_FOREVER = "public, max-age=31536000, immutable"


class Pages:
    """Handlers of everything that a browser shows."""

    def __init__(self, settings: Settings) -> None:
        """Render the page for `settings`."""
        files = [path for path in _FILES.iterdir() if path.suffix in _TYPES]
        self._files = {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in files}
        joined = b"".join(content for _, (content, _) in sorted(self._files.items()))
        self._version = hashlib.sha256(joined).hexdigest()[:16]
        names: Mapping[str, str] = {
            "assets": f"/static/{self._version}",
            "auth_url": settings.public_auth_url,
            "conversation_url": settings.public_conversation_url,
            "environment": settings.environment,
            "version": settings.version,
        }
        template = Template((_FILES / "index.html").read_text(encoding="utf-8"))
        self._page = template.substitute({name: escape(value, quote=True) for name, value in names.items()})
        self._headers = {
            "Content-Security-Policy": _policy(settings),
            "Strict-Transport-Security": "max-age=31536000",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-cache",
        }

    def routes(self) -> list[web.RouteDef]:
        """Paths and who answers them."""
        return [web.get("/", self.page), web.get("/static/{version}/{name}", self.file)]

    async def page(self, _request: web.Request) -> web.Response:
        """The one page there is."""
        return web.Response(text=self._page, content_type="text/html", charset="utf-8", headers=self._headers)

    async def file(self, request: web.Request) -> web.Response:
        """A file of the page."""
        found = self._files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        content, kind = found
        current = request.match_info["version"] == self._version
        response = web.Response(body=content, content_type=kind, charset="utf-8")
        response.headers["Cache-Control"] = _FOREVER if current else "no-cache"
        response.enable_compression()
        return response


def _policy(settings: Settings) -> str:
    """https://www.w3.org/TR/CSP3/: nothing but what the page is made of, and whom it talks to."""
    connect = " ".join(["'self'", *settings.connect_origins])
    media = " ".join(sorted(settings.media_origins))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
        f" frame-ancestors 'none'; connect-src {connect}; media-src {media}"
    )

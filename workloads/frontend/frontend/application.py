"""The endpoints of the frontend."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from frontend.lead_import import LeadImport
from frontend.pages import Pages
from frontend.settings import Settings
from service_kit.server import Service, now

NAME = "frontend"


def build(variables: Mapping[str, str]) -> Service:
    """The service that `variables` describe; SettingsError when they make no sense."""
    settings = Settings.read(variables)
    service = Service(NAME, settings.server)

    async def health(_request: web.Request) -> web.Response:
        reason = await service.unready()
        body = {"status": "unavailable" if reason else "ok", "timestamp": now()}
        body |= {"environment": settings.environment, "version": settings.version}
        return web.json_response(body | ({"reason": reason} if reason else {}), status=503 if reason else 200)

    leads = LeadImport(settings)
    service.application.add_routes([web.get("/api/health", health), *Pages(settings).routes(), *leads.routes()])
    service.application.cleanup_ctx.append(leads.run)
    return service

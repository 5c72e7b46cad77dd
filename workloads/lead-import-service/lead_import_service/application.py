"""The endpoints of the lead-import-service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, web
from pymongo.errors import ConnectionFailure

from lead_import_service import files, leads
from lead_import_service.imports import MOST_ERRORS, Imports, prepare
from lead_import_service.leads import Row
from lead_import_service.settings import Settings
from service_kit.mongo import Database, Document
from service_kit.refusal import Refusal
from service_kit.server import Service, now

NAME = "lead-import-service"
_ROOT = "/leads/import-export"
# What a form has around the file.
_FRAME = 64 * 1024
_ID = re.compile(r"[A-Za-z0-9._@-]{1,128}")
_FIELD = "file"
# Errors shown in the answer to a validation.
_PREVIEW = 5


class LeadImport:
    """Handlers over one database."""

    def __init__(self, service: Service, settings: Settings, database: Database) -> None:
        """Answer for `service`."""
        self._service = service
        self._settings = settings
        self._database = database
        self._imports = Imports(database.collections)

    def routes(self) -> list[web.RouteDef]:
        """Paths and who answers them."""
        routes = [
            web.post(f"{_ROOT}/import", self.import_),
            web.get(f"{_ROOT}/import/{{id}}/progress", self.progress),
            web.post(f"{_ROOT}/validate", self.validate),
            web.get(f"{_ROOT}/template", self.template),
        ]
        return [*routes, *([web.get(self._settings.health_path, self.health)] if self._settings.health_path else [])]

    async def health(self, _request: web.Request) -> web.Response:
        """200 when requests are welcome, 503 with the reason otherwise; only where HEALTH_PATH is set."""
        reason = await self._service.unready()
        body = {"status": "unavailable" if reason else "ok", "timestamp": now(), "uptime": self._service.uptime}
        return web.json_response(body | ({"reason": reason} if reason else {}), status=503 if reason else 200)

    async def import_(self, request: web.Request) -> web.Response:
        """Take a file and import it in the background; 202 with the id to ask for the progress by."""
        tenant, user = _named(request, "tenantId"), _named(request, "userId")
        await self._database.require()
        file, rows = await self._rows(request)
        kept = await self._imports.begin(tenant, user, file, rows)
        return web.json_response({"importId": kept["_id"], **_shown(kept)}, status=202)

    async def progress(self, request: web.Request) -> web.Response:
        """How far an import is; 404 when there is none of that id."""
        kept = await self._imports.progress(request.match_info["id"])
        if kept is None or kept["tenantId"] != request.query.get("tenantId", kept["tenantId"]):
            raise Refusal(404, "not_found", "There is no import of this id.")
        return web.json_response({"importId": kept["_id"], **_shown(kept)})

    async def validate(self, request: web.Request) -> web.Response:
        """What is wrong with a file; nothing is imported."""
        file, rows = await self._rows(request)
        wrong = [error.shown() for row in rows for error in row.errors]
        good = [row for row in rows if not row.errors]
        addresses = {row.values["email"] for row in good}
        body = {
            "valid": not wrong,
            "fileName": file,
            "total": len(rows),
            "validRows": len(good),
            "invalidRows": len(rows) - len(good),
            "duplicates": len(good) - len(addresses),
            "errors": wrong[:MOST_ERRORS],
            "preview": [row.values for row in good[:_PREVIEW]],
        }
        return web.json_response(body)

    async def template(self, _request: web.Request) -> web.Response:
        """A CSV file to fill in."""
        headers = {"Content-Disposition": 'attachment; filename="leads-template.csv"'}
        return web.Response(text=leads.template(), content_type="text/csv", charset="utf-8", headers=headers)

    async def finish(self, _application: web.Application) -> None:
        """Requests have ended: let imports end as well."""
        await self._imports.finish(self._service.left)

    async def _rows(self, request: web.Request) -> tuple[str, list[Row]]:
        """The name and the rows of the uploaded file, read off the event loop."""
        name, content = await self._file(request)
        rows = await asyncio.to_thread(
            lambda: list(leads.rows_of(files.rows_of(name, content, self._settings.file_types)))
        )
        if not rows:
            raise Refusal(400, "empty_file", "The file has a header and no rows.")
        return name, rows

    async def _file(self, request: web.Request) -> tuple[str, bytes]:
        if request.content_type != "multipart/form-data":
            raise Refusal(415, "unsupported_body", f"Wanted is multipart/form-data with a file in the field {_FIELD}.")
        if (request.content_length or 0) > self._settings.max_file_size + _FRAME:
            raise self._too_large()
        try:
            async for part in await request.multipart():
                if isinstance(part, BodyPartReader) and part.name == _FIELD and part.filename is not None:
                    return part.filename, await self._content(part)
        except (ValueError, AssertionError):
            raise Refusal(400, "invalid_form", "The form is damaged.") from None
        raise Refusal(400, "missing_field", f"The form has no file in the field {_FIELD}.", field=_FIELD)

    async def _content(self, part: BodyPartReader) -> bytes:
        content = bytearray()
        while chunk := await part.read_chunk(65536):
            content += chunk
            if len(content) > self._settings.max_file_size:
                raise self._too_large()
        return bytes(content)

    def _too_large(self) -> Refusal:
        limit = self._settings.max_file_size
        # The rest of the body is not wanted: the connection ends with the answer.
        headers = {"Connection": "close"}
        return Refusal(413, "too_large", f"The file has more than {limit} bytes.", maxFileSize=limit, headers=headers)


def _named(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not _ID.fullmatch(value):
        message = f"{name} is a query parameter of 1 to 128 letters, digits and . _ @ -."
        raise Refusal(400, "missing_field" if not value else "invalid_field", message, field=name)
    return value


def _shown(kept: Document) -> dict[str, Any]:
    """An import as answers have it: times in ISO 8601, `progress` in per cent."""
    plain = ("status", "fileName", "total", "processed", "imported", "duplicates", "failed", "errors")
    body = {key: kept[key] for key in plain}
    body["progress"] = round(100 * kept["processed"] / kept["total"])
    for key in ("createdAt", "finishedAt"):
        if key in kept:
            body[key] = kept[key].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return body | ({"reason": kept["reason"]} if "reason" in kept else {})


def build(variables: Mapping[str, str]) -> Service:
    """The service that `variables` describe; SettingsError when they make no sense."""
    settings = Settings.read(variables)
    service = Service(NAME, settings.server, largest_body=settings.max_file_size + _FRAME)
    database = Database(settings.mongodb_uri, "crm", prepare)
    service.checks.append(database.unreachable)
    service.away = (ConnectionFailure,)
    handlers = LeadImport(service, settings, database)
    service.application.add_routes(handlers.routes())

    async def close(_application: web.Application) -> None:
        await database.close()

    service.application.on_shutdown.append(handlers.finish)
    service.application.on_cleanup.append(close)
    return service

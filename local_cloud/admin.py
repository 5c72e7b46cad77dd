"""The admin API: HTTP over a unix socket, for the command line and for tests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_cloud import container_metadata
from local_cloud.emulator.http import Request
from local_cloud.journal import Query

if TYPE_CHECKING:
    from local_cloud.daemon import Daemon

LONGEST_TOKEN = timedelta(hours=12)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bad input is a 400 with the message, what is not there a 404."""
    try:
        return await handler(request)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    except FileNotFoundError as error:
        return web.json_response({"error": str(error)}, status=404)


class AdminApi:
    """The routes, each a few words to the daemon."""

    def __init__(self, daemon: Daemon) -> None:
        """Speak for `daemon`."""
        self._daemon = daemon

    def application(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(middlewares=[refusals])
        application.add_routes(
            [
                web.get("/status", self._status),
                web.get("/environment", self._environment),
                web.post("/stop", self._stop),
                web.post("/reset", self._reset),
                web.get("/snapshots", self._snapshots),
                web.post("/snapshots", self._snapshot),
                web.post("/restore", self._restore),
                web.get("/faults", self._faults),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.get("/journal", self._journal),
                web.get("/journal/count", self._journal_count),
                web.get("/journal/follow", self._journal_follow),
                web.get("/settings", self._settings),
                web.patch("/settings", self._change_settings),
                web.get("/clock", self._clock),
                web.post("/clock", self._change_clock),
                web.post("/tokens", self._token),
                web.route("*", "/metadata{path:.*}", self._metadata),
                web.get("/resources", self._resources),
                web.post("/registry/cleanup", self._registry_cleanup),
                web.patch("/resources", self._note_resources),
            ]
        )
        return application

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.status())

    async def _environment(self, _: web.Request) -> web.Response:
        return web.json_response(await self._daemon.environment())

    async def _stop(self, _: web.Request) -> web.Response:
        self._daemon.stop()
        return web.json_response({"stopping": True})

    async def _reset(self, _: web.Request) -> web.Response:
        await self._daemon.reset()
        return web.json_response({"reset": True})

    async def _snapshots(self, _: web.Request) -> web.Response:
        return web.json_response({"snapshots": self._daemon.snapshots.names()})

    async def _snapshot(self, request: web.Request) -> web.Response:
        name = _text(await _body(request), "name")
        size = self._daemon.snapshots.take(name)
        return web.json_response({"snapshot": name, "bytes": size})

    async def _restore(self, request: web.Request) -> web.Response:
        name = _text(await _body(request), "name")
        await self._daemon.restore(name)
        return web.json_response({"restored": name})

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": self._daemon.cloud.faults.listed()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        rule = self._daemon.cloud.faults.add(await _body(request))
        return web.json_response({"id": rule.id})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        chosen = request.query.get("id")
        if chosen is not None and not chosen.isdigit():
            raise ValueError(f"faults: id {chosen!r} is not a number")
        cleared = self._daemon.cloud.faults.clear(int(chosen) if chosen is not None else None)
        if chosen is not None and not cleared:
            raise FileNotFoundError(f"faults: there is no rule {chosen}")
        return web.json_response({"cleared": cleared})

    async def _journal(self, request: web.Request) -> web.Response:
        return web.json_response({"exchanges": self._daemon.journal.find(Query.parse(request.query))})

    async def _journal_count(self, request: web.Request) -> web.Response:
        return web.json_response({"count": self._daemon.journal.count(Query.parse(request.query))})

    async def _journal_follow(self, request: web.Request) -> web.StreamResponse:
        """Exchanges as JSON lines, as they come, until the client goes."""
        given = dict(request.query)
        journal = self._daemon.journal
        Query.parse(given)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        while not self._daemon.stopping:
            exchanges, seen = journal.find(Query.parse(given)), journal.last
            for exchange in exchanges:
                await response.write(json.dumps(exchange).encode() + b"\n")
            given = {**given, "after": str(seen), "limit": "0"}
            await journal.beyond(seen)
        return response

    async def _settings(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.cloud.settings.as_dict())

    async def _change_settings(self, request: web.Request) -> web.Response:
        return web.json_response(self._daemon.change_settings(await _body(request)))

    async def _clock(self, _: web.Request) -> web.Response:
        return web.json_response(self._clock_now())

    async def _change_clock(self, request: web.Request) -> web.Response:
        given = await _body(request)
        clock = self._daemon.cloud.clock
        if given.get("reset"):
            clock.reset()
        else:
            clock.advance(_seconds(given, "advance"))
        return web.json_response(self._clock_now())

    def _clock_now(self) -> dict[str, Any]:
        clock = self._daemon.cloud.clock
        return {"now": clock.now().isoformat(), "ahead_seconds": clock.offset.total_seconds()}

    async def _token(self, request: web.Request) -> web.Response:
        given = await _body(request)
        lifetime = _seconds(given, "lifetime") if "lifetime" in given else timedelta(hours=1)
        if not timedelta() < lifetime <= LONGEST_TOKEN:
            raise ValueError(f"lifetime: {lifetime.total_seconds():g} is not above 0 and at most 43200 seconds")
        principal = self._daemon.cloud.named(_text(given, "member"))
        issued = self._daemon.cloud.tokens.issue(principal, lifetime)
        return web.json_response({"token": issued.token, "expires": issued.expires.isoformat()})

    async def _registry_cleanup(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.cloud.registry.cleanup())

    async def _metadata(self, request: web.Request) -> web.Response:
        """What the metadata server of a container answers."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.rel_url.raw_path.removeprefix("/metadata")
        query = request.rel_url.raw_query_string
        asked = Request(request.method, "metadata.google.internal", path, query, headers)
        said = container_metadata.answer(self._daemon.cloud, asked)
        return web.Response(status=said.status, headers=dict(said.headers), body=said.body)

    async def _resources(self, request: web.Request) -> web.Response:
        """Resources of the services in `service` (repeated), once their revision is another than `after`."""
        services = frozenset(request.query.getall("service", []))
        if not services:
            raise ValueError("service: at least one is wanted")
        after = request.query.get("after", "0")
        if not after.isdigit():
            raise ValueError(f"after: {after!r} is not a revision")
        revision = await self._daemon.resources.beyond(services, int(after))
        found = [stored for service in sorted(services) for stored in self._daemon.resources.listed(service)]
        return web.json_response(
            {
                "revision": revision,
                "resources": [
                    {"service": one.service, "name": one.name, "collection": one.collection, "body": one.body}
                    for one in found
                ],
            }
        )

    async def _note_resources(self, request: web.Request) -> web.Response:
        """Write back what a runtime's process found out: `changes`, each `service`, `name` and `fields` by path, or
        `remove` for a resource that it has ended."""
        changes = (await _body(request)).get("changes")
        if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
            raise ValueError("changes: a list of objects is wanted")
        for change in changes:
            fields = change.get("fields")
            if change.get("remove") is True:
                self._daemon.resources.remove(_text(change, "service"), _text(change, "name"))
                continue
            if not isinstance(fields, dict):
                raise ValueError(f"fields: {fields!r} is not an object")
            self._daemon.resources.patch(_text(change, "service"), _text(change, "name"), fields)
        return web.json_response({"changed": len(changes)})


async def _body(request: web.Request) -> Mapping[str, Any]:
    try:
        given = await request.json()
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError("the body is not a JSON object")
    return given


def _text(given: Mapping[str, Any], name: str) -> str:
    if not isinstance(given.get(name), str) or not given[name]:
        raise ValueError(f"{name}: {given.get(name)!r} is not text")
    return str(given[name])


def _seconds(given: Mapping[str, Any], name: str) -> timedelta:
    value = given.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is not a number of seconds")
    return timedelta(seconds=value)

"""One request through the daemon: read it, find the caller, apply fault rules, let the cloud answer, write it down."""

from __future__ import annotations

import asyncio
import gzip
import io
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http_writer import HttpVersion10

from local_cloud.destination import DEFAULT_STYLE, Destination
from local_cloud.emulator.http import Request, Response
from local_cloud.forwarding import Forwarder, asked_for
from local_cloud.hosts import LOOPBACK, Answerer, HostTable
from local_cloud.journal import Exchange, Journal, stamp
from local_cloud.masking import masked, readable
from local_cloud.registry.refusals import of_api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.cloud import Cloud
    from local_cloud.faults import FaultRule
    from local_cloud.twins import Twin

# A body is held in memory whole. Cloud Storage objects larger than this do not belong on a laptop.
LARGEST_BODY = 2 * 1024**3

# What the emulator notes on an answer in the `audit` mode of IAM.
WOULD_DENY = "X-Local-Cloud-Would-Deny"

# Headers that say how one connection carried the body, not what the body is.
HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date"})


@dataclass(frozen=True)
class Outcome:
    """What became of a request."""

    response: Response
    destination: Destination | None = None
    fault: FaultRule | None = None
    refused: bool = False
    dropped: bool = False


class BodyTooLargeError(ValueError):
    """A request body over `LARGEST_BODY`."""


class FrontDesk:
    """The request handler of aiohttp's server, for every host and both schemes."""

    def __init__(self, cloud: Cloud, journal: Journal, table: HostTable) -> None:
        """Answer from `cloud`, write into `journal`."""
        self._cloud = cloud
        self._journal = journal
        self._table = table
        self._forwarder = Forwarder()

    async def close(self) -> None:
        """End what is open towards the cloud's own addresses."""
        await self._forwarder.close()

    async def handle(self, received: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        started = time.perf_counter()
        at = datetime.now(UTC)
        asked = asked_for(received.raw_path)
        where = self._table.upstream(*asked) if asked is not None else None
        if where is not None:
            return await self._forwarded(received, where, started, at)
        try:
            request = address(received)
            if self._cloud.registry.serves(request.host):
                request = self._cloud.registry_request(request)
                outcome = await self._pushed_or_pulled(request, received)
            else:
                request = await read(received)
                request = replace(request, principal=self._cloud.principal(request))
                outcome = await self._outcome(request, received)
        except (BodyTooLargeError, gzip.BadGzipFile, EOFError) as error:
            request = address(received)
            outcome = Outcome(Response.text(413 if isinstance(error, BodyTooLargeError) else 400, f"{error}\n"))
        self._record(request, outcome, stamp(at), (time.perf_counter() - started) * 1000)
        if outcome.dropped:
            return drop(received)
        return to_aiohttp(outcome.response, received)

    async def _forwarded(
        self, received: web.BaseRequest, where: Twin, started: float, at: datetime
    ) -> web.StreamResponse:
        """Pass a plain request on to what stands for its host, and write it down."""
        answer, size = await self._forwarder.forward(received, where)
        outcome = Outcome(Response.empty(answer.status))
        milliseconds = (time.perf_counter() - started) * 1000
        self._record(address(received), outcome, stamp(at), milliseconds, size)
        return answer

    def refuse(self, host: str, port: str) -> Response:
        """The answer to CONNECT for a host outside the table, written down."""
        response = refusal(host)
        self.note_tunnel(host, port, response, refused=True)
        return response

    def note_tunnel(self, host: str, port: str, response: Response, *, refused: bool = False) -> None:
        """Write down a CONNECT that was not terminated here."""
        outcome = Outcome(response, refused=refused)
        self._record(Request("CONNECT", host, f":{port}"), outcome, stamp(datetime.now(UTC)), 0.0)

    async def _outcome(self, request: Request, received: web.BaseRequest) -> Outcome:
        if self._for_metadata(request, received):
            destination = self._cloud.metadata.destination(request)
        elif self._table.answerer(request.host) is Answerer.GOOGLE:
            destination = self._cloud.destination(request)
        else:
            return Outcome(refusal(request.host), refused=True)
        member = request.principal.member if request.principal is not None else ""
        fault = self._cloud.faults.hit(destination.service, destination.method_id, destination.resource, member)
        if fault is None:
            return Outcome(destination.answer(request), destination)
        return await self._faulty(request, destination, fault)

    async def _pushed_or_pulled(self, request: Request, received: web.BaseRequest) -> Outcome:
        """The registry reads the body itself: layers are not held in memory."""
        await expected(received)
        registry = self._cloud.registry
        method_id, resource = registry.addressed(request)
        destination = Destination("artifactregistry", method_id, resource, DEFAULT_STYLE, lambda _: Response.empty())
        member = request.principal.member if request.principal is not None else ""
        fault = self._cloud.faults.hit(destination.service, method_id, resource, member)
        if fault is not None:
            await asyncio.sleep(fault.latency)
            error = fault.error()
            if error is not None:
                return Outcome(of_api(error).response(), destination, fault)
            if fault.drop == "request":
                return Outcome(Response.empty(), destination, fault, dropped=True)
        response = await registry.answer(request, received.content.iter_any())
        return Outcome(response, destination, fault, dropped=fault is not None and fault.drop == "response")

    def _for_metadata(self, request: Request, received: web.BaseRequest) -> bool:
        """The metadata server is asked by name through the proxy, or at the proxy's own address."""
        if self._table.answerer(request.host) is Answerer.METADATA:
            return True
        return received.raw_path.startswith("/") and not is_secure(received) and request.host in LOOPBACK_NAMES

    async def _faulty(self, request: Request, destination: Destination, fault: FaultRule) -> Outcome:
        await asyncio.sleep(fault.latency)
        error = fault.error()
        if error is not None:
            return Outcome(error.response(destination.style), destination, fault)
        if fault.drop == "request":
            return Outcome(Response.empty(), destination, fault, dropped=True)
        return Outcome(destination.answer(request), destination, fault, dropped=fault.drop == "response")

    def _record(
        self, request: Request, outcome: Outcome, at: str, milliseconds: float, streamed: int | None = None
    ) -> None:
        """`streamed` is how many bytes of body were passed on without being kept."""
        destination = outcome.destination
        bodies = self._cloud.settings.journal_bodies
        path = f"{request.path}?{request.query}" if request.query else request.path
        self._journal.record(
            Exchange(
                time=at,
                verb=request.method,
                host=request.host,
                path=masked(path),
                status=0 if outcome.dropped else outcome.response.status,
                duration_ms=round(milliseconds, 3),
                service=destination.service if destination else "",
                method_id=destination.method_id if destination else "",
                resource=destination.resource if destination else "",
                principal=request.principal.member if request.principal else "",
                refused=outcome.refused,
                dropped=outcome.dropped,
                reason=reason(outcome.response),
                would_deny=outcome.response.headers.get(WOULD_DENY, ""),
                fault=outcome.fault.id if outcome.fault else None,
                request_bytes=len(request.body) or int(request.headers.get("content-length", 0)),
                response_bytes=size_of(outcome.response),
                request_body=readable(request.body) if bodies else None,
                response_body=readable(outcome.response.body) if bodies else None,
            )
        )


LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost"})


def is_secure(received: web.BaseRequest) -> bool:
    """Whether the request came over TLS."""
    return received.transport is not None and received.transport.get_extra_info("ssl_object") is not None


def address(received: web.BaseRequest) -> Request:
    """The request without its body."""
    target = received.raw_path
    host = received.headers.get("Host", "")
    if target.startswith(("http://", "https://")):
        host, _, rest = target.partition("://")[2].partition("/")
        target = f"/{rest}"
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in received.headers.items()}
    return Request(received.method, host.rpartition("@")[2].partition(":")[0].lower(), path, query, headers)


async def expected(received: web.BaseRequest) -> None:
    """Tell a client that waits for it to send the body."""
    if received.headers.get("Expect", "").lower() == "100-continue" and received.version > HttpVersion10:
        await received.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def read(received: web.BaseRequest) -> Request:
    """The whole request, its body as the API is to see it; BodyTooLargeError, BadGzipFile or EOFError otherwise."""
    await expected(received)
    parts: list[bytes] = []
    size = 0
    async for chunk in received.content.iter_any():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise BodyTooLargeError(f"The local cloud takes bodies of at most {LARGEST_BODY} bytes.")
        parts.append(chunk)
    return decoded(replace(address(received), body=b"".join(parts)))


def decoded(request: Request) -> Request:
    """The request with a gzip body unpacked, except for an upload, whose encoding belongs to the object."""
    if request.headers.get("content-encoding", "").lower() != "gzip" or request.path.startswith("/upload/"):
        return request
    with gzip.GzipFile(fileobj=io.BytesIO(request.body)) as packed:
        body = packed.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise BodyTooLargeError(f"The local cloud takes bodies of at most {LARGEST_BODY} bytes.")
    headers = {name: value for name, value in request.headers.items() if name != "content-encoding"}
    return replace(request, body=body, headers=headers)


def refusal(host: str) -> Response:
    """403 for a host that the local cloud does not answer for."""
    text = (
        f"The local cloud refuses {host or 'a request without a host'}: it answers for Google's APIs and lets nothing "
        "else through (local_cloud/hosts.py has the table).\n"
    )
    return Response.text(403, text)


def reason(response: Response) -> str:
    """Google's word for an error: of its ErrorInfo, else of the older list, else the canonical status, else OAuth's."""
    if response.status < 400 or "json" not in response.headers.get("Content-Type", ""):
        return ""
    error = response.parsed().get("error", "")
    if not isinstance(error, dict):
        return str(error)
    named = [detail["reason"] for detail in error.get("details", []) if detail.get("reason")]
    named += [entry["reason"] for entry in error.get("errors", []) if entry.get("reason")]
    return str(next(iter(named), error.get("status", "")))


def to_aiohttp(response: Response, received: web.BaseRequest) -> web.StreamResponse:
    """The answer as aiohttp sends it."""
    headers = {"Server": "local-cloud"} | kept_headers(response.headers, received.method == "HEAD")
    if response.file is not None:
        return web.FileResponse(response.file, headers=headers)
    body = None if response.status in (204, 304) else response.body
    return web.Response(status=response.status, headers=headers, body=body)


def kept_headers(headers: Mapping[str, str], is_head: bool) -> dict[str, str]:
    """The headers to send: those of the connection are the server's own, except the length in the answer to HEAD."""
    dropped = HOP_HEADERS - {"content-length"} if is_head else HOP_HEADERS
    return {name: value for name, value in headers.items() if name.lower() not in dropped}


def size_of(response: Response) -> int:
    """Bytes of the answer's body."""
    return response.file.stat().st_size if response.file is not None else len(response.body)


def drop(received: web.BaseRequest) -> web.StreamResponse:
    """Cut the connection; what is returned is never sent."""
    if received.transport is not None:
        received.transport.abort()
    return web.Response(status=500)

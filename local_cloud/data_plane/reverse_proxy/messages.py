"""Requests, and what is decided about them: an answer at once, or a backend to forward to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloud.data_plane.reverse_proxy.backends import Backend

# Names as they came on the wire; `Request.header` compares without case.
Headers = list[tuple[bytes, bytes]]

# Headers of one connection, not of the message (RFC 9110, 7.6.1). Framing is written anew on the other side.
HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade", b"http2-settings"}
)
# Methods that may be sent twice when a connection broke before any answer (RFC 9110, 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@dataclass(slots=True)
class Request:
    """The head of a request: `target` is what stood in the request line; `peer` and `local` are IP addresses."""

    method: str
    target: bytes
    headers: Headers
    version: str = "1.1"
    secure: bool = False
    peer: str = ""
    local: str = ""

    def header(self, name: bytes) -> bytes:
        """The first value of a header (lower-case `name`), empty when it is missing."""
        for given, value in self.headers:
            if given.lower() == name:
                return value
        return b""

    @property
    def host(self) -> str:
        """The host name it is for: lower case, without the port."""
        return self.header(b"host").decode("latin-1").rpartition("@")[2].partition(":")[0].lower().rstrip(".")

    @property
    def path(self) -> str:
        """The path of the target, still percent-encoded, without the query."""
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def is_websocket(self) -> bool:
        """Whether it asks to become a WebSocket."""
        return self.header(b"upgrade").lower() == b"websocket"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that needs no backend."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Failures:
    """What is answered when a backend does not answer; the words are those of the load balancer that stands here."""

    no_backend: Answer
    unreachable: Answer
    timeout: Answer


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to `backend`.

    `target` replaces the request's own. `set_headers` replace or join the client's, `response_headers` those of the
    answer (an empty value removes). `seconds` is how long the whole exchange may take.
    """

    backend: Backend
    failures: Failures
    seconds: float
    target: bytes = b""
    set_headers: tuple[tuple[bytes, bytes], ...] = ()
    response_headers: tuple[tuple[bytes, bytes], ...] = ()
    done: Callable[[], None] | None = field(default=None, compare=False)


Decision = Answer | Forward
# Decides about a request, at once where it can: an awaitable costs a task.
Handler = Callable[[Request], "Decision | Awaitable[Decision]"]


def plain(status: int, text: str) -> Answer:
    """An answer of plain text."""
    return Answer(status, ((b"content-type", b"text/plain"),), text.encode())


def status_line(status: int) -> bytes:
    """The first line of an answer."""
    known = status in HTTPStatus._value2member_map_
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase if known else ''}\r\n".encode()


def head(first_line: bytes, headers: Headers) -> bytes:
    """A message head in bytes."""
    lines = [first_line]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def end_to_end(headers: Headers, replaced: frozenset[bytes] = frozenset()) -> Headers:
    """The headers to pass on: without those of the connection, those that `Connection` names, and `replaced` ones."""
    dropped = HOP_BY_HOP | replaced
    for name, value in headers:
        if name.lower() == b"connection":
            dropped |= frozenset(part.strip().lower() for part in value.split(b","))
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def forwarded_head(request: Request, forward: Forward, *, chunked: bool) -> bytes:
    """The head of `request` as the backend gets it; the body follows in chunks when `chunked`."""
    replaced = frozenset(name.lower() for name, _ in forward.set_headers)
    headers = end_to_end(request.headers, replaced)
    headers += [pair for pair in forward.set_headers if pair[1]]
    if chunked:
        headers.append((b"Transfer-Encoding", b"chunked"))
    if request.is_websocket:
        headers += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    target = forward.target or request.target
    return head(b"%s %s HTTP/1.1\r\n" % (request.method.encode(), target), headers)

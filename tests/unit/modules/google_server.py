"""A proxy on a loopback port that ends TLS for any host and answers from a script: the edge of the world."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer, or the end of the connection after the request was read (`drop`)."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


DROP = Reply(drop=True)

Script = Callable[[Received], Reply]


def google_error(status: int, reason: str, message: str = "no", **metadata: str) -> Reply:
    """An error in the form of google.rpc.Status with an ErrorInfo."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}
    return Reply(status, {"error": {"code": status, "message": message, "status": "X", "details": [info]}})


def in_turn(*replies: Reply) -> Script:
    """A script that gives each reply once, whatever is asked; asking more often is an error."""
    left = iter(replies)
    return lambda _request: next(left)


class GoogleServer:
    """The listening proxy. `received` are the requests in order; `refused_hosts` get 403 on CONNECT."""

    def __init__(self, directory: Path) -> None:
        self.script: Script = lambda _request: Reply()
        self.received: list[Received] = []
        self.refused_hosts: set[str] = set()
        self.authority = trustme.CA()
        self.ca_file = directory / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def params(self) -> dict[str, Any]:
        """Module parameters that lead here."""
        return {
            "auth_kind": "access_token",
            "access_token": "token-of-the-test",
            "proxy": self.url,
            "ca_certificates": str(self.ca_file),
            "retry_timeout": 60,
        }

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            host = self._connect(connection)
            if not host:
                return
            try:
                with self._context(host).wrap_socket(connection, server_side=True) as secure:
                    _Handler(secure, self, host)
            except OSError:
                return

    def _connect(self, connection: socket.socket) -> str:
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = connection.recv(4096)
            if not chunk:
                return ""
            head += chunk
        host = head.split(b" ")[1].split(b":")[0].decode()
        if host in self.refused_hosts:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return ""
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        return host

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, secure: ssl.SSLSocket, owner: GoogleServer, host: str) -> None:
        self.owner = owner
        self.host = host
        super().__init__(secure, ("127.0.0.1", 0), None)  # type: ignore[arg-type]

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        received = Received(
            self.command,
            self.host,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        self.owner.received.append(received)
        reply = self.owner.script(received)
        if reply.drop:
            self.close_connection = True
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815  (http.server's names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name in the base class)
        """Say nothing: the tests look at `received`."""


@contextmanager
def google_server(directory: Path) -> Iterator[GoogleServer]:
    server = GoogleServer(directory)
    try:
        yield server
    finally:
        server.close()

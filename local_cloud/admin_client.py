"""A client of the admin API: for the command line, and for programs that drive a local cloud."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Longest wait for an answer, in seconds; a snapshot of a large cloud takes a while.
ANSWER_SECONDS = 60.0


class NotRunningError(ConnectionError):
    """Nobody answers on the admin socket."""


class RefusedError(ValueError):
    """The daemon understood and refused; the message says why."""


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, seconds: float | None) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class AdminClient:
    """One method per thing that can be asked; NotRunningError without a daemon, RefusedError for bad input."""

    def __init__(self, socket_path: Path, patience: float = ANSWER_SECONDS) -> None:
        """Speak to the daemon at `socket_path`; TimeoutError when an answer takes longer than `patience` seconds."""
        self._socket = socket_path
        self._patience = patience

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """Ask; the JSON object of the answer."""
        return self._exchange("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Tell; the JSON object of the answer."""
        return self._exchange("POST", path, body or {})

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change; the JSON object of the answer."""
        return self._exchange("PATCH", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        """Remove; the JSON object of the answer."""
        return self._exchange("DELETE", path)

    def lines(self, path: str, query: Mapping[str, str | int]) -> Iterator[dict[str, Any]]:
        """JSON lines as they come, until the daemon ends."""
        with closing(_SocketConnection(self._socket, None)) as connection:
            self._send(connection, "GET", f"{path}?{urlencode(query)}", None)
            response = connection.getresponse()
            if response.status != 200:
                raise RefusedError(_object(response.read()).get("error", response.reason))
            for line in response:
                yield json.loads(line)

    def _exchange(self, verb: str, target: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        with closing(_SocketConnection(self._socket, self._patience)) as connection:
            self._send(connection, verb, target, body)
            response = connection.getresponse()
            answer = _object(response.read())
        if response.status != 200:
            raise RefusedError(answer.get("error", f"{response.status} {response.reason}"))
        return answer

    def _send(
        self, connection: http.client.HTTPConnection, verb: str, target: str, body: Mapping[str, Any] | None
    ) -> None:
        payload = None if body is None else json.dumps(body)
        try:
            connection.request(verb, target, payload, {"Content-Type": "application/json"})
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunningError(f"no daemon answers on {self._socket}") from error


def _object(payload: bytes) -> dict[str, Any]:
    """The JSON object in an answer; what is no JSON object becomes its `error`."""
    try:
        found = json.loads(payload)
    except ValueError:
        return {"error": payload.decode("utf-8", "replace").strip()}
    return found if isinstance(found, dict) else {"error": str(found)}

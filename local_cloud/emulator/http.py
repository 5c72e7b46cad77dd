"""The request and response that pass between the daemon and the emulator (docs/architecture.md section 2.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from local_cloud.identity.principal import Principal

JSON_TYPE = "application/json; charset=UTF-8"


@dataclass(frozen=True)
class Request:
    """One API call: `path` is raw (still percent-encoded, no query), header names are lower-case."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    principal: Principal | None = None

    def json(self) -> Any:
        """The parsed body; `{}` for an empty one. ValueError when it is not JSON."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True)
class Response:
    """One answer: `headers` need no Content-Length, the daemon adds it. `file` is sent in place of `body`, or the range
    of it that was asked for."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: Path | None = None

    @classmethod
    def json(cls, status: int, body: Any, headers: Mapping[str, str] | None = None, *, pretty: bool = True) -> Self:
        """An answer with `body` as JSON, indented as Google sends it unless the client asked for less."""
        payload = json.dumps(body, indent=2 if pretty else None, ensure_ascii=False).encode() + b"\n"
        return cls(status, {"Content-Type": JSON_TYPE, **(headers or {})}, payload)

    @classmethod
    def empty(cls, status: int = 204, headers: Mapping[str, str] | None = None) -> Self:
        """An answer without a body."""
        return cls(status, dict(headers or {}))

    @classmethod
    def text(cls, status: int, body: str, content_type: str = "text/plain; charset=UTF-8") -> Self:
        """An answer in plain text (or `content_type`)."""
        return cls(status, {"Content-Type": content_type}, body.encode())

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """The same answer with `headers` added or replaced."""
        return replace(self, headers={**self.headers, **headers})

    def parsed(self) -> Any:
        """The JSON in the body; None when there is none."""
        return json.loads(self.body) if self.body else None

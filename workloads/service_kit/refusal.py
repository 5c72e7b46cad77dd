"""A request that is refused, and the body that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


class Refusal(Exception):
    """Answered with `status` and `{"error": message, "code": code, **details}`; `headers` go with it."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **details: Any
    ) -> None:
        """Refuse with `status`; `code` is for programs, `message` for people."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The answer."""
        body = {"error": str(self), "code": self.code, **self.details}
        return web.json_response(body, status=self.status, headers=self.headers)


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in a request; Refusal 400 when there is none."""
    try:
        body = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_json", "The body is not a JSON object.")
    return body


def text_of(body: Mapping[str, Any], name: str, *, longest: int, default: str | None = None) -> str:
    """The text `name` of `body`, without blanks around it; Refusal 400 naming it when it is no text of that length."""
    value = body.get(name, default)
    if value is None or value == "":
        raise Refusal(400, "missing_field", f"{name} is required.", field=name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise Refusal(400, "invalid_field", f"{name} is a text of 1 to {longest} characters.", field=name)
    return value.strip()

"""What the OAuth endpoints read and answer: form or JSON parameters, and RFC 6749 errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from local_cloud.emulator.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class OAuthError(Exception):
    """One refusal in the shape of RFC 6749 section 5.2."""

    error: str
    description: str = ""
    status: int = 400

    def response(self) -> Response:
        """The whole answer."""
        body = {"error": self.error}
        if self.description:
            body["error_description"] = self.description
        return Response.json(self.status, body)


def parameters(request: Request) -> Mapping[str, str]:
    """The parameters of query and body (form, or JSON in camelCase or snake_case); OAuthError if it is neither."""
    found = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.headers.get("content-type", "").startswith("application/json"):
        found |= _json_parameters(request.body)
    else:
        found |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return found


def _json_parameters(body: bytes) -> dict[str, str]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError as error:
        raise OAuthError("invalid_request", f"The body is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise OAuthError("invalid_request", "The body is not a JSON object.")
    return {_snake(name): value if isinstance(value, str) else json.dumps(value) for name, value in parsed.items()}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def required(found: Mapping[str, str], name: str) -> str:
    """The parameter `name`; OAuthError when it is missing."""
    if not found.get(name):
        raise OAuthError("invalid_request", f"Missing required parameter: {name}")
    return found[name]


def bearer(request: Request) -> str | None:
    """The access token a request presents, in its header or its query; None without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return dict(parse_qsl(request.query)).get("access_token")

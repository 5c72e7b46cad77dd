"""Errors of the Atlas Admin API: a code that clients know, a sentence for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local_cloud.emulator.http import Response


@dataclass
class AtlasError(Exception):
    """One refusal, e.g. 404 `CLUSTER_NOT_FOUND`."""

    status: int
    code: str
    detail: str
    parameters: Sequence[Any] = ()

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """The whole answer."""
        body = {
            "detail": self.detail,
            "error": self.status,
            "errorCode": self.code,
            "parameters": list(self.parameters),
            "reason": HTTPStatus(self.status).phrase,
        }
        return Response.json(self.status, body, {"Content-Type": "application/json", **(headers or {})}, pretty=False)


def invalid(attribute: str, why: str) -> AtlasError:
    """400: a field is wrong."""
    return AtlasError(400, "INVALID_ATTRIBUTE", f"Invalid attribute {attribute} specified: {why}.", [attribute])

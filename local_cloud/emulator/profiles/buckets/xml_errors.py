"""Refusals of Cloud Storage's XML API, which answers at the root of its host."""

from __future__ import annotations

from xml.sax.saxutils import escape

from local_cloud.emulator.http import Response

_TYPE = "application/xml; charset=UTF-8"
# What the XML API calls what the JSON API answers with a status.
_CODES = {
    400: ("InvalidArgument", "Invalid argument."),
    401: ("AuthenticationRequired", "Authentication required."),
    403: ("AccessDenied", "Access denied."),
    404: ("NoSuchKey", "The specified key does not exist."),
    412: ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold."),
    416: ("InvalidRange", "The requested range cannot be satisfied."),
}


class XmlError(Exception):
    """One refusal; `more` are further elements, in order."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        """Refuse with `status`; `code` is the XML API's own word."""
        super().__init__(message)
        self.status = status
        self._elements = {"Code": code, "Message": message, **more}

    def response(self) -> Response:
        """The answer."""
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self._elements.items())
        return Response.text(self.status, f"<?xml version='1.0' encoding='UTF-8'?><Error>{inner}</Error>", _TYPE)


def of_json(answer: Response) -> Response:
    """A refusal of the JSON API as the XML API words it; a status without a word of its own stays as it is."""
    known = _CODES.get(answer.status)
    if known is None or "json" not in answer.headers.get("Content-Type", ""):
        return answer
    details = answer.parsed().get("error", {}).get("message", "")
    return XmlError(answer.status, *known, **({"Details": details} if details else {})).response()

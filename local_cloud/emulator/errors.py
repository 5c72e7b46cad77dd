"""Google's error bodies: one exception that the engine and the profiles raise, rendered in the style of the API that
answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.emulator.http import Response

# Canonical code for an HTTP status (google.rpc.Code, https://github.com/googleapis/googleapis google/rpc/code.proto).
CANONICAL: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

# Reason of the older `errors[]` list for an HTTP status.
REASON: Mapping[int, str] = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "alreadyExists",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "backendError",
    501: "notImplemented",
    503: "backendError",
}


@dataclass
class ApiError(Exception):
    """One refusal. `code` is the HTTP status; `status` the canonical code and `reason` the legacy one (both follow
    from `code` when empty).

    `details` are google.rpc messages with their `@type`; `location` is the field of a legacy error.
    """

    code: int
    message: str
    status: str = ""
    reason: str = ""
    details: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    location: str = ""

    def __post_init__(self) -> None:
        """Fill in the canonical status and the legacy reason."""
        super().__init__(self.message)
        self.status = self.status or CANONICAL.get(self.code, "UNKNOWN")
        self.reason = self.reason or REASON.get(self.code, "backendError")

    def body(self, style: str) -> dict[str, Any]:
        """The JSON body in `style`: `aip` (code, message, status, details), `compute` (errors[] without status) or
        `legacy` (errors[] and status)."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if style != "aip":
            entry = {"message": self.message, "domain": self._domain(), "reason": self.reason}
            if self.location:
                entry |= {"location": self.location, "locationType": "parameter"}
            error["errors"] = [entry]
        if style != "compute" or self.details:
            error["status"] = self.status
        if self.details:
            error["details"] = [dict(detail) for detail in self.details]
        return {"error": error}

    def _domain(self) -> str:
        return {
            "rateLimitExceeded": "usageLimits",
            "quotaExceeded": "usageLimits",
            "accessNotConfigured": "usageLimits",
        }.get(self.reason, "global")

    def response(self, style: str) -> Response:
        """The whole answer in `style`."""
        return Response.json(self.code, self.body(style))


def not_found(message: str) -> ApiError:
    """404: there is no such resource."""
    return ApiError(404, message)


def invalid(message: str, *, location: str = "", details: Sequence[Mapping[str, Any]] = ()) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, message, location=location, details=details)


def already_exists(message: str) -> ApiError:
    """409: the name is taken."""
    return ApiError(409, message)


def aborted(message: str) -> ApiError:
    """409 ABORTED: somebody else changed the object between read and write (stale etag)."""
    return ApiError(409, message, status="ABORTED", reason="conflict")


def failed_precondition(message: str, *, reason: str = "failedPrecondition") -> ApiError:
    """400 FAILED_PRECONDITION: right request, wrong moment."""
    return ApiError(400, message, status="FAILED_PRECONDITION", reason=reason)


def condition_not_met(message: str, *, location: str = "") -> ApiError:
    """412: a fingerprint, generation or If-Match condition does not hold."""
    return ApiError(412, message, reason="conditionNotMet", location=location)


def preconditions_unmet() -> ApiError:
    """412 of Cloud Storage: an `if…Match` condition of the request does not hold."""
    message = "At least one of the pre-conditions you specified did not hold."
    return ApiError(412, message, reason="conditionNotMet", status="", location="If-Match")


def in_use(message: str) -> ApiError:
    """400: another resource still refers to this one."""
    return ApiError(400, message, reason="resourceInUseByAnotherResource", status="FAILED_PRECONDITION")


def unimplemented(method_id: str, profile: str) -> ApiError:
    """501 (400 for Cloud Storage, whose Go client retries every 5xx for ever): this emulator has not got the method."""
    code = 400 if method_id.startswith("storage.") else 501
    message = (
        f"The local cloud does not implement {method_id}: local_cloud/emulator/profiles/{profile}.py has no entry"
        " for it."
    )
    return ApiError(code, message, status="UNIMPLEMENTED", reason="notImplemented")


def unauthenticated() -> ApiError:
    """401: no valid access token."""
    return ApiError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid"
        " authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        details=(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED",
                "domain": "googleapis.com",
            },
        ),
    )


def bad_request_fields(violations: Sequence[tuple[str, str]]) -> ApiError:
    """400 with one field violation `(field, description)` each, as a proto API answers malformed JSON."""
    message = "\n".join(description for _, description in violations)
    detail = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": name, "description": description} for name, description in violations],
    }
    return invalid(message, details=(detail,))

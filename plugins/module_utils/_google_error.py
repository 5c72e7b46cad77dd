"""PRIVATE to the collection: read the error bodies of Google's APIs and say what mends them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class GoogleError:
    """One error answer, whatever its dialect (google.rpc.Status, JSON errors list, OAuth).

    `reasons` holds every machine-readable word the body used; `reason` is the most specific of them.
    """

    status: int
    reason: str
    message: str
    reasons: frozenset[str]
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_delay: float | None = None


def parse_error(status: int, body: bytes) -> GoogleError:
    """Read an error body; a body that is no JSON (a proxy's page) gives reason `HTTP_<status>` and its first line."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        message = str(document.get("error_description") or error) if isinstance(document, dict) else error
        return GoogleError(status, error, message, frozenset({error}))
    if not isinstance(error, dict):
        first_line = body.decode("utf-8", "replace").strip().split("\n", 1)[0][:300]
        return GoogleError(status, f"HTTP_{status}", first_line or f"HTTP status {status}", frozenset())
    return _structured(status, error)


def from_operation(error: Mapping[str, Any]) -> GoogleError:
    """The error of a finished operation: `{code, message, details}` or Compute's `{errors: [{code, message}]}`."""
    first = next(iter(error.get("errors") or ()), None)
    if first is not None:
        reason = str(first.get("code", "OPERATION_FAILED"))
        return GoogleError(400, reason, str(first.get("message", "")), frozenset({reason}))
    return _structured(_HTTP_OF_RPC.get(int(error.get("code", 2)), 500), dict(error))


# google/rpc/code.proto: the HTTP mapping that stands beside each code.
_HTTP_OF_RPC = {
    1: 499,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    10: 409,
    11: 400,
    12: 501,
    14: 503,
    16: 401,
}


def _structured(status: int, error: dict[str, Any]) -> GoogleError:
    details = [item for item in error.get("details") or () if isinstance(item, dict)]
    info: dict[str, Any] = next((item for item in details if "reason" in item), {})
    legacy = [str(item.get("reason")) for item in error.get("errors") or () if isinstance(item, dict)]
    words = [str(info.get("reason") or ""), *legacy, str(error.get("status") or "")]
    reasons = frozenset(filter(None, words))
    reason = next(filter(None, words), f"HTTP_{status}")
    metadata = {str(key): str(value) for key, value in (info.get("metadata") or {}).items()}
    return GoogleError(status, reason, _message(error, details), reasons, metadata, _retry_delay(details))


def _message(error: dict[str, Any], details: list[dict[str, Any]]) -> str:
    violations = [
        str(violation.get("description") or violation.get("subject") or "")
        for item in details
        for key in ("fieldViolations", "violations")
        for violation in item.get(key) or ()
    ]
    return " ".join(filter(None, [str(error.get("message") or "no message"), *violations]))


def _retry_delay(details: list[dict[str, Any]]) -> float | None:
    """Seconds of a google.rpc.RetryInfo (`"3.5s"`)."""
    for item in details:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(item.get("retryDelay", "")))
        if match:
            return float(match.group(1))
    return None


_LACKING = "The credential module shows which permissions this identity lacks and the command that grants them."
_NO_TOKEN = "The token is missing, expired or of another environment: mint one with the credential module."  # noqa: S105
_NOT_BILLED = "Link the project to a billing account first (billing_link module)."

_HINTS: Mapping[str, str] = {
    "SERVICE_DISABLED": "Enable it with the services module, or: gcloud services enable {service} --project {consumer}",
    "accessNotConfigured": "Enable the API with the services module before this task.",
    "IAM_PERMISSION_DENIED": "Grant a role that holds {permission} on {resource}; the credential module names it.",
    "forbidden": _LACKING,
    "PERMISSION_DENIED": _LACKING,
    "USER_PROJECT_DENIED": "Grant roles/serviceusage.serviceUsageConsumer on quota_project, or unset it.",
    "UNAUTHENTICATED": _NO_TOKEN,
    "authError": _NO_TOKEN,
    "ACCESS_TOKEN_EXPIRED": _NO_TOKEN,
    "UREQ_PROJECT_BILLING_NOT_FOUND": _NOT_BILLED,
    "BILLING_DISABLED": _NOT_BILLED,
    "RATE_LIMIT_EXCEEDED": "The API's per-minute quota is used up: raise retry_timeout or run fewer forks.",
}


class _Named(dict[str, str]):
    """A hint's fields; one the answer did not give is shown as its own name."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def to_failure(error: GoogleError, request: str) -> Failure:
    """The failure for an error answer that is final."""
    hint = next((_HINTS[word] for word in (error.reason, *sorted(error.reasons)) if word in _HINTS), "")
    text = hint.format_map(_Named(error.metadata))
    message = f"{request}: {error.status} {error.reason}: {error.message}"
    return Failure(error.reason, message, error.status, text, request)

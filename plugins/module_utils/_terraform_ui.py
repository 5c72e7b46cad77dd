"""PRIVATE to the collection: what terraform prints with `-json`: events, diagnostics, and the failure in them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._terraform_lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE_IN_TEXT = re.compile(r'(?:\bvar\.|input variable "|variable named ")([A-Za-z_][\w-]*)')
JSON_KEY = re.compile(r'^\s*"([^"]+)":')
GOOGLE_STATUS = re.compile(r"googleapi: Error (\d{3})|\bError (\d{3}):")
GOOGLE_REASON = re.compile(r'"reason":\s*"([A-Z][A-Z_]+)"')
GOOGLE_LEGACY_REASON = re.compile(r",\s*([a-z][A-Za-z]+)\s*$", re.MULTILINE)
BUCKET_MISSING = re.compile(r"bucket doesn't exist|The specified bucket does not exist", re.IGNORECASE)
UNREACHABLE_REGISTRY = re.compile(
    r"Failed to query available provider packages|could not connect to registry", re.IGNORECASE
)
LONGEST_DETAIL = 1500

# summary of a diagnostic -> (reason, what to do next). Summaries are those of terraform 1.11 and OpenTofu 1.10.
REASONS_BY_SUMMARY: Mapping[str, tuple[str, str]] = {
    "Saved plan is stale": (
        "STALE_PLAN",
        "Another run changed the state after this plan was made: plan again and apply the new plan.",
    ),
    "Invalid value for variable": ("INVALID_VARIABLE", "Mend the value in the inventory."),
    "Invalid value for input variable": ("INVALID_VARIABLE", "Mend the value in the inventory."),
    "No value for required variable": ("INVALID_VARIABLE", "Give the variable a value in the inventory."),
    "Instance cannot be destroyed": (
        "DESTROY_PREVENTED",
        "The resource has prevent_destroy: it is not to be removed by a plan.",
    ),
    "Failed to query available provider packages": (
        "PROVIDER_UNAVAILABLE",
        "The provider registry cannot be reached: mend the network, or use the environment of the local cloud.",
    ),
    "Inconsistent dependency lock file": (
        "PROVIDER_UNAVAILABLE",
        "Run again with a fresh cache directory, so that init runs anew.",
    ),
}
INTERRUPTED_SUMMARIES = frozenset({"execution halted", "operation canceled", "Operation canceled"})


@dataclass(frozen=True)
class Event:
    """One line of terraform's machine-readable output; `type` as Terraform names it, `fields` the whole line."""

    type: str
    fields: Mapping[str, Any]

    @classmethod
    def from_line(cls, line: str) -> Event | None:
        """Read one line; None when it is not an event (terraform prints a few plain lines among them)."""
        if not line.startswith("{"):
            return None
        try:
            fields = json.loads(line)
        except ValueError:
            return None
        return cls(fields["type"], fields) if isinstance(fields, dict) and "type" in fields else None

    @property
    def message(self) -> str:
        """The human sentence of the event."""
        return str(self.fields.get("@message", ""))


@dataclass(frozen=True)
class Diagnostic:
    """An error or warning; `code` is the line of source it points at."""

    severity: str
    summary: str
    detail: str
    address: str | None
    place: str | None
    code: str

    @classmethod
    def from_event(cls, event: Event) -> Diagnostic:
        """Read an event of type `diagnostic`."""
        fields = event.fields["diagnostic"]
        span = fields.get("range") or {}
        place = f"{span['filename']}:{span['start']['line']}" if span.get("filename") else None
        return cls(
            severity=fields.get("severity", "error"),
            summary=fields.get("summary", ""),
            detail=fields.get("detail", ""),
            address=fields.get("address"),
            place=place,
            code=(fields.get("snippet") or {}).get("code", ""),
        )

    @property
    def text(self) -> str:
        """Summary and detail in one line, cut where a provider attaches pages of response."""
        detail = " ".join(self.detail.split())
        shown = detail if len(detail) <= LONGEST_DETAIL else f"{detail[:LONGEST_DETAIL]} …"
        where = self.address or self.place
        return (f"{where}: " if where else "") + (f"{self.summary}: {shown}" if shown else self.summary)

    @property
    def variable(self) -> str | None:
        """The input variable that the diagnostic is about."""
        if self.place and self.place.split(":")[0].endswith(".tfvars.json"):
            key = JSON_KEY.match(self.code)
            if key:
                return key[1]
        found = VARIABLE_IN_TEXT.search(f"{self.summary} {self.detail} {self.code}") or re.search(
            r'variable "([^"]+)"', self.detail + self.code
        )
        return found[1] if found else None


def diagnostics(events: Iterable[Event], severity: str) -> list[Diagnostic]:
    """Return the diagnostics of one severity (`error` or `warning`) in the order terraform gave them."""
    found = [Diagnostic.from_event(event) for event in events if event.type == "diagnostic"]
    return [item for item in found if item.severity == severity]


def failure_of(operation: str, code: int, events: list[Event], text: str) -> Failure:
    """Return the failure that a terraform command ended with.

    `operation` is the verb that ran ("plan"), `code` its exit code, `text` what it printed that was no event.
    """
    errors = diagnostics(events, "error")
    everything = "\n".join([*(f"{error.summary}\n{error.detail}" for error in errors), text])
    lock = Lock.from_error(everything) if "lock" in everything.lower() else None
    if lock is not None and "state lock" in everything:
        return locked_failure(lock)
    if any(BUCKET_MISSING.search(words) for words in [text, *(e.text for e in errors if not e.address)]):
        return Failure(
            reason="STATE_BUCKET_MISSING",
            message=f"terraform {operation}: the bucket that holds the state does not exist.",
            hint="Run the bootstrap phase first: it makes the state bucket.",
        )
    telling = [error for error in errors if error.summary not in INTERRUPTED_SUMMARIES] or errors
    if not telling:
        last_words = " ".join(text.split())[-LONGEST_DETAIL:]
        return Failure(reason="TERRAFORM_FAILED", message=f"terraform {operation} ended with code {code}: {last_words}")
    return _failure_of_errors(operation, telling)


def locked_failure(lock: Lock) -> Failure:
    """Return `STATE_LOCKED`: who holds the lock, since when, and how it is given back."""
    now = datetime.now(UTC)
    return Failure(
        reason="STATE_LOCKED",
        message=f"The state {lock.path} is locked: {lock.sentence(now)}.",
        hint=(
            f"Wait for that run or raise lock_timeout; if it is dead, release the lock with terraform_unlock "
            f"lock_id={lock.id} (refused before minimum_age)."
        ),
    )


def _failure_of_errors(operation: str, errors: list[Diagnostic]) -> Failure:
    first = errors[0]
    more = (
        f" (and {len(errors) - 1} more: " + "; ".join(error.summary for error in errors[1:4]) + ")"
        if errors[1:]
        else ""
    )
    reason, hint = REASONS_BY_SUMMARY.get(first.summary, ("", ""))
    if reason == "INVALID_VARIABLE" and first.variable:
        names = dict.fromkeys(error.variable for error in errors if error.variable)
        return Failure(
            reason=reason,
            message=f"Variable {', '.join(names)}: " + "; ".join(error.text for error in errors),
            hint=hint,
        )
    if reason:
        return Failure(reason=reason, message=f"terraform {operation}: {first.text}{more}", hint=hint)
    status, google_reason = google_error(first.detail + "\n" + first.summary)
    if status or google_reason:
        return Failure(
            reason=google_reason or "PROVIDER_ERROR",
            status=status,
            message=f"terraform {operation}: {first.text}{more}",
            hint="Google refused the call; the reason is Google's own.",
        )
    return Failure(
        reason="PROVIDER_ERROR" if first.address else "INVALID_CONFIGURATION" if first.place else "TERRAFORM_FAILED",
        message=f"terraform {operation}: {first.text}{more}",
    )


def google_error(text: str) -> tuple[int | None, str | None]:
    """Return Google's status and reason (`SERVICE_DISABLED`, or the older `accessNotConfigured`) out of a text."""
    found = GOOGLE_STATUS.search(text)
    if not found:
        return None, None
    reason = GOOGLE_REASON.search(text) or GOOGLE_LEGACY_REASON.search(text)
    return int(found[1] or found[2]), reason[1] if reason else None

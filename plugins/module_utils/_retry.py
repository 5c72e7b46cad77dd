"""PRIVATE to the collection: which answers are worth asking again, as a table, and how long to pause between."""

from __future__ import annotations

import email.utils
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._google_error import GoogleError
    from ._wait import Clock

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
"""Seconds; the pause doubles from the first to the longest."""

UNREACHABLE_TIMEOUT = 20.0
"""Seconds for which a proxy or host that refuses connections is tried: a restart of it, not a wrong setting."""


@dataclass(frozen=True)
class Rule:
    """Answers with this status and, if given, one of these reasons or a message that matches."""

    status: int
    reasons: frozenset[str] = frozenset()
    message: str = ""

    def covers(self, error: GoogleError) -> bool:
        if error.status != self.status:
            return False
        if self.reasons & error.reasons:
            return True
        if self.message:
            return re.search(self.message, error.message, re.IGNORECASE) is not None
        return not self.reasons


TRANSIENT = (
    Rule(429),
    Rule(500),
    Rule(502),
    Rule(503),
    Rule(403, frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}), r"per minute"),
    Rule(403, frozenset({"CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"})),
    Rule(429, frozenset({"CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"})),
    Rule(400, frozenset({"resourceNotReady"})),
    Rule(409, frozenset({"operationInProgress"})),
)
"""What the clients of hashicorp/google retry on every call (its transport/error_retry_predicates.go)."""

STALE = (
    Rule(409, frozenset({"ABORTED", "conflict"}), r"concurrent policy changes|etag"),
    Rule(412),
)
"""A policy, fingerprint or generation that moved since it was read: read again, decide again, write again."""

CONCURRENT = (Rule(409, frozenset({"ABORTED"}), r"concurrent policy changes"),)
"""The same for a call that carries no etag: sending it again is all there is to do. Not the reason `conflict`, by which
Cloud Storage says that a bucket's name is taken."""

FRESH_ENABLEMENT = (Rule(403, frozenset({"SERVICE_DISABLED", "accessNotConfigured"})),)
FRESH_GRANT = (Rule(403, frozenset({"IAM_PERMISSION_DENIED", "PERMISSION_DENIED", "forbidden"})),)
FRESH_IDENTITY = (
    Rule(404, frozenset({"NOT_FOUND", "notFound"})),
    Rule(400, message=r"service account .* does not exist|unknown service account"),
)
"""Right after an API was enabled, a role granted or an identity made, these mean `not yet`; at any other time they
mean what they say. A call retries on them only when its caller knows that it comes right after."""


@dataclass
class Patience:
    """How long one call goes on. `timeout` is in seconds from the first attempt."""

    clock: Clock
    timeout: float

    def __post_init__(self) -> None:
        self.started = self.clock.now()
        self.pauses = 0

    def waited(self) -> float:
        return self.clock.now() - self.started

    def pause(self, asked_for: float | None, timeout: float | None = None) -> float | None:
        """Seconds until the next attempt, or None when the deadline would pass before it.

        `asked_for` is the server's Retry-After or RetryInfo and is never undercut.
        """
        own = self.clock.jittered(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self.pauses))
        pause = own if asked_for is None else max(own, asked_for)
        limit = self.timeout if timeout is None else min(timeout, self.timeout)
        if self.waited() + pause > limit:
            return None
        self.pauses += 1
        return pause


def retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After header, given as seconds or as an HTTP date; None when absent or unreadable."""
    if not header:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", header.strip()):
        return float(header)
    parsed = email.utils.parsedate_tz(header)
    if parsed is None:
        return None
    return max(0.0, email.utils.mktime_tz(parsed) - time.time())

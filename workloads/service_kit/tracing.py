"""The trace that a request belongs to: taken from its headers, or begun here, and passed on to the next service."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
# https://cloud.google.com/trace/docs/trace-context#legacy-http-header
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})/(\d{1,20})(?:;o=(\d))?")


@dataclass(frozen=True)
class Trace:
    """`trace_id` (32 hex digits) is the whole way's, `span_id` (16 hex digits) this service's part of it."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The header for calls to other services."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def of_headers(headers: Mapping[str, str]) -> Trace:
    """The trace that `headers` name (names in any case the mapping takes), with a span of its own; else a new one."""
    span = secrets.token_hex(8)
    if match := _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip().lower()):
        return Trace(match[1], span, bool(int(match[3], 16) & 1))
    if match := _CLOUD_TRACE.fullmatch(headers.get("X-Cloud-Trace-Context", "").strip().lower()):
        return Trace(match[1], span, match[3] == "1")
    return Trace(secrets.token_hex(16), span, False)

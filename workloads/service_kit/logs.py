"""Log entries as lines of JSON that Cloud Logging understands: severity, trace, and the request they belong to.

https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from service_kit import tracing

_SEVERITIES = {"WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "CRITICAL", "DEBUG": "DEBUG"}


class JsonLines(logging.Formatter):
    """One object a line; what a call gives as `extra={"fields": {...}}` is in it."""

    def __init__(self, service: str, project: str) -> None:
        """Entries of `service`; traces are named by `project` when there is one."""
        super().__init__()
        self._service = service
        self._traces = f"projects/{project}/traces/" if project else ""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, Any] = {
            "severity": _SEVERITIES.get(record.levelname, "INFO"),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "message": record.getMessage(),
            "logger": record.name,
            "serviceContext": {"service": self._service},
        }
        trace = tracing.current.get()
        if trace is not None:
            entry["logging.googleapis.com/trace"] = f"{self._traces}{trace.trace_id}"
            entry["logging.googleapis.com/spanId"] = trace.span_id
            entry["logging.googleapis.com/trace_sampled"] = trace.sampled
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure(service: str, level: str, project: str) -> None:
    """Send every log entry of the process to standard output, warnings of libraries among them."""
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service, project))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These tell of every connection, and of nothing that an entry of ours does not tell.
    for name in ("pymongo", "urllib3", "google", "asyncio", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)

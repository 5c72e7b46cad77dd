"""Append the events of a run to its ledger, one JSON object a line, so that a kill leaves every earlier line whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1
"""Written as `v` on every line; a reader refuses a line with another number."""


class LedgerWriter:
    """One open ledger file.

    Every line goes to the kernel in one `write` on a descriptor opened for appending: no buffer of this process is lost
    with it. Only loss of power can lose lines, up to the last `sync`.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Create the file, readable by the owner alone; it gets its name with `publish`. Raises OSError."""
        self.path = path
        self._clock = clock
        self._origin = clock()
        self._draft = path.with_name(f".{path.name}")
        self._descriptor = os.open(self._draft, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)

    def publish(self) -> None:
        """Give the file its name, once its first line is written: nobody ever finds a ledger without one."""
        self._draft.rename(self.path)

    def elapsed(self) -> float:
        """Seconds since the ledger was opened."""
        return self._clock() - self._origin

    def write(self, event: str, fields: Mapping[str, Any]) -> None:
        """Append `{"v", "event", "at", **fields}`; `at` is seconds since the run began, to the millisecond."""
        line = {"v": SCHEMA_VERSION, "event": event, "at": round(self.elapsed(), 3), **fields}
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)
        data = memoryview(text.encode("utf-8", "replace") + b"\n")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def sync(self) -> None:
        """Ask the kernel to put the lines on the disk. Raises OSError."""
        os.fsync(self._descriptor)

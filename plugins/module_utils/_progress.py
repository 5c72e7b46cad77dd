"""PRIVATE to the collection: say what is being waited for, to whoever tails `$PRESIDENTIAL_DIGS_PROGRESS`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

PROGRESS_VARIABLE = "PRESIDENTIAL_DIGS_PROGRESS"


def report(subject: str, waiting_for: str, done: float | None = None, total: float | None = None) -> None:
    """Append one JSON line `{at, pid, subject, waiting_for, done, total}`; nothing when the variable is unset.

    `at` is seconds since the epoch. One `write` of less than a page to a file opened for appending is atomic, so
    the workers of a run share the file. A file that went away with its reader ends the reporting, not the task.
    """
    target = os.environ.get(PROGRESS_VARIABLE)
    if not target:
        return
    line = {
        "at": round(time.time(), 3),
        "pid": os.getpid(),
        "subject": subject,
        "waiting_for": waiting_for[:500],
        "done": done,
        "total": total,
    }
    try:
        with Path(target).open("ab", buffering=0) as stream:
            stream.write((json.dumps(line) + "\n").encode())
    except OSError:
        os.environ.pop(PROGRESS_VARIABLE, None)

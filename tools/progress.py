"""Say how far a download or build is: a line on the terminal, and one for whoever shows the progress of a play."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

# Where the collection's callback looks (plugins/module_utils/_progress.py, whose line this is; tools import no plugin).
_VARIABLE = "PRESIDENTIAL_DIGS_PROGRESS"


def say(subject: str, waiting_for: str, done: float, total: float, *, again: bool = False) -> None:
    """Print `  subject: waiting_for`, over the line before when `again` and it is a terminal; append a JSON line to the
    file that the environment names, if any."""
    end = "\r" if again and sys.stdout.isatty() else "\n"
    print(f"  {subject}: {waiting_for}", end=end, flush=True)
    target = os.environ.get(_VARIABLE)
    if not target:
        return
    line = {"at": round(time.time(), 3), "pid": os.getpid(), "subject": subject, "waiting_for": waiting_for}
    with Path(target).open("ab", buffering=0) as stream:
        stream.write((json.dumps(line | {"done": done, "total": total}) + "\n").encode())

"""What a local cloud holds, read from its own file: the measure of "nothing twice, nothing lost"."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

# Project and first roots: what a run does with a root is the same for all of them, and these are made in seconds.
FIRST_STAGE = ("--limit", "project,stage_1")

# Ids that the server chose: numbers, UUIDs, hashes.
_CHOSEN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d{6,}")
# A bucket keeps old states as versions; how many there are depends on how often a run was tried.
_HISTORY = re.compile(r"/versions/|/changes/")


def holdings(cloud: LocalCloud) -> Counter[str]:
    """`service name` → how many live resources have it, ids that the server chose folded into `#`."""
    with sqlite3.connect(f"file:{cloud.state.database}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT service, name FROM resources WHERE deleted_at IS NULL").fetchall()
    return Counter(f"{service} {_CHOSEN.sub('#', name)}" for service, name in rows if not _HISTORY.search(name))


def locks(cloud: LocalCloud) -> list[str]:
    """State locks that somebody holds."""
    return [name for name in holdings(cloud) if name.endswith(".tflock")]

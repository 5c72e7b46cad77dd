"""Turn a ledger into one self-contained HTML page and a summary; the same ledgers give the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from .. import _ledger_reader
from .comparison import find_previous
from .page import render
from .summary import Summary, summarise

__all__ = ["Summary", "write_report"]


def write_report(ledger: Path, destination: Path, previous: Path | None = None) -> Summary:
    """Render `ledger` to `destination`, compared with the ledger `previous` or with the last comparable run beside it.

    The page is replaced in one step. Raises LedgerError for a file that is no ledger, OSError.
    """
    run = _ledger_reader.read(ledger)
    earlier = _ledger_reader.read(previous) if previous else find_previous(run, ledger)
    summary = summarise(run, earlier)
    beside = ledger.resolve().parent == destination.resolve().parent
    page = render(run, earlier, summary, ledger=ledger.name, beside=beside).encode("utf-8")
    fresh = destination.with_name(f".{destination.name}.{os.getpid()}")
    fresh.write_bytes(page)
    fresh.chmod(0o600)
    os.replace(fresh, destination)
    return summary

"""Turn a ledger into one self-contained HTML page and a summary; the same ledgers give the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from .. import _ledger_reader
from .comparison import find_previous
from .page import render
from .summary import Summary, summarise

__all__ = ["Summary", "compose", "replace", "write_report"]


def compose(ledger: Path, destination: Path, previous: Path | None = None) -> tuple[Summary, bytes]:
    """Summary and page of a ledger, compared with the ledger `previous` or with the last comparable run beside it.

    Nothing is written; of `destination` only matters whether it lies beside the ledger. Raises LedgerError for a file
    that is no ledger, OSError.
    """
    run = _ledger_reader.read(ledger)
    earlier = _ledger_reader.read(previous) if previous else find_previous(run, ledger)
    summary = summarise(run, earlier)
    beside = ledger.resolve().parent == destination.resolve().parent
    return summary, render(run, earlier, summary, ledger=ledger.name, beside=beside).encode("utf-8")


def replace(destination: Path, page: bytes) -> None:
    """Put a page where it belongs, in one step, readable by the owner alone. Raises OSError."""
    fresh = destination.with_name(f".{destination.name}.{os.getpid()}")
    fresh.write_bytes(page)
    fresh.chmod(0o600)
    fresh.replace(destination)


def write_report(ledger: Path, destination: Path, previous: Path | None = None) -> Summary:
    """Render `ledger` to `destination`. Raises LedgerError, OSError."""
    summary, page = compose(ledger, destination, previous)
    replace(destination, page)
    return summary

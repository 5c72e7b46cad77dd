"""Render a ledger from the command line: `python -m plugins.plugin_utils._report LEDGER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .._ledger_reader import LedgerError
from .._run_directory import REPORT_NAME
from . import write_report


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print the summary; 1 when the ledger cannot be read or the page not written."""
    parser = argparse.ArgumentParser(description="Render the ledger of a run to one HTML page.")
    parser.add_argument("ledger", type=Path, help="a ledger.jsonl, or the directory of a run")
    parser.add_argument("--output", type=Path, help=f"the page; {REPORT_NAME} beside the ledger when left out")
    parser.add_argument("--previous", type=Path, help="ledger to compare with; the last run like it when left out")
    given = parser.parse_args(arguments)
    ledger = given.ledger / "ledger.jsonl" if given.ledger.is_dir() else given.ledger
    output = given.output or ledger.parent / REPORT_NAME
    try:
        summary = write_report(ledger, output, given.previous)
    except (LedgerError, OSError) as error:
        print(f"No report: {error}", file=sys.stderr)
        return 1
    print("\n".join(line for line, _colour in summary.lines(output)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

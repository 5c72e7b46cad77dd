"""`python -m tests.conformance`: replay the recordings, list every mismatch with its reason, and give the share that
matches."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

from tests.conformance.replay import RECORDINGS, Outcome, Replay, recorded_cases
from tests.conformance.scope import in_scope


def main() -> int:
    """Print the table; exit status 1 below the bar."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument(
        "--recordings", type=Path, default=RECORDINGS, help="JSON lines, one case each (default: %(default)s)"
    )
    parser.add_argument("--service", help="only exchanges of this API, e.g. compute")
    parser.add_argument("--case", help="only cases whose name contains this")
    parser.add_argument("--show", type=int, metavar="N", help="list at most N mismatches (default: each)")
    parser.add_argument("--reasons", type=int, default=0, metavar="N", help="list the N most common reasons")
    parser.add_argument(
        "--everything", action="store_true", help="count every served method, not only those the bar is for"
    )
    parser.add_argument(
        "--bar", type=float, default=95.0, help="lowest share that passes, in percent (default: %(default)s)"
    )
    options = parser.parse_args()
    if not options.recordings.exists():
        sys.exit(f"conformance: {options.recordings} is not there; name the recordings with --recordings FILE")
    outcomes = replayed(options)
    show(outcomes, options)
    share = 100 * sum(outcome.matches for outcome in outcomes) / max(len(outcomes), 1)
    print(f"{share:.1f} % of {len(outcomes)} exchanges match (bar: {options.bar:g} %)")
    return 0 if outcomes and share >= options.bar else 1


def replayed(options: argparse.Namespace) -> list[Outcome]:
    """The outcomes that count, in the order of the recordings."""
    replay = Replay()
    outcomes: list[Outcome] = []
    for case in recorded_cases(options.recordings):
        if options.case and options.case not in case["case"]:
            continue
        for outcome in replay.case(case):
            service = outcome.method_id.partition(".")[0]
            wanted = service == options.service if options.service else True
            if wanted and (options.everything or in_scope(outcome)):
                outcomes.append(outcome)
    return outcomes


def show(outcomes: list[Outcome], options: argparse.Namespace) -> None:
    """The table by service, then mismatches and reasons as asked."""
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        totals[outcome.method_id.partition(".")[0]]["match" if outcome.matches else "mismatch"] += 1
    mismatches = [outcome for outcome in outcomes if not outcome.matches]
    for outcome in mismatches[: options.show]:
        print(f"{outcome.case} #{outcome.index} {outcome.method} {outcome.path} ({outcome.method_id})")
        for problem in outcome.problems[:12]:
            print(f"    {problem}")
    reasons = Counter(f"{outcome.method_id}  {outcome.problems[0][:170]}" for outcome in mismatches)
    for reason, count in reasons.most_common(options.reasons):
        print(f"{count:5d}  {reason}")
    for service, counts in sorted(totals.items()):
        total = counts["match"] + counts["mismatch"]
        print(f"{service:24s} {counts['match']:5d} of {total:5d}  {100 * counts['match'] / total:5.1f} %")


sys.exit(main())

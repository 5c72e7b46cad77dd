"""The `faults` command."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from local_cloud.admin_client import AdminClient

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory

EXAMPLES = """\
examples:
  faults add --service compute --status 503 --count 1           the next Compute call is answered 503
  faults add --method '*.setIamPolicy' --reason conflict --count 2
  faults add --method storage.objects.insert --drop response    handled, but the answer never arrives
  faults add --service iam --latency 2 --probability 0.5
  faults add --json '{"method": "*.projects.create", "status": 429, "after": 1}'
"""

TEXT_OPTIONS = {
    "service": "API, e.g. compute (shell pattern)",
    "method": "method id, e.g. compute.networks.insert (shell pattern)",
    "resource": "relative name, e.g. 'projects/p/global/networks/*' (shell pattern)",
    "principal": "IAM member of the caller (shell pattern)",
    "reason": "Google's reason, e.g. rateLimitExceeded, backendError, conflict",
    "message": "text of the error",
}
NUMBER_OPTIONS = {
    "status": (int, "HTTP status of the answer, 400 to 599"),
    "latency": (float, "seconds to wait first"),
    "probability": (float, "share of the matching calls that is hit, default 1"),
    "count": (int, "how many calls are hit at most"),
    "after": (int, "how many matching calls pass first"),
}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    faults = commands.add_parser("faults", help="make chosen calls fail: faults add, faults list, faults clear")
    actions = faults.add_subparsers(required=True, metavar="ACTION")
    new = actions.add_parser(
        "add", help="put a rule in force", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, text in TEXT_OPTIONS.items():
        new.add_argument(f"--{name}", help=text)
    for name, (kind, text) in NUMBER_OPTIONS.items():
        new.add_argument(f"--{name}", type=kind, help=text)
    new.add_argument("--drop", choices=["request", "response"], help="cut the connection before or after the call")
    new.add_argument("--json", help="the whole rule as JSON, instead of the options above")
    new.set_defaults(command=_add)
    listing = actions.add_parser("list", help="rules with how often they were met and hit")
    listing.add_argument("--format", choices=["text", "json"], default="text")
    listing.set_defaults(command=_list)
    clear = actions.add_parser("clear", help="drop one rule, or all")
    clear.add_argument("id", nargs="?", type=int)
    clear.set_defaults(command=_clear)


def _add(state: StateDirectory, given: argparse.Namespace) -> int:
    names = [*TEXT_OPTIONS, *NUMBER_OPTIONS, "drop"]
    rule = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    if given.json is not None:
        if rule:
            raise ValueError("faults add: give either --json or the other options")
        rule = json.loads(given.json)
    print(f"rule {AdminClient(state.admin_socket).post('/faults', rule)['id']}")
    return 0


def _list(state: StateDirectory, given: argparse.Namespace) -> int:
    rules = AdminClient(state.admin_socket).get("/faults")["faults"]
    if given.format == "json":
        print(json.dumps(rules, indent=2))
        return 0
    for rule in rules:
        said = {name: value for name, value in rule.items() if value not in ("*", "", None) and name not in COUNTERS}
        words = " ".join(f"{name}={value}" for name, value in said.items())
        print(f"rule {rule['id']}: met {rule['seen']}, hit {rule['hits']}: {words}")
    if not rules:
        print("no fault rules")
    return 0


COUNTERS = ("id", "seen", "hits")


def _clear(state: StateDirectory, given: argparse.Namespace) -> int:
    client = AdminClient(state.admin_socket)
    cleared = client.delete("/faults" if given.id is None else f"/faults?id={given.id}")["cleared"]
    print(f"{cleared} rule{'' if cleared == 1 else 's'} cleared")
    return 0

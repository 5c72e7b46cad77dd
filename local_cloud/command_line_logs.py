"""The `logs` command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_cloud.admin_client import AdminClient

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from local_cloud.state import StateDirectory

CONDITIONS = {
    "service": "API, e.g. compute (shell pattern)",
    "method": "method id, e.g. 'compute.networks.*' (shell pattern)",
    "principal": "IAM member of the caller (shell pattern)",
    "resource": "relative name (shell pattern)",
    "host": "host name (shell pattern)",
    "reason": "Google's reason of an error, e.g. SERVICE_DISABLED (shell pattern)",
    "would-deny": "permission that the caller lacks, in the audit mode of IAM; '?*' for any (shell pattern)",
    "status": "HTTP status, e.g. 404, or a class, e.g. 5xx",
    "since": "time such as 2026-11-23T01:30:00Z",
}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    logs = commands.add_parser("logs", help="the request log: every exchange that went through the proxy")
    for name, text in CONDITIONS.items():
        logs.add_argument(f"--{name}", help=text)
    logs.add_argument(
        "--refused", action="store_const", const="yes", help="only what was refused, as outside the table"
    )
    logs.add_argument("--limit", type=int, default=200, help="the newest so many; 0: all (default 200)")
    logs.add_argument("--count", action="store_true", help="only say how many")
    logs.add_argument("--follow", action="store_true", help="go on as calls come")
    logs.add_argument("--format", choices=["text", "json"], default="text", help="json: one object a line")
    logs.set_defaults(command=_logs)


def _logs(state: StateDirectory, given: argparse.Namespace) -> int:
    client = AdminClient(state.admin_socket)
    named = [name.replace("-", "_") for name in [*CONDITIONS, "refused"]]
    query: dict[str, str | int] = {name: getattr(given, name) for name in named if getattr(given, name) is not None}
    if given.count:
        print(client.get("/journal/count", query)["count"])
        return 0
    if given.limit:
        query["limit"] = given.limit
    exchanges: Iterable[Mapping[str, Any]]
    exchanges = client.lines("/journal/follow", query) if given.follow else client.get("/journal", query)["exchanges"]
    for exchange in exchanges:
        print(json.dumps(exchange) if given.format == "json" else line(exchange), flush=given.follow)
    return 0


def line(exchange: Mapping[str, Any]) -> str:
    """One exchange as a line for people."""
    status = "dropped" if exchange["dropped"] else "refused" if exchange["refused"] else str(exchange["status"])
    what = exchange["method_id"] or f"{exchange['verb']} {exchange['host']}{exchange['path']}"
    resource = exchange["resource"] if exchange["method_id"] else ""
    notes = f" {exchange['reason']}" if exchange["reason"] else ""
    notes += f" [would be denied: {exchange['would_deny']}]" if exchange["would_deny"] else ""
    notes += f" [fault rule {exchange['fault']}]" if exchange["fault"] is not None else ""
    caller = exchange["principal"] or "-"
    text = f"{exchange['time']} {status:>7} {exchange['duration_ms']:8.1f} ms  {what} {resource}".rstrip()
    text = f"{text}  {caller}{notes}"
    bodies = [("> ", exchange["request_body"]), ("< ", exchange["response_body"])]
    shown = [f"    {mark}{row}" for mark, body in bodies if body for row in body.splitlines()]
    return "\n".join([text, *shown])

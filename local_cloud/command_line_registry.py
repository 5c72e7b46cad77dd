"""The `registry` command: what is done with container images beside pushing and pulling them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from local_cloud.admin_client import AdminClient

if TYPE_CHECKING:
    from local_cloud.state import StateDirectory


def add(commands: Any) -> None:
    """Add the command to the parser."""
    registry = commands.add_parser("registry", help="container images: registry cleanup")
    actions = registry.add_subparsers(required=True, metavar="ACTION")
    cleanup = actions.add_parser(
        "cleanup", help="apply cleanup policies now, as Google does once a day, and free what no image uses"
    )
    cleanup.set_defaults(command=_cleanup)


def _cleanup(state: StateDirectory, given: argparse.Namespace) -> int:
    answer = AdminClient(state.admin_socket).post("/registry/cleanup")
    for one in answer["expired"]:
        word = "would delete" if one["dry_run"] else "deleted"
        print(f"{word} {one['version']} ({one['policy']})")
    print(f"{answer['freed_bytes']} bytes freed")
    return 0

"""The command line: what can be typed after `python -m local_cloud`, and what is done about it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from local_cloud import command_line_clusters, command_line_faults, command_line_logs, command_line_registry
from local_cloud.admin_client import AdminClient, NotRunningError, RefusedError
from local_cloud.state import DEFAULT_STATE, STATE_VARIABLE, StateDirectory

DESCRIPTION = """\
The local cloud: Google's APIs on this machine, behind a forward proxy.

  python -m local_cloud up               start it (or attach to the one that runs)
  eval "$(python -m local_cloud env)"    let terraform, gcloud, curl and client libraries in this shell use it
  python -m local_cloud logs --follow    watch the API calls
  python -m local_cloud down             stop it; what it holds is kept
"""

Command = Callable[[StateDirectory, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0, 1 for a refusal or failure, 3 when no daemon runs."""
    given = parser().parse_args(arguments)
    state = StateDirectory.resolve(given.state)
    command: Command = given.command
    try:
        return command(state, given)
    except NotRunningError:
        print(f"the local cloud in {state.root} does not run; `python -m local_cloud up` starts it", file=sys.stderr)
        return 3
    except (RefusedError, ValueError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    result = argparse.ArgumentParser(
        prog="python -m local_cloud", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument(
        "--state", metavar="DIR", help=f"state directory (default: ${STATE_VARIABLE}, else {DEFAULT_STATE}/ here)"
    )
    commands = result.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_lifecycle(commands)
    _add_contents(commands)
    _add_behaviour(commands)
    command_line_clusters.add(commands)
    command_line_faults.add(commands)
    command_line_logs.add(commands)
    command_line_registry.add(commands)
    return result


def _add_lifecycle(commands: Any) -> None:
    start = commands.add_parser("up", help="start the daemon, or attach to the one that runs")
    start.add_argument("--port", type=_port, default=0, help="proxy port; 0: the one of last time, else a free one")
    start.add_argument("--iam", choices=["off", "audit", "enforce"], help="how permissions are treated (kept)")
    start.add_argument(
        "--operations-take", type=float, metavar="SECONDS", help="how long operations take; 0: done at once (kept)"
    )
    start.add_argument(
        "--provider", choices=["auto", "registry", "stand-in"], help="where Terraform gets hashicorp/google (kept)"
    )
    start.set_defaults(command=_up)
    stop = commands.add_parser("down", help="stop the daemon and all it started; state is kept")
    stop.add_argument(
        "--patience", type=float, default=15.0, metavar="SECONDS", help="wait so long before force is used (default 15)"
    )
    stop.set_defaults(command=_down)
    status = commands.add_parser("status", help="what runs; exit status 3 when nothing does")
    status.add_argument("--format", choices=["text", "json"], default="text")
    status.set_defaults(command=_status)
    variables = commands.add_parser("env", help='shell exports for eval "$(python -m local_cloud env)"')
    variables.add_argument("--format", choices=["shell", "json"], default="shell")
    variables.set_defaults(command=_env)
    serve = commands.add_parser("serve", help="run the daemon in the foreground")
    serve.add_argument("--port", type=_port, default=0)
    serve.add_argument("--ready-descriptor", type=int, help=argparse.SUPPRESS)
    serve.add_argument("--lock-descriptor", type=int, help=argparse.SUPPRESS)
    serve.set_defaults(command=_serve)


def _add_contents(commands: Any) -> None:
    commands.add_parser("reset", help="back to the empty cloud").set_defaults(command=_reset)
    snapshot = commands.add_parser(
        "snapshot", help="keep what the cloud holds now under a name; without one, list them"
    )
    snapshot.add_argument("name", nargs="?")
    snapshot.set_defaults(command=_snapshot)
    restore = commands.add_parser("restore", help="put a snapshot back")
    restore.add_argument("name")
    restore.set_defaults(command=_restore)


def _add_behaviour(commands: Any) -> None:
    settings = commands.add_parser("settings", help="show settings, or change them: settings iam=enforce quotas=off")
    settings.add_argument("changes", nargs="*", metavar="NAME=VALUE")
    settings.set_defaults(command=_settings)
    clock = commands.add_parser("clock", help="the cloud's time: clock, clock advance SECONDS, clock reset")
    actions = clock.add_subparsers(metavar="ACTION")
    clock.set_defaults(command=_clock, change=None)
    advance = actions.add_parser("advance", help="move forward")
    advance.add_argument("seconds", type=float)
    advance.set_defaults(change="advance")
    actions.add_parser("reset", help="back to the machine's time").set_defaults(change="reset")
    token = commands.add_parser("token", help="print an access token of a user or service account")
    token.add_argument("member", help="user:ADDRESS or serviceAccount:ADDRESS")
    token.add_argument("--lifetime", type=float, default=3600.0, metavar="SECONDS")
    token.add_argument("--exec-credential", action="store_true", help="print it as kubectl's credential plugins do")
    token.set_defaults(command=_token)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _client(state: StateDirectory) -> AdminClient:
    return AdminClient(state.admin_socket)


def _up(state: StateDirectory, given: argparse.Namespace) -> int:
    # Imported late: most commands need none of it, and start faster without.
    from local_cloud import lifecycle

    chosen = {"iam": given.iam, "operation_seconds": given.operations_take, "provider": given.provider}
    settings = {name: value for name, value in chosen.items() if value is not None}
    status, started = lifecycle.up(state, given.port, settings)
    verb = "started" if started else "already runs"
    print(f"the local cloud {verb}: proxy 127.0.0.1:{status['port']}, pid {status['pid']}, state {state.root}")
    return 0


def _down(state: StateDirectory, given: argparse.Namespace) -> int:
    from local_cloud import lifecycle

    print("stopped" if lifecycle.down(state, given.patience) else f"no local cloud ran in {state.root}")
    return 0


def _serve(state: StateDirectory, given: argparse.Namespace) -> int:
    from local_cloud import daemon

    state.create()
    ready = None if given.ready_descriptor is None else os.fdopen(given.ready_descriptor, "wb", buffering=0)
    lock = None if given.lock_descriptor is None else os.fdopen(given.lock_descriptor, "w")
    daemon.run(state, given.port, ready, lock)
    return 0


def _status(state: StateDirectory, given: argparse.Namespace) -> int:
    found = _client(state).get("/status")
    if given.format == "json":
        print(json.dumps(found, indent=2))
        return 0
    settings = found.pop("settings")
    rows = {**found, **{f"settings.{name}": value for name, value in settings.items()}}
    rows["snapshots"] = ", ".join(found["snapshots"]) or "none"
    rows["children"] = ", ".join(f"{child['name']} (pid {child['pid']})" for child in found["children"]) or "none"
    rows["runtimes"] = (
        ", ".join(f"{one['runtime']}/{one['name']} {one['state']}" for one in found["runtimes"]) or "none"
    )
    rows["memory"] = f"{rows.pop('memory_bytes') / 2**20:.0f} MiB"
    for name, value in rows.items():
        print(f"{name:28} {value}")
    return 0


def _env(state: StateDirectory, given: argparse.Namespace) -> int:
    from local_cloud.shell import exports

    found = _client(state).get("/environment")
    for warning in found["warnings"]:
        print(warning, file=sys.stderr)
    variables = found["environment"]
    print(json.dumps(variables, indent=2) if given.format == "json" else exports(variables))
    return 0


def _reset(state: StateDirectory, _: argparse.Namespace) -> int:
    _client(state).post("/reset")
    print("the cloud is empty")
    return 0


def _snapshot(state: StateDirectory, given: argparse.Namespace) -> int:
    if given.name is None:
        print("\n".join(_client(state).get("/snapshots")["snapshots"]) or "no snapshots")
        return 0
    taken = _client(state).post("/snapshots", {"name": given.name})
    print(f"snapshot {given.name}: {taken['bytes']} bytes")
    return 0


def _restore(state: StateDirectory, given: argparse.Namespace) -> int:
    _client(state).post("/restore", {"name": given.name})
    print(f"restored {given.name}")
    return 0


def _settings(state: StateDirectory, given: argparse.Namespace) -> int:
    changes = {}
    for change in given.changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise ValueError(f"settings: {change!r} is not NAME=VALUE")
        changes[name] = value
    client = _client(state)
    found = client.patch("/settings", changes) if changes else client.get("/settings")
    for name, value in found.items():
        print(f"{name}={value}")
    return 0


def _clock(state: StateDirectory, given: argparse.Namespace) -> int:
    client = _client(state)
    if given.change == "advance":
        found = client.post("/clock", {"advance": given.seconds})
    elif given.change == "reset":
        found = client.post("/clock", {"reset": True})
    else:
        found = client.get("/clock")
    print(f"{found['now']} ({found['ahead_seconds']:g} s ahead of the machine)")
    return 0


def _token(state: StateDirectory, given: argparse.Namespace) -> int:
    issued = _client(state).post("/tokens", {"member": given.member, "lifetime": given.lifetime})
    as_asked = command_line_clusters.exec_credential if given.exec_credential else (lambda token, _: token)
    print(as_asked(issued["token"], issued["expires"]))
    return 0

"""Starting and stopping the daemon from outside, however the last one ended."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psutil

from local_cloud.admin_client import AdminClient
from local_cloud.hosts import LOOPBACK
from local_cloud.processes import ProcessRecord, end, read_records
from local_cloud.terraform_provider.peer import serving_pid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloud.state import StateDirectory

# A daemon answers after a second or two; a machine under load gets much longer.
START_SECONDS = 60.0
# Another `up` or `down` may hold the state directory for this long, in seconds.
LOCK_SECONDS = 90.0
# The daemon stops by itself within this time, else it is terminated, and killed after as long again; in seconds.
STOP_SECONDS = 15.0
LOCK_PAUSE = 0.05
LOG_TAIL_LINES = 25

PACKAGE_PARENT = Path(__file__).resolve().parent.parent


class StartError(RuntimeError):
    """The daemon did not start; the message has the end of its log."""


def running(state: StateDirectory) -> ProcessRecord | None:
    """The daemon of this state directory; None when there is none, whatever the pid file says."""
    try:
        noted = json.loads(state.pid_file.read_text())
        record = ProcessRecord(int(noted["pid"]), float(noted["started"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return record if record.process() is not None else None


def up(state: StateDirectory, port: int, settings: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Start the daemon, or attach to the one that runs; its status, and whether it was started.

    `port` 0 is the one of last time, else a free one. `settings` are changed in either case. StartError when it does
    not start, when it runs on another port than the one asked for, or when it does not answer.
    """
    state.create()
    with locked(state), state.run_lock.open("w") as lock:
        record = _holder(state, lock)
        if record is None:
            clear(state, keep=serving_pid(state.provider_socket))
            _start(state, port, lock)
        client = AdminClient(state.admin_socket)
        if settings:
            client.patch("/settings", settings)
        status = client.get("/status")
    if port and status["port"] != port:
        raise StartError(f"the local cloud in {state.root} runs on port {status['port']}, not {port}; `down` stops it")
    return status, record is None


def down(state: StateDirectory, patience: float = STOP_SECONDS) -> bool:
    """Stop the daemon and everything it started; whether anything ran.

    It is asked first, terminated when it has not ended after `patience` seconds, killed after as long again.
    StartError when one is on its way and does not get ready.
    """
    if not state.root.is_dir():
        return False
    with locked(state), state.run_lock.open("w") as lock:
        record = _holder(state, lock)
        if record is not None:
            _ask_to_stop(state, record, patience)
        return clear(state) or record is not None


def clear(state: StateDirectory, keep: int | None = None) -> bool:
    """Remove what a daemon that was killed left behind: processes, sockets, pid file; whether a process was left.

    `keep` is the provider stand-in that still serves: the next daemon takes it over, so that a terraform run that uses
    it goes on.
    """
    records = [record for record in read_records(state.children_file) if record.pid != keep]
    left = [record for record in records if record.process() is not None]
    end(left, STOP_SECONDS)
    state.children_file.unlink(missing_ok=True)
    state.pid_file.unlink(missing_ok=True)
    if keep is None:
        state.remove_sockets()
    else:
        state.admin_socket.unlink(missing_ok=True)
    return bool(left)


def _holder(state: StateDirectory, lock: IO[str]) -> ProcessRecord | None:
    """The daemon that holds the state directory, once it is ready; None when there is none: then `lock` is held.

    An `up` that was killed may have left one on its way. StartError when it does not get ready.
    """
    deadline = time.monotonic() + START_SECONDS
    while not _try_to_lock(lock):
        record = running(state)
        if record is not None:
            return record
        if time.monotonic() > deadline:
            raise StartError(f"a daemon in {state.root} has not got ready for {START_SECONDS:g} s; see {state.log}")
        # The kernel offers no wait for a lock with a deadline.
        time.sleep(LOCK_PAUSE)
    return None


def _try_to_lock(lock: IO[str]) -> bool:
    """Take a lock if nobody has it; whether it is held now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ask_to_stop(state: StateDirectory, record: ProcessRecord, patience: float) -> None:
    """Politely over the admin API, then by signal."""
    process = record.process()
    if process is None:
        return
    try:
        AdminClient(state.admin_socket, patience).post("/stop")
        process.wait(patience)
    except (OSError, psutil.TimeoutExpired):
        # It hangs or has lost its socket: signals reach it all the same.
        end([record], patience)


def _start(state: StateDirectory, port: int, lock: IO[str]) -> None:
    """Start a detached daemon that inherits `lock`, and wait until it says that it is ready.

    So the state directory is held from here to the daemon's end, and by a daemon whose `up` was killed as well.
    """
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "local_cloud", "--state", str(state.root)]
    command += ["serve", "--port", str(port), "--ready-descriptor", str(writing)]
    command += ["--lock-descriptor", str(lock.fileno())]
    begins_at = state.log.stat().st_size if state.log.exists() else 0
    with state.log.open("ab") as log:
        state.log.chmod(0o600)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing, lock.fileno()],
            start_new_session=True,
            env=_outside_environment(state),
            cwd=PACKAGE_PARENT,
        )
    os.close(writing)
    try:
        if not _is_ready(reading):
            end([ProcessRecord.of(process.pid)] if process.poll() is None else [], STOP_SECONDS)
            clear(state)
            raise StartError(f"the daemon did not start; the end of {state.log}:\n{log_tail(state.log, begins_at)}")
    finally:
        os.close(reading)


def _is_ready(descriptor: int) -> bool:
    """Whether the daemon says so in time; a daemon that ends closes its side."""
    readable, _, _ = select.select([descriptor], [], [], START_SECONDS)
    return bool(readable) and os.read(descriptor, 16).startswith(b"ready")


def _outside_environment(state: StateDirectory) -> dict[str, str]:
    """This process's environment, without what `env` of the same local cloud put there: it must not proxy to itself."""
    found = dict(os.environ)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), found.get("PYTHONPATH", "")]))
    if state.port_file.exists():
        own = f"http://{LOOPBACK}:{state.port_file.read_text().strip()}"
        found = {name: value for name, value in found.items() if value != own}
    return {name: value for name, value in found.items() if value != str(state.ca_bundle)}


def log_tail(log: Path, begins_at: int = 0) -> str:
    """The last lines of a log, of what was written after `begins_at` bytes."""
    with log.open("rb") as file:
        file.seek(begins_at)
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:]) or "  (empty)"


@contextmanager
def locked(state: StateDirectory) -> Iterator[None]:
    """Hold the state directory against another `up` or `down`; StartError when it stays held."""
    deadline = time.monotonic() + LOCK_SECONDS
    with state.start_lock.open("w") as lock:
        while not _try_to_lock(lock):
            if time.monotonic() > deadline:
                raise StartError(f"another `up` or `down` has held {state.root} for {LOCK_SECONDS:g} s")
            # The kernel offers no wait for a lock with a deadline.
            time.sleep(LOCK_PAUSE)
        yield

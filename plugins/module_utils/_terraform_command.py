"""PRIVATE to the collection: run terraform or tofu: no secret on its command line, nothing lost when stopped."""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ._failure import Failure
from ._terraform_ui import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

Given = TypeVar("Given")
Result = TypeVar("Result")

BINARIES = ("terraform", "tofu")

# How often new lines of a running command are looked for, in seconds; its end is seen at once where there are pidfds.
FOLLOW_SECONDS = 0.2

# How long a command may take to end after SIGINT, in seconds: it finishes calls under way and saves the state.
STOP_SECONDS = 180.0
KEPT_TEXT_BYTES = 16384
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Finished:
    """What a command left: its exit code, its events, and the text among them that was no event."""

    code: int
    events: list[Event]
    text: str


class Stopped(BaseException):
    """A signal asked this process to stop while terraform ran; terraform has stopped when this is seen outside."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def heeding_signals(function: Callable[[Given], Result]) -> Callable[[Given], Result]:
    """Wrap a module's function so that a signal held back for terraform reaches this process after the tidying up."""

    def wrapped(given: Given) -> Result:
        try:
            return function(given)
        except Stopped as stopped:
            signal.raise_signal(stopped.number)
            name = signal.Signals(stopped.number).name
            raise Failure(
                reason="INTERRUPTED",
                message=f"{name} stopped terraform; it saved the state and gave back its lock.",
                hint="Run again: the next plan goes on from there.",
            ) from stopped

    return wrapped


@dataclass(frozen=True)
class Terraform:
    """A terraform or tofu binary with the directory and environment to run it in."""

    binary: str
    directory: Path
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """`terraform` or `tofu`, as the operator would type it."""
        return Path(self.binary).name

    def version(self) -> Mapping[str, Any]:
        """Return what `version -json` says: `terraform_version`, `platform`, `provider_selections`."""
        document = json.loads(self.capture(["version", "-json"], seconds=60))
        return document if isinstance(document, dict) else {}

    def capture(self, arguments: list[str], *, seconds: float) -> str:
        """Run a command that only reads and return what it printed; it never touches a disk, since it may hold secrets.

        Raises Failure `TERRAFORM_FAILED` or `TIMEOUT`.
        """
        process = self._start(arguments, subprocess.PIPE, subprocess.PIPE)
        try:
            with _ended_with_us(process):
                output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as exc:
            raise _timeout(arguments[0], seconds) from exc
        if process.returncode != 0:
            words = " ".join(errors.decode("utf-8", "replace").split())[-1500:]
            raise Failure(
                reason="TERRAFORM_FAILED",
                message=f"{self.name} {arguments[0]} ended with {process.returncode}: {words}",
            )
        return output.decode("utf-8")

    def follow(self, arguments: list[str], *, log: Path, seconds: float, on_event: Callable[[Event], None]) -> Finished:
        """Run a command, hand each event on as it comes, and keep all lines in `log` (mode 0600).

        Output goes to a file, not a pipe: when this process is killed, terraform can still write and save the state.
        A signal, Ansible's `timeout` and the deadline of `seconds` each send SIGINT once and wait for terraform.
        Raises Failure `TIMEOUT`.
        """
        events: list[Event] = []
        text = ""
        deadline = time.monotonic() + seconds
        with _private_file(log) as sink:
            process = self._start(arguments, sink, subprocess.STDOUT)
        with _ended_with_us(process):
            for line in _lines_until_end(process, log, deadline):
                event = Event.from_line(line)
                if event is None:
                    text = (text + line)[-KEPT_TEXT_BYTES:]
                else:
                    events.append(event)
                    on_event(event)
        if time.monotonic() >= deadline and process.returncode != 0:
            raise _timeout(arguments[0], seconds)
        return Finished(process.returncode, events, text)

    def _start(self, arguments: list[str], output: Any, errors: Any) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [self.binary, *arguments],
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
                umask=0o077,
                preexec_fn=_interrupt_when_parent_dies(os.getpid()),  # noqa: PLW1509  (the child only calls prctl)
            )
        except OSError as exc:
            raise Failure(
                reason="TERRAFORM_NOT_FOUND", message=f"{self.binary} cannot be started: {exc.strerror}."
            ) from exc


def find_binary(wanted: str | None) -> str:
    """Return the binary to run: the one asked for, else terraform, else tofu from PATH.

    Raises Failure `TERRAFORM_NOT_FOUND`.
    """
    for name in (wanted,) if wanted else BINARIES:
        found = shutil.which(Path(name).expanduser())
        if found:
            return found
    sought = wanted or " or ".join(BINARIES)
    raise Failure(
        reason="TERRAFORM_NOT_FOUND",
        message=f"{sought} is not on PATH.",
        hint="Install Terraform 1.11 or later, or OpenTofu 1.11 or later, or set the option `binary` to its path.",
    )


def _lines_until_end(process: subprocess.Popen[bytes], log: Path, deadline: float) -> Iterator[str]:
    """Yield whole lines of the log as they appear, until the process has ended or the deadline has passed."""
    rest = b""
    with log.open("rb") as source:
        while True:
            ended = _wait_for_end(process, FOLLOW_SECONDS)
            rest += source.read()
            *lines, rest = rest.split(b"\n")
            yield from (line.decode("utf-8", "replace") + "\n" for line in lines)
            if ended or time.monotonic() >= deadline:
                break
    if rest:
        yield rest.decode("utf-8", "replace")


def _wait_for_end(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait at most so long; True when the process has ended."""
    if process.poll() is not None:
        return True
    if hasattr(os, "pidfd_open"):
        watch = os.pidfd_open(process.pid)
        try:
            select.select([watch], [], [], seconds)
        finally:
            os.close(watch)
    else:
        time.sleep(seconds)
    return process.poll() is not None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs: SIGINT once, wait, and only then kill. A second SIGINT would drop the state."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while not _wait_for_end(process, 1.0) and time.monotonic() < deadline:
            continue
        # What is left of its group, such as the command of a provisioner or terraform itself, has had its time.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See to it that the process has ended when the block is left, whether by its end, an exception or a signal.

    The first SIGINT or SIGTERM is raised as `Stopped`; none disturbs the wait for terraform's end after that.
    """
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            raise Stopped(number)

    handles = threading.current_thread() is threading.main_thread()
    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)} if handles else {}
    try:
        yield
    finally:
        received.append(0)
        _stop(process)
        for number, handler in former.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _interrupt_when_parent_dies(parent: int) -> Callable[[], None] | None:
    """Return what the child does before it becomes terraform: ask for SIGINT when we are killed. Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(130)

    return ask


@contextmanager
def _private_file(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _timeout(operation: str, seconds: float) -> Failure:
    return Failure(
        reason="TIMEOUT",
        message=f"terraform {operation} was stopped after {seconds:.0f} s; it was given time to save the state.",
        hint="See its log in the work directory for what it was waiting for, or raise the option `timeout`.",
    )

"""Show in the terminal what a run waits for: one line that is redrawn on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TextIO

from ._in_flight import InFlight, duration

TICK = 0.5
"""Seconds between two looks at the run."""
QUIET = 1.0
"""Seconds a task may take before a terminal shows it: short work stays silent."""
ERASE = b"\r\x1b[2K"
"""Back to the first column and clear the line (ECMA-48 EL)."""
FRAMES = ("⠋", "⠙", "⠸", "⠴", "⠦", "⠇")
PLAIN_FRAMES = ("|", "/", "-", "\\")


class Screen(Protocol):
    """Where progress is shown."""

    def show(self, seconds: float, line: str) -> None:
        """Show a line that describes work which has taken so many seconds; "" when there is none."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


class TerminalLine:
    """One line at the bottom of a terminal, wiped before anybody else writes and drawn again at the next tick.

    Ansible's own output does not know of it. So the `write` of both standard streams' buffers is wrapped, as Ansible's
    Display itself does, and the line is wiped first. Ansible's display lock is held while drawing: it keeps workers
    from being forked in the middle, and a multi-line output from being split.
    """

    def __init__(self, stream: TextIO, lock: AbstractContextManager[Any]) -> None:
        self._descriptor = stream.fileno()
        self._lock = lock
        self._shown = ""
        self._at_line_start = True
        self._frame = 0
        encoding = (stream.encoding or "").lower()
        self._frames = FRAMES if encoding.startswith("utf") else PLAIN_FRAMES
        self._wrapped: list[tuple[Any, Callable[[Any], int]]] = []
        for other in (sys.stdout, sys.stderr):
            if other.isatty():
                self._wrap(other.buffer)

    def _wrap(self, buffer: Any) -> None:
        inner = buffer.write

        def write(data: Any) -> int:
            with self._lock:
                self._wipe()
                self._at_line_start = bytes(data[-1:]) == b"\n"
                return int(inner(data))

        buffer.write = write
        self._wrapped.append((buffer, inner))

    def _wipe(self) -> None:
        if self._shown:
            os.write(self._descriptor, ERASE)
            self._shown = ""

    def show(self, seconds: float, line: str) -> None:
        """Draw the line, cut to the terminal's width; nothing for short work or behind a prompt."""
        with self._lock:
            if not line or seconds < QUIET or not self._at_line_start:
                self._wipe()
                return
            self._frame = (self._frame + 1) % len(self._frames)
            text = self._fit(f"{self._frames[self._frame]} {duration(float(int(seconds)))} | {line}")
            os.write(self._descriptor, ERASE + text.encode("utf-8", "replace"))
            self._shown = text

    def _fit(self, text: str) -> str:
        width = os.get_terminal_size(self._descriptor).columns - 1
        return text if len(text) <= width or width < 1 else f"{text[: width - 3]}..."

    def close(self) -> None:
        """Wipe the line and give the streams back their own `write`."""
        with self._lock:
            self._wipe()
            for buffer, inner in self._wrapped:
                buffer.write = inner
            self._wrapped.clear()


class PlainLines:
    """For a file or a pipe: a line each `interval` seconds of a task if there is news, else every sixth time."""

    PATIENCE = 6

    def __init__(self, stream: TextIO, lock: AbstractContextManager[Any], interval: float) -> None:
        self._stream = stream
        self._lock = lock
        self._interval = interval
        self._next = interval
        self._last = ""
        self._silent = 0

    def show(self, seconds: float, line: str) -> None:
        """Print the line when its time has come."""
        if not line or seconds < self._next - self._interval:
            self._next, self._last, self._silent = self._interval, "", 0
        if not line or seconds < self._next:
            return
        self._next = seconds + self._interval
        self._silent += 1
        if line == self._last and self._silent < self.PATIENCE:
            return
        self._last, self._silent = line, 0
        with self._lock:
            self._stream.write(f"... {duration(seconds)} | {line}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing to undo."""


class LiveProgress:
    """A thread that looks at the run every half second and shows it.

    Workers are forked beside it. That is safe because they never touch this object, and because the one lock that both
    need, the display's, is held by Ansible itself while it forks.
    """

    def __init__(self, work: InFlight, screen: Screen) -> None:
        self._work = work
        self._screen = screen
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-progress", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            try:
                self._screen.show(*self._work.line())
            except OSError:
                # The terminal is gone (closed window, broken pipe): the run goes on without being watched.
                return

    def stop(self) -> None:
        """Stop looking and clean up the screen; safe to call twice."""
        self._stop.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2 * TICK)
        try:
            self._screen.close()
        except OSError:
            return


def screen_for(mode: str, interval: float, lock: AbstractContextManager[Any]) -> Screen | None:
    """The screen for `line`, `plain`, `off`, or `auto`: a line if standard error is a terminal, else plain lines."""
    if mode == "off":
        return None
    if mode == "line" or (mode == "auto" and sys.stderr.isatty()):
        return TerminalLine(sys.stderr, lock)
    return PlainLines(sys.stderr, lock, interval)

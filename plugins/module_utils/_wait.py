"""PRIVATE to the collection: waits as data, with a deadline, jitter and the last observed object in the failure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ._failure import Failure
from ._masking import masked
from ._progress import report


class Clock:
    """Time and chance, so that a test can own both."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def jittered(self, seconds: float) -> float:
        """Between 75 and 125 per cent of `seconds`: workers that started together do not ask together."""
        return seconds * random.uniform(0.75, 1.25)  # noqa: S311  (spreads load; guards nothing)


REAL_CLOCK = Clock()


@dataclass(frozen=True)
class Is:
    """A predicate as data: the value at a dotted `path` is one of `values`; a path that is not there has None."""

    path: str
    values: tuple[Any, ...]

    def __call__(self, observed: Any) -> bool:
        return value_at(observed, self.path) in self.values


def value_at(observed: Any, path: str) -> Any:
    """The value at a dotted path of nested mappings, None where a step is missing."""
    for step in path.split("."):
        if not isinstance(observed, Mapping):
            return None
        observed = observed.get(step)
    return observed


def never(_observed: Any) -> bool:
    """The `fail_if` of a thing that has no terminal bad state."""
    return False


@dataclass(frozen=True)
class Wait:
    """What is waited for. `timeout` and `interval` are seconds; the interval grows to five times itself."""

    subject: str
    until: Callable[[Any], bool]
    waiting_for: str
    fail_if: Callable[[Any], bool] = never
    timeout: float = 300.0
    interval: float = 1.0


def watch(wait: Wait, observe: Callable[[], Any], clock: Clock = REAL_CLOCK) -> Any:
    """Observe until `until` holds and return that observation.

    Raises `Failure` `WAIT_FAILED` as soon as `fail_if` holds and `WAIT_TIMEOUT` at the deadline, both with the last
    observation under `facts.observed`.
    """
    started = clock.now()
    interval = wait.interval
    while True:
        observed = observe()
        if wait.until(observed):
            return observed
        facts = {"observed": masked(observed)}
        if wait.fail_if(observed):
            raise Failure("WAIT_FAILED", f"{wait.subject} will not become {wait.waiting_for}.", facts=facts)
        waited = clock.now() - started
        if waited >= wait.timeout:
            raise Failure(
                "WAIT_TIMEOUT",
                f"{wait.subject} was not {wait.waiting_for} after {wait.timeout:g} s.",
                hint="Run again to go on waiting, or raise wait_timeout.",
                facts=facts,
            )
        report(wait.subject, wait.waiting_for, done=round(waited, 1), total=wait.timeout)
        clock.sleep(max(0.0, min(clock.jittered(interval), wait.timeout - waited)))
        interval = min(interval * 1.5, wait.interval * 5)

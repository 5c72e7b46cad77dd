"""PRIVATE to the collection: gates that must notice a planted fault before their verdict counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PASS, FAIL, NO_EVIDENCE = "pass", "fail", "no-evidence"

Evidence = TypeVar("Evidence")


class Fault(Exception):
    """What a gate noticed; the message says what was found and what was expected."""


class NoEvidence(Exception):
    """There is nothing to judge by; the message says what is missing and why."""


@dataclass(frozen=True)
class Gate(Generic[Evidence]):
    """One question put to the evidence.

    `judge` returns the proof in words, or raises `Fault` or `NoEvidence`. `plant` returns a copy of the evidence with
    the fault that this gate is there to notice, or raises `NoEvidence` when there is nothing to plant it in.
    """

    name: str
    judge: Callable[[Evidence], str]
    plant: Callable[[Evidence], Evidence]

    def decide(self, evidence: Evidence) -> dict[str, str]:
        """An entry of a result's `verdicts`: `{name, verdict, evidence}` (docs/architecture.md section 3).

        A gate that stays green on its planted fault proves nothing: its verdict is `no-evidence`.
        """
        try:
            self._control(evidence)
            return self._entry(PASS, self.judge(evidence))
        except Fault as fault:
            return self._entry(FAIL, str(fault))
        except NoEvidence as lack:
            return self._entry(NO_EVIDENCE, str(lack))

    def _control(self, evidence: Evidence) -> None:
        try:
            said = self.judge(self.plant(evidence))
        except Fault:
            return
        raise NoEvidence(f"void: the check did not notice its own planted fault and said: {said}")

    def _entry(self, verdict: str, evidence: str) -> dict[str, str]:
        return {"name": self.name, "verdict": verdict, "evidence": evidence}


def unproved(verdicts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The verdicts that block: everything but `pass`."""
    return [entry for entry in verdicts if entry["verdict"] != PASS]

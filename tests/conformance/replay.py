"""One recorded case after the other, each in a fresh cloud that holds what its recording took for granted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_cloud.emulator.engine import Emulator
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.settings import IamMode, Settings
from local_cloud.identity.principal import Principal
from tests.conformance.bindings import Bindings, fill
from tests.conformance.comparison import differences, learn
from tests.conformance.world import CALLER, prepare

RECORDINGS = Path(__file__).parents[3] / "shared" / "facts" / "recorded_exchanges.jsonl"


@dataclass
class SteppingClock:
    """A clock that the replay moves: between two calls as long as an operation takes."""

    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The current time (aware, UTC)."""
        self.moment += timedelta(microseconds=1)
        return self.moment


@dataclass(frozen=True)
class Outcome:
    """One replayed exchange: where it went and how it departs from the recording (nothing = match)."""

    case: str
    index: int
    host: str
    method: str
    path: str
    method_id: str
    collection: str
    target: str
    problems: Sequence[str]

    @property
    def matches(self) -> bool:
        """True when status and every recorded field agree."""
        return not self.problems


@dataclass
class Replay:
    """An emulator that is emptied before every case."""

    clock: SteppingClock = field(default_factory=SteppingClock)
    _hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start the emulator; operations take a while, as they did when the recordings were made."""
        self.settings = Settings(iam=IamMode.OFF, operation_seconds=1.0, quotas=False)
        self.emulator = Emulator(":memory:", clock=self.clock, settings=self.settings)
        self.principal = Principal(f"user:{CALLER}", CALLER, "1", datetime.max.replace(tzinfo=UTC))

    def case(self, case: Mapping[str, Any]) -> Iterator[Outcome]:
        """Replay one case; exchanges with hosts that no profile serves are passed over."""
        self.emulator.reset()
        bindings = Bindings()
        prepare(self, bindings, case)
        for index, exchange in enumerate(case["exchanges"]):
            if exchange["host"] in self.emulator.hosts:
                yield self._exchange(case["case"], index, exchange, bindings)

    def send(self, method: str, host: str, path: str, query: str = "", body: Any = None) -> Response:
        """One call by the recording's user."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.emulator.handle(Request(method, host, path, query, {}, content, self.principal))

    def _exchange(self, case: str, index: int, exchange: Mapping[str, Any], bindings: Bindings) -> Outcome:
        self.clock.moment += timedelta(seconds=2 if exchange["method"] == "GET" else 0)
        problems: list[str] = []
        path = exchange["path"]
        for attempt, assignment in enumerate(list(bindings.alternatives(json.dumps([path, exchange.get("query"), exchange.get("request")])))):
            path = fill(exchange["path"], assignment)
            body = self._current_hashes(fill(exchange.get("request"), assignment))
            response = self.send(exchange["method"], exchange["host"], path, fill(exchange.get("query") or "", assignment), body)
            found: dict[str, str] = {}
            attempted = self._problems(exchange, response, assignment, found)
            if attempt == 0 or not attempted:
                problems = attempted
            if not attempted or response.status < 300:
                self._remember(bindings, exchange, response, assignment, found)
                break
        else:
            if exchange["status"] == 404:
                self._unbind(bindings, exchange)
        self._hashes.update(_hashes_in(response.parsed() if response.body.startswith(b"{") else {}))
        method = self.emulator.routes.match(exchange["host"], exchange["method"], path)
        return Outcome(case, index, exchange["host"], exchange["method"], exchange["path"], method.id if method else "", method.collection if method else "", _target(exchange), problems)

    def _current_hashes(self, body: Any) -> Any:
        """The recordings blank every etag and fingerprint: the client meant the newest it had seen."""
        if isinstance(body, dict):
            return {key: self._hashes.get(key, value) if value == "abcdef0123A=" else self._current_hashes(value) for key, value in body.items()}
        return [self._current_hashes(item) for item in body] if isinstance(body, list) else body

    @staticmethod
    def _remember(bindings: Bindings, exchange: Mapping[str, Any], response: Response, assignment: Mapping[str, str], found: Mapping[str, str]) -> None:
        for name, value in assignment.items():
            bindings.bind(name, value)
        learn(bindings, found)
        if exchange["method"] in ("POST", "PUT") and response.status < 300:
            renamed: dict[str, str] = {}
            list(differences(exchange.get("response"), response.parsed(), {"projectId": assignment.get("projectId", "recorded-project")}, renamed))
            learn(bindings, renamed)

    @staticmethod
    def _unbind(bindings: Bindings, exchange: Mapping[str, Any]) -> None:
        """The recording means another resource of the same placeholder: one that is not there yet."""
        for assignment in bindings.alternatives(exchange["path"].rpartition("/")[2]):
            for name in assignment:
                bindings.fresh(name)

    @staticmethod
    def _problems(exchange: Mapping[str, Any], response: Response, assignment: Mapping[str, str], found: dict[str, str]) -> list[str]:
        if response.status != exchange["status"]:
            return [f"status: recorded {exchange['status']}, got {response.status} {response.body[:400].decode(errors='replace')}"]
        recorded = exchange.get("response")
        if recorded in (None, {}, ""):
            return []
        return list(differences(recorded, response.parsed(), assignment, found))


def _target(exchange: Mapping[str, Any]) -> str:
    """The collection that a recorded Compute operation works on (`networks`), or empty."""
    link = (exchange.get("response") or {}).get("targetLink", "") if isinstance(exchange.get("response"), dict) else ""
    parts = link.rpartition("/")[0].split("/")
    return ("globalAddresses" if parts[-2:] == ["global", "addresses"] else parts[-1]) if link else ""


def _hashes_in(body: Any) -> dict[str, str]:
    return {key: value for key, value in body.items() if key in ("etag", "fingerprint", "labelFingerprint")} if isinstance(body, dict) else {}


def recorded_cases(path: Path = RECORDINGS) -> Iterator[dict[str, Any]]:
    """Every recorded case of the file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

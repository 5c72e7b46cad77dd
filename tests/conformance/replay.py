"""One recorded case after the other, each in a fresh cloud that holds what its recording took for granted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_cloud.emulator.engine import Emulator
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.settings import IamMode, Settings
from local_cloud.identity.principal import Principal
from tests.conformance.bindings import PLACEHOLDER, Bindings, fill
from tests.conformance.comparison import differences, learn
from tests.conformance.world import CALLER, place_foreign_users, prepare

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
    _hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    _created: dict[str, str] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start the emulator; operations take a while, as they did when the recordings were made."""
        self.settings = Settings(iam=IamMode.OFF, operation_seconds=1.0, quotas=False)
        self.emulator = Emulator(":memory:", clock=self.clock, settings=self.settings)
        self.principal = Principal(f"user:{CALLER}", CALLER, "1", datetime.max.replace(tzinfo=UTC))

    def case(self, case: Mapping[str, Any]) -> Iterator[Outcome]:
        """Replay one case; exchanges with hosts that no profile serves are passed over."""
        self.emulator.reset()
        for memory in (self._hashes, self._created, self._aliases):
            memory.clear()
        bindings = Bindings()
        prepare(self, bindings, case)
        for index, exchange in enumerate(case["exchanges"]):
            place_foreign_users(self, bindings, case, index)
            if exchange["host"] in self.emulator.hosts:
                yield self._exchange(case["case"], index, exchange, bindings)

    def send(self, method: str, host: str, path: str, query: str = "", body: Any = None) -> Response:
        """One call by the recording's user."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.emulator.handle(Request(method, host, path, query, {}, content, self.principal))

    def _exchange(self, case: str, index: int, exchange: Mapping[str, Any], bindings: Bindings) -> Outcome:
        self.clock.moment += timedelta(seconds=2 if exchange["method"] == "GET" else 0)
        exchange = self._aliased(exchange)
        self._bind_created(exchange, bindings)
        self._bind_named(exchange, bindings)
        problems, path, status = self._attempts(exchange, bindings)
        if problems and self._means_another(exchange, status):
            self._rename(exchange, bindings)
            problems, path, status = self._attempts(exchange, bindings)
        method = self.emulator.routes.match(exchange["host"], exchange["method"], path)
        collection = method.collection if method else ""
        return Outcome(
            case,
            index,
            exchange["host"],
            exchange["method"],
            exchange["path"],
            method.id if method else "",
            collection,
            _target(exchange),
            problems,
        )

    def _attempts(self, exchange: Mapping[str, Any], bindings: Bindings) -> tuple[list[str], str, int]:
        """Try the meanings that the placeholders may have, the newest first; what could not be undone ends the
        search."""
        first: tuple[list[str], str, int] | None = None
        text = json.dumps([exchange["path"], exchange.get("query"), exchange.get("request")])
        for assignment in list(bindings.alternatives(text)):
            path = fill(exchange["path"], assignment)
            body = self._current_hashes(fill(exchange.get("request"), assignment), path)
            response = self.send(
                exchange["method"], exchange["host"], path, fill(exchange.get("query") or "", assignment), body
            )
            found: dict[str, str] = {}
            problems = self._problems(exchange, response, assignment, found)
            first = first or (problems, path, response.status)
            if not problems or (exchange["method"] != "GET" and response.status < 300):
                self._remember(bindings, exchange, response, assignment, found)
                return problems, path, response.status
        return first or (["no attempt"], "", 0)

    @staticmethod
    def _means_another(exchange: Mapping[str, Any], status: int) -> bool:
        """A recording folds several resources into one placeholder: a 404 or a creation is then about one that is not
        there yet."""
        absent = exchange["method"] == "GET" and exchange["status"] == 404 and status == 200
        new = exchange["method"] in ("POST", "PUT") and exchange["status"] < 300 and status == 409
        return absent or new

    @staticmethod
    def _rename(exchange: Mapping[str, Any], bindings: Bindings) -> None:
        request = exchange.get("request")
        name = (
            request.get("name", "")
            if isinstance(request, dict) and exchange["method"] == "POST"
            else exchange["path"].rpartition("/")[2]
        )
        for placeholder in PLACEHOLDER.findall(str(name)):
            bindings.fresh(placeholder)

    def _aliased(self, exchange: Mapping[str, Any]) -> Mapping[str, Any]:
        """The exchange with ids that Google chose replaced by those the emulator chose for the same resource."""
        text = json.dumps(exchange)
        for recorded, own in self._aliases.items():
            text = re.sub(rf"{re.escape(recorded)}(?!\d)", own, text)
        aliased: Mapping[str, Any] = json.loads(text)
        return aliased

    def _bind_created(self, exchange: Mapping[str, Any], bindings: Bindings) -> None:
        """A placeholder right after a collection means what was created there last, when no recording named it."""
        parent, _, last = exchange["path"].rpartition("/")
        for name in PLACEHOLDER.findall(last):
            if name not in bindings.values and parent in self._created:
                bindings.bind(name, self._created[parent])

    @staticmethod
    def _bind_named(exchange: Mapping[str, Any], bindings: Bindings) -> None:
        """A placeholder that a recorded refusal spells out means that name: `computeurlmap-2-${uniqueId}`."""
        parent, _, last = exchange["path"].rpartition("/")
        answer = exchange.get("response")
        message = str(answer["error"].get("message")) if isinstance(answer, dict) and "error" in answer else ""
        spelled = re.search(rf"{re.escape(re.sub(r'^.*?/v1/', '', parent))}/([^'\" ]+)['\"]", message)
        name = PLACEHOLDER.fullmatch(last)
        if name and spelled and spelled[1] != last:
            known = {key: values[-1] for key, values in bindings.values.items()}
            bindings.bind(name[1], fill(spelled[1], known))

    def _current_hashes(self, body: Any, path: str) -> Any:
        """The recordings blank every etag and fingerprint: the client meant the newest it had seen of that resource."""
        if isinstance(body, dict):
            known = (
                self._hashes.get(re.sub(":set", ":get", path))
                or self._hashes.get(path.partition(":set")[0])
                or self._hashes.get(path.rpartition("/")[0])
                or {}
            )
            return {
                key: known.get(key, value) if value == "abcdef0123A=" else self._current_hashes(value, path)
                for key, value in body.items()
            }
        return [self._current_hashes(item, path) for item in body] if isinstance(body, list) else body

    def _remember(
        self,
        bindings: Bindings,
        exchange: Mapping[str, Any],
        response: Response,
        assignment: Mapping[str, str],
        found: Mapping[str, str],
    ) -> None:
        for name, value in assignment.items():
            bindings.bind(name, value)
        learn(bindings, found)
        answer = response.parsed() if response.body.startswith(b"{") else {}
        hashes = _hashes_in(answer)
        if hashes:
            self._hashes[fill(exchange["path"], assignment)] = hashes
        if exchange["method"] == "POST" and response.status < 300:
            self._created[exchange["path"]] = str(answer.get("id") or str(answer.get("name", "")).rpartition("/")[2])
            recorded, own = (str(body.get("name", "")) for body in (exchange.get("response") or {}, answer))
            parent, _, tail = recorded.rpartition("/")
            if tail.isdigit() and own.rpartition("/")[2].isdigit() and tail != own.rpartition("/")[2]:
                collection = parent.rpartition("/")[2]
                self._aliases[f"{collection}/{tail}"] = f"{collection}/{own.rpartition('/')[2]}"

    @staticmethod
    def _problems(
        exchange: Mapping[str, Any], response: Response, assignment: Mapping[str, str], found: dict[str, str]
    ) -> list[str]:
        if response.status != exchange["status"]:
            answer = response.body[:400].decode(errors="replace")
            return [f"status: recorded {exchange['status']}, got {response.status} {answer}"]
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
    return (
        {key: value for key, value in body.items() if key in ("etag", "fingerprint", "labelFingerprint")}
        if isinstance(body, dict)
        else {}
    )


def recorded_cases(path: Path = RECORDINGS) -> Iterator[dict[str, Any]]:
    """Every recorded case of the file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

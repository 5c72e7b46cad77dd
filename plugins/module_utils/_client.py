"""PRIVATE to the collection: calls to Google's APIs that survive what Google says should be tried again."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ._credentials import Strategy, Token, strategy_for
from ._failure import Failure
from ._google_error import GoogleError, from_operation, parse_error, to_failure
from ._network import Answer, Dropped, Network, Unreachable
from ._progress import report
from ._retry import CONCURRENT, STALE, TRANSIENT, UNREACHABLE_TIMEOUT, Patience, Rule, retry_after
from ._wait import REAL_CLOCK, Clock, Wait, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

USER_AGENT = "presidential-digs-platform"

ALREADY_THERE = frozenset({"ALREADY_EXISTS", "alreadyExists", "conflict"})


@dataclass(frozen=True)
class _Call:
    method: str
    host: str
    path: str
    query: Mapping[str, Any] | None = None
    body: Any = None
    settling: tuple[Rule, ...] = ()
    find: Callable[[], dict[str, Any] | None] | None = None

    @property
    def url(self) -> str:
        pairs = [(key, value) for key, value in (self.query or {}).items() if value is not None]
        return f"https://{self.host}{self.path}" + (f"?{urlencode(pairs, doseq=True)}" if pairs else "")

    @property
    def is_guarded(self) -> bool:
        """Whether an etag or generation makes a stale write fail: then only a fresh read can mend it."""
        body = self.body if isinstance(self.body, dict) else {}
        return "etag" in body or "etag" in (body.get("policy") or {}) or "ifMetagenerationMatch" in (self.query or {})

    def __str__(self) -> str:
        return f"{self.method} https://{self.host}{self.path}"


class _Found(Exception):
    """A creation that was cut off did take effect; carries the object."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.found = found


class Client:
    """Calls with one identity. Paths are percent-encoded by the caller (`segment`); a query value None is left out.

    Every verb raises `Failure`: with the API's reason for a final answer, and with the last answer's when the
    deadline of `retry_timeout` seconds passes. `settling` are further rules (`_retry.FRESH_…`) to wait through.
    """

    def __init__(
        self,
        strategy: Strategy,
        network: Network,
        retry_timeout: float,
        quota_project: str = "",
        clock: Clock = REAL_CLOCK,
    ) -> None:
        self.strategy = strategy
        self.network = network
        self.retry_timeout = retry_timeout
        self.quota_project = quota_project
        self.clock = clock
        self._token: Token | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any], clock: Clock = REAL_CLOCK) -> Client:
        """The client for a module's parameters. A loop runs in one process: its items share token and connections."""
        network = Network(params.get("proxy") or "", params.get("ca_certificates") or "")
        network.validate()
        strategy = strategy_for(params)
        key = (
            strategy.kind,
            *(params.get(name) for name in ("access_token", "service_account_file", "impersonate_service_account")),
            *(params.get(name) for name in ("workload_identity_file", "quota_project", "retry_timeout")),
            network,
            clock,
        )
        if key not in _CLIENTS:
            timeout = float(params.get("retry_timeout") or 0)
            _CLIENTS[key] = cls(strategy, network, timeout, params.get("quota_project") or "", clock)
        return _CLIENTS[key]

    def token(self) -> Token:
        """The token of this client, minted at the first call."""
        if self._token is None:
            self._token = self.strategy.mint(self.network, self.clock)
        return self._token

    def get(
        self, host: str, path: str, *, query: Mapping[str, Any] | None = None, settling: tuple[Rule, ...] = ()
    ) -> dict[str, Any]:
        return self._answer(_Call("GET", host, path, query, settling=settling))

    def find(self, host: str, path: str, *, query: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """What GET gives, or None when the API says 404."""
        try:
            return self.get(host, path, query=query)
        except Failure as failure:
            if failure.status == 404:
                return None
            raise

    def items(
        self, host: str, path: str, key: str, *, query: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every item under `key` over all pages of a list call."""
        page: str | None = None
        while True:
            answer = self.get(host, path, query={**(query or {}), "pageToken": page})
            yield from answer.get(key) or ()
            page = answer.get("nextPageToken")
            if not page:
                return

    def put(
        self,
        host: str,
        path: str,
        *,
        body: Any,
        query: Mapping[str, Any] | None = None,
        settling: tuple[Rule, ...] = (),
    ) -> dict[str, Any]:
        return self._answer(_Call("PUT", host, path, query, body, settling))

    def patch(
        self,
        host: str,
        path: str,
        *,
        body: Any,
        query: Mapping[str, Any] | None = None,
        settling: tuple[Rule, ...] = (),
    ) -> dict[str, Any]:
        return self._answer(_Call("PATCH", host, path, query, body, settling))

    def post(
        self,
        host: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        settling: tuple[Rule, ...] = (),
    ) -> dict[str, Any]:
        """A verb that may be sent twice without harm; what makes something goes through `create`."""
        return self._answer(_Call("POST", host, path, query, body, settling))

    def create(
        self,
        host: str,
        path: str,
        *,
        body: Any,
        find: Callable[[], dict[str, Any] | None],
        query: Mapping[str, Any] | None = None,
        settling: tuple[Rule, ...] = (),
    ) -> dict[str, Any]:
        """POST that makes something exactly once.

        After an attempt whose outcome is unknown (dropped connection, 5xx) `find` looks for the thing before another
        attempt; what it finds is returned in place of the answer (so an operation is told by its `done` or `error`).
        Compute gets a `requestId`, by which it recognises the second attempt itself.
        """
        if host == "compute.googleapis.com":
            query = {**(query or {}), "requestId": str(uuid.uuid4())}
        try:
            return self._answer(_Call("POST", host, path, query, body, settling, find))
        except _Found as made:
            return made.found

    def delete(
        self, host: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None
    ) -> dict[str, Any] | None:
        """What DELETE answers, or None when the thing was already gone."""
        try:
            return self._answer(_Call("DELETE", host, path, query, body))
        except Failure as failure:
            if failure.status == 404:
                return None
            raise

    def read_modify_write(self, change: Callable[[], dict[str, Any]], subject: str) -> dict[str, Any]:
        """Run `change` (which reads, decides, writes) again for as long as its write meets a stale etag."""
        patience = Patience(self.clock, self.retry_timeout)
        while True:
            try:
                return change()
            except Failure as failure:
                seen = GoogleError(failure.status or 0, failure.reason, failure.message, frozenset({failure.reason}))
                if not any(rule.covers(seen) for rule in STALE):
                    raise
                pause = patience.pause(None)
                if pause is None:
                    raise
                report(subject, "a write that nobody overtakes", round(patience.waited(), 1), self.retry_timeout)
                self.clock.sleep(pause)

    def wait(self, host: str, version: str, operation: Mapping[str, Any], wait: Wait) -> dict[str, Any]:
        """The `response` of an AIP-151 operation once it is done; `wait` gives subject, timeout and interval.

        Raises the operation's own error as a `Failure`. An operation that is done already costs no call.
        """
        name = str(operation.get("name", ""))
        path = f"/{version}/{quote(name)}"

        def observe() -> dict[str, Any]:
            return dict(operation) if operation.get("done") else self.get(host, path, settling=_FRESH_OPERATION)

        done = watch(wait, observe, self.clock)
        if done.get("error"):
            raise to_failure(from_operation(done["error"]), f"operation {name}")
        return dict(done.get("response") or {})

    def _answer(self, call: _Call) -> dict[str, Any]:
        patience = Patience(self.clock, self.retry_timeout)
        uncertain = False
        renewed = False
        while True:
            outcome = self._attempt(call)
            if isinstance(outcome, Answer) and outcome.status < 400:
                return _document(outcome, call)
            error, asked_for = _told(outcome)
            if error.status == 401 and not renewed and self._renew():
                renewed = True
                continue
            if call.find and uncertain and error.reasons & ALREADY_THERE:
                self._look(call)
            if not _worth_again(error, call):
                raise to_failure(error, str(call))
            uncertain = uncertain or isinstance(outcome, Dropped) or error.status >= 500
            limit = UNREACHABLE_TIMEOUT if isinstance(outcome, Unreachable) else None
            pause = patience.pause(asked_for, limit)
            if pause is None:
                raise _gave_up(error, call, patience)
            report(str(call), f"an answer other than {error.reason}", round(patience.waited(), 1), self.retry_timeout)
            self.clock.sleep(pause)
            if uncertain:
                self._look(call)

    def _look(self, call: _Call) -> None:
        """End a creation whose first attempt did take effect."""
        found = call.find() if call.find else None
        if found is not None:
            raise _Found(found)

    def _attempt(self, call: _Call) -> Answer | Dropped | Unreachable:
        token = self.token()
        headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json", "User-Agent": USER_AGENT}
        if payer := self.quota_project or token.quota_project:
            headers["X-Goog-User-Project"] = payer
        body = None
        if call.body is not None:
            body = json.dumps(call.body).encode()
            headers["Content-Type"] = "application/json"
        elif call.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = "0"
        try:
            return self.network.send(call.method, call.url, headers, body)
        except (Dropped, Unreachable) as problem:
            return problem

    def _renew(self) -> bool:
        """Forget a token that was refused, where another can be minted."""
        if self.strategy.kind == "access_token":
            return False
        self._token = None
        return True


_CLIENTS: dict[Any, Client] = {}

_FRESH_OPERATION = (Rule(404),)
"""An operation that was just started may not be readable yet (facts: hashicorp/google retries 404 here too)."""


def segment(value: object) -> str:
    """One path segment, percent-encoded."""
    return quote(str(value), safe="")


def _told(outcome: Answer | Dropped | Unreachable) -> tuple[GoogleError, float | None]:
    """What an attempt said, and the seconds it asked to wait."""
    if isinstance(outcome, Answer):
        error = parse_error(outcome.status, outcome.body)
        return error, retry_after(outcome.headers.get("retry-after")) or error.retry_delay
    reason = "CONNECTION_DROPPED" if isinstance(outcome, Dropped) else "CONNECTION_FAILED"
    return GoogleError(0, reason, str(outcome), frozenset({reason})), None


def _worth_again(error: GoogleError, call: _Call) -> bool:
    rules = (*TRANSIENT, *call.settling, *(() if call.is_guarded else CONCURRENT))
    return error.status == 0 or any(rule.covers(error) for rule in rules)


def _gave_up(error: GoogleError, call: _Call, patience: Patience) -> Failure:
    failure = to_failure(error, str(call))
    failure.status = error.status or None
    failure.message += f" (tried {patience.pauses + 1} times in {patience.waited():.0f} s)"
    return failure


def _document(answer: Answer, call: _Call) -> dict[str, Any]:
    if not answer.body.strip():
        return {}
    try:
        document = json.loads(answer.body)
    except ValueError as problem:
        raise Failure(
            "ANSWER_NOT_JSON", f"{call}: the answer is not JSON.", answer.status, request=str(call)
        ) from problem
    return document if isinstance(document, dict) else {"items": document}

"""Fault rules: which calls are answered with an error, late or not at all, so that clients can be seen to cope."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Errors by the reason clients look for: (HTTP status, canonical status, message). From the retry tables of the Google
# Terraform provider and of google-api-core.
REASONS: Mapping[str, tuple[int, str, str]] = {
    "rateLimitExceeded": (429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Queries' per minute."),
    "quotaExceeded": (403, "PERMISSION_DENIED", "Quota exceeded. Limit: 0.0"),
    "userRateLimitExceeded": (403, "PERMISSION_DENIED", "User Rate Limit Exceeded"),
    "backendError": (503, "UNAVAILABLE", "The service is currently unavailable."),
    "internalError": (500, "INTERNAL", "Internal error encountered."),
    "conflict": (
        409,
        "ABORTED",
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
    ),
    "operationInProgress": (409, "ABORTED", "An operation is already in progress on this resource."),
    "conditionNotMet": (
        412,
        "FAILED_PRECONDITION",
        "Supplied fingerprint does not match current metadata fingerprint.",
    ),
    "resourceNotReady": (400, "FAILED_PRECONDITION", "The resource is not ready."),
    "authError": (401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "forbidden": (403, "PERMISSION_DENIED", "The caller does not have permission"),
    "notFound": (404, "NOT_FOUND", "Requested entity was not found."),
}

# The reason a bare status stands for.
DEFAULT_REASON: Mapping[int, str] = {
    400: "resourceNotReady",
    401: "authError",
    403: "userRateLimitExceeded",
    404: "notFound",
    409: "conflict",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "internalError",
    503: "backendError",
}

DROPS = ("request", "response")
LONGEST_LATENCY = 600.0


@dataclass
class FaultRule:
    """One rule. Patterns are shell style and match everything when they are `*`.

    `service` (`compute`), `method` (`compute.networks.insert`), `resource` (`projects/p/global/networks/*`) and
    `principal` (an IAM member) say which calls. Of those, the first `after` pass, and of the rest each is hit with
    `probability`, `count` times at most (None: always). A hit waits `latency` seconds, then either answers `status`
    with `reason`, or drops the connection: before the call is handled (`drop` = request) or after it (`response`).
    `seen` and `hits` count matching calls and hits.
    """

    service: str = "*"
    method: str = "*"
    resource: str = "*"
    principal: str = "*"
    status: int | None = None
    reason: str = ""
    message: str = ""
    latency: float = 0.0
    drop: str | None = None
    probability: float = 1.0
    count: int | None = None
    after: int = 0
    id: int = 0
    seen: int = 0
    hits: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> FaultRule:
        """A rule from JSON; ValueError names the key, the value and what is allowed."""
        names = {field.name for field in fields(cls)} - {"id", "seen", "hits"}
        for name in given:
            if name not in names:
                raise ValueError(f"fault: no key {name!r}; there are {', '.join(sorted(names))}")
        rule = cls(**{name: _typed(name, value) for name, value in given.items() if value is not None})
        rule._check()
        rule._complete()
        return rule

    def matches(self, service: str, method: str, resource: str, member: str) -> bool:
        """Whether a call is one of those this rule is about."""
        pairs = ((service, self.service), (method, self.method), (resource, self.resource), (member, self.principal))
        return all(fnmatchcase(value, pattern) for value, pattern in pairs)

    def error(self) -> ApiError | None:
        """What a hit answers, None when it only waits or drops."""
        if self.status is None:
            return None
        _, canonical, message = REASONS.get(self.reason, (0, "", "An error that a fault rule asked for."))
        return ApiError(self.status, self.message or message, status=canonical, reason=self.reason)

    def _check(self) -> None:
        if self.status is None and not self.reason and not self.latency and self.drop is None:
            raise ValueError("fault: it does nothing; give status, reason, latency or drop")
        if self.reason and self.status is None and self.reason not in REASONS:
            raise ValueError(f"fault: reason {self.reason!r} needs a status; known alone: {', '.join(REASONS)}")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError(f"fault: status {self.status} is not an error; allowed are 400 to 599")
        if self.drop is not None and self.drop not in DROPS:
            raise ValueError(f"fault: drop {self.drop!r} is not one of {', '.join(DROPS)}")
        if self.drop is not None and (self.status is not None or self.reason):
            raise ValueError("fault: a dropped connection cannot carry a status or reason as well")
        if not 0 < self.probability <= 1:
            raise ValueError(f"fault: probability {self.probability:g} is not above 0 and at most 1")
        if not 0 <= self.latency <= LONGEST_LATENCY:
            raise ValueError(f"fault: latency {self.latency:g} is not between 0 and {LONGEST_LATENCY:g} seconds")
        if (self.count is not None and self.count < 1) or self.after < 0:
            raise ValueError("fault: count is at least 1 and after at least 0")

    def _complete(self) -> None:
        if self.status is None and self.reason:
            self.status = REASONS[self.reason][0]
        elif self.status is not None and not self.reason:
            self.reason = DEFAULT_REASON.get(self.status, "")


def _typed(name: str, value: Any) -> Any:
    wanted: type = {"status": int, "count": int, "after": int, "latency": float, "probability": float}.get(name, str)
    if isinstance(value, bool) or (wanted is str and not isinstance(value, str)):
        raise ValueError(f"fault: {name} {value!r} is not {'text' if wanted is str else 'a number'}")
    try:
        return wanted(value)
    except (TypeError, ValueError):
        raise ValueError(f"fault: {name} {value!r} is not a number") from None


class FaultRules:
    """The rules in force, kept in a file with their counts."""

    def __init__(self, path: Path, chance: random.Random | None = None) -> None:
        """Read the rules a previous run left in `path`; ValueError for a file that makes no sense."""
        self._path = path
        self._chance = chance or random.Random()  # noqa: S311 - chance, not secrecy
        self._rules: list[FaultRule] = []
        if path.exists():
            try:
                self._rules = [FaultRule(**rule) for rule in json.loads(path.read_text())]
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}: {error}; remove the file to start without fault rules") from error

    def add(self, given: Mapping[str, Any]) -> FaultRule:
        """Put a rule in force; ValueError as `FaultRule.parse`."""
        rule = FaultRule.parse(given)
        rule.id = max((known.id for known in self._rules), default=0) + 1
        self._rules.append(rule)
        self._save()
        return rule

    def clear(self, rule_id: int | None = None) -> int:
        """Drop one rule, or all; how many were dropped."""
        before = len(self._rules)
        self._rules = [rule for rule in self._rules if rule_id is not None and rule.id != rule_id]
        self._save()
        return before - len(self._rules)

    def listed(self) -> list[dict[str, Any]]:
        """All rules with their counts, as JSON values."""
        return [asdict(rule) for rule in self._rules]

    def hit(self, service: str, method: str, resource: str, member: str) -> FaultRule | None:
        """The first rule that hits this call, counted; None when the call goes through."""
        matching = [rule for rule in self._rules if rule.matches(service, method, resource, member)]
        if not matching:
            return None
        struck = None
        for rule in matching:
            rule.seen += 1
            if struck is None and self._strikes(rule):
                rule.hits += 1
                struck = rule
        self._save()
        return struck

    def _strikes(self, rule: FaultRule) -> bool:
        if rule.seen <= rule.after or (rule.count is not None and rule.hits >= rule.count):
            return False
        return rule.probability >= 1 or self._chance.random() < rule.probability

    def _save(self) -> None:
        staged = self._path.with_name(f"{self._path.name}.new")
        staged.write_text(json.dumps(self.listed(), indent=2) + "\n")
        staged.replace(self._path)

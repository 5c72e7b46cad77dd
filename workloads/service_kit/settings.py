"""Settings from environment variables; all that is wrong is said at once, and no value of a secret with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")


class SettingsError(ValueError):
    """One line for each variable that is missing or malformed."""


@dataclass
class Environment:
    """Reads variables and gathers what is wrong with them; `finish` raises it.

    An empty variable counts as one that is not there.
    """

    variables: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str | None = None, *, pattern: str = "", allowed: str = "") -> str:
        """The text of `name`, which matches `pattern` as a whole; without a default it is required."""
        value = self.variables.get(name, "").strip()
        if not value:
            if default is None:
                self._refuse(name, f"is missing{f'; wanted is {allowed}' if allowed else ''}")
            return default or ""
        if pattern and not re.fullmatch(pattern, value):
            self._refuse(name, f"is {value!r}; allowed is {allowed}")
        return value

    def secret(self, name: str, default: str | None = None, *, shortest: int = 1) -> str:
        """A text of at least `shortest` characters that no message repeats."""
        value = self.variables.get(name, "")
        if not value:
            if default is None:
                self._refuse(name, "is missing")
            return default or ""
        if len(value) < shortest:
            self._refuse(name, f"has {len(value)} characters; wanted are at least {shortest}")
        return value

    def number(self, name: str, default: int, *, lowest: int = 0, highest: int = 2**31) -> int:
        """A whole number from `lowest` to `highest`."""
        value = self.variables.get(name, "").strip()
        if not value:
            return default
        if not re.fullmatch(r"-?\d+", value) or not lowest <= int(value) <= highest:
            self._refuse(name, f"is {value!r}; allowed are whole numbers from {lowest} to {highest}")
            return default
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """`true` or `false`, in any case."""
        value = self.variables.get(name, "").strip().lower()
        if value not in ("", "true", "false"):
            self._refuse(name, f"is {value!r}; allowed are true and false")
        return default if not value else value == "true"

    def choice(self, name: str, default: str, among: Sequence[str]) -> str:
        """One of `among`."""
        value = self.variables.get(name, "").strip() or default
        if value not in among:
            self._refuse(name, f"is {value!r}; allowed are {', '.join(among)}")
        return value

    def origins(self, name: str = "ALLOWED_ORIGINS") -> frozenset[str]:
        """Origins such as `https://app.example.com`, separated by commas; none when the variable is not there."""
        found = frozenset(part.strip().rstrip("/") for part in self.variables.get(name, "").split(",") if part.strip())
        for origin in sorted(found):
            if not _ORIGIN.fullmatch(origin):
                self._refuse(name, f"holds {origin!r}; allowed are origins such as https://app.example.com")
        return found

    def refuse(self, name: str, why: str) -> None:
        """Note what is wrong with `name`."""
        self._refuse(name, why)

    def finish(self) -> None:
        """SettingsError when anything was wrong."""
        if self.problems:
            raise SettingsError("\n".join(self.problems))

    def _refuse(self, name: str, why: str) -> None:
        self.problems.append(f"{name} {why}")


@dataclass(frozen=True)
class ServerSettings:
    """Where a service listens and how it ends; times are in seconds.

    | variable | meaning |
    |---|---|
    | `HOST`, `PORT` | where it listens |
    | `METRICS_PORT` | a port of its own for `/metrics`, which the public does not reach; 0: none |
    | `SHUTDOWN_DELAY_SECONDS` | after SIGTERM: answering as before, but not ready, until load balancers know |
    | `SHUTDOWN_TIMEOUT_SECONDS` | then: for requests and background work that have begun |
    | `LOG_LEVEL` | `DEBUG`, `INFO`, `WARNING`, `ERROR` |
    | `GOOGLE_CLOUD_PROJECT` | the project that log entries name their traces by |
    """

    host: str
    port: int
    metrics_port: int
    shutdown_delay: int
    shutdown_timeout: int
    log_level: str
    project: str
    origins: frozenset[str]

    @classmethod
    def read(cls, environment: Environment, *, port: int) -> ServerSettings:
        """From `environment`; `port` is the contract's."""
        return cls(
            host=environment.text("HOST", "0.0.0.0"),  # noqa: S104 - a container is reached at its pod's address
            port=environment.number("PORT", port, highest=65535),
            metrics_port=environment.number("METRICS_PORT", 9464, highest=65535),
            shutdown_delay=environment.number("SHUTDOWN_DELAY_SECONDS", 5, highest=300),
            shutdown_timeout=environment.number("SHUTDOWN_TIMEOUT_SECONDS", 20, lowest=1, highest=600),
            log_level=environment.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
            project=environment.text("GOOGLE_CLOUD_PROJECT", ""),
            origins=environment.origins(),
        )

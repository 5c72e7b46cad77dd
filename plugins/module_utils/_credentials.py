"""PRIVATE to the collection: turn authentication options into a token, one strategy class per kind."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ._failure import Failure, invalid
from ._progress import report
from ._retry import UNREACHABLE_TIMEOUT, Patience
from ._wait import REAL_CLOCK, Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._network import Network

try:
    import google.auth
    import google.auth.aws
    import google.auth.exceptions
    import google.auth.identity_pool
    import google.auth.impersonated_credentials
    import google.auth.transport.urllib3
    import google.oauth2.credentials
    import google.oauth2.service_account
except ImportError as error:
    MISSING_LIBRARY: ImportError | None = error
else:
    MISSING_LIBRARY = None

SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
"""Everything that IAM allows, and to be told who one is."""

TOKEN_LIFETIME = 3600
"""Seconds of an impersonated token: the longest that IAM Credentials gives without an organisation policy."""


@dataclass(frozen=True)
class Token:
    """A bearer token, never to be printed, and the project that pays for quota where the credential names one."""

    value: str
    quota_project: str = ""

    def __repr__(self) -> str:
        return "Token(***)"


class Strategy(ABC):
    """One way to authenticate. `option` is the option it needs."""

    kind: ClassVar[str]
    option: ClassVar[str] = ""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def validate(self) -> None:
        """Refuse what cannot work; makes no call."""
        if self.option and not self.params.get(self.option):
            raise Failure(
                "INVALID_OPTION", f"auth_kind={self.kind} needs the option {self.option} (or its environment variable)."
            )

    @abstractmethod
    def mint(self, network: Network, clock: Clock = REAL_CLOCK) -> Token:
        """A fresh token. Raises `Failure` `CREDENTIALS_REFUSED` when there is none to be had."""


class AccessToken(Strategy):
    """A token that somebody minted before: costs nothing and cannot be renewed."""

    kind = "access_token"
    option = "access_token"

    def mint(self, network: Network, clock: Clock = REAL_CLOCK) -> Token:
        return Token(self.params["access_token"])


class _Minted(Strategy):
    """A token from google-auth's credentials."""

    def validate(self) -> None:
        super().validate()
        if MISSING_LIBRARY is not None:
            raise Failure(
                "LIBRARY_MISSING",
                f"auth_kind={self.kind} needs google-auth: {MISSING_LIBRARY}.",
                hint="Install google-auth for the Python that runs this module, or pass an access_token.",
            )

    @abstractmethod
    def credentials(self) -> Any:
        """The google.auth credentials, not yet refreshed."""

    def mint(self, network: Network, clock: Clock = REAL_CLOCK) -> Token:
        patience = Patience(clock, UNREACHABLE_TIMEOUT)
        transport: Any = google.auth.transport.urllib3.Request
        while True:
            try:
                credentials = self.credentials()
                credentials.refresh(transport(network))
                return Token(credentials.token, getattr(credentials, "quota_project_id", None) or "")
            except (google.auth.exceptions.GoogleAuthError, ValueError) as problem:
                pause = patience.pause(None) if _passes(problem) else None
                if pause is None:
                    raise self._refused(problem) from problem
                report(f"token from {self.kind} credentials", "an answer from the token endpoint")
                clock.sleep(pause)

    def _refused(self, problem: Exception) -> Failure:
        message = f"No token from {self.kind} credentials: {_first_words(problem)}"
        return Failure("CREDENTIALS_REFUSED", message, hint=self.remedy())

    def remedy(self) -> str:
        return f"Check the option {self.option}." if self.option else "Run: gcloud auth application-default login"


class ApplicationDefault(_Minted):
    """Where Google's own libraries look: the environment, gcloud's file, the metadata server."""

    kind = "application"

    def credentials(self) -> Any:
        return google.auth.default(scopes=SCOPES)[0]


class ServiceAccountFile(_Minted):
    """A service account's key file."""

    kind = "service_account_file"
    option = "service_account_file"

    def validate(self) -> None:
        super().validate()
        read_credential_file(self.option, self.params[self.option], "service_account")

    def credentials(self) -> Any:
        info = read_credential_file(self.option, self.params[self.option], "service_account")
        kind: Any = google.oauth2.service_account.Credentials
        return kind.from_service_account_info(info, scopes=SCOPES)


class WorkloadIdentityFederation(_Minted):
    """An external account's configuration file: a CI system's or another cloud's identity, no key anywhere."""

    kind = "workload_identity_federation"
    option = "workload_identity_file"

    def validate(self) -> None:
        super().validate()
        read_credential_file(self.option, self.params[self.option], "external_account")

    def credentials(self) -> Any:
        info = read_credential_file(self.option, self.params[self.option], "external_account")
        environment = str(info.get("credential_source", {}).get("environment_id", ""))
        kind = google.auth.aws if environment.startswith("aws") else google.auth.identity_pool
        return kind.Credentials.from_info(info, scopes=SCOPES)


class Impersonation(_Minted):
    """Another service account's token, on the strength of a given token, file or the application default."""

    kind = "impersonation"
    option = "impersonate_service_account"

    def validate(self) -> None:
        super().validate()
        target = str(self.params[self.option])
        if "@" not in target:
            raise invalid(self.option, target, "an e-mail address such as deployer@PROJECT.iam.gserviceaccount.com")
        if isinstance(source := self._source(), _Minted):
            source.validate()

    def _source(self) -> Strategy:
        for strategy in (AccessToken, ServiceAccountFile, WorkloadIdentityFederation):
            if self.params.get(strategy.option):
                return strategy(self.params)
        return ApplicationDefault(self.params)

    def credentials(self) -> Any:
        source = self._source()
        given: Any = google.oauth2.credentials.Credentials
        own = source.credentials() if isinstance(source, _Minted) else given(token=self.params["access_token"])
        acting: Any = google.auth.impersonated_credentials.Credentials
        return acting(
            source_credentials=own,
            target_principal=self.params[self.option],
            target_scopes=list(SCOPES),
            lifetime=TOKEN_LIFETIME,
        )

    def remedy(self) -> str:
        return "Grant roles/iam.serviceAccountTokenCreator on that service account to the identity you start with."


STRATEGIES: dict[str, type[Strategy]] = {
    strategy.kind: strategy
    for strategy in (ApplicationDefault, ServiceAccountFile, Impersonation, WorkloadIdentityFederation, AccessToken)
}

_BY_OPTION = (Impersonation, AccessToken, ServiceAccountFile, WorkloadIdentityFederation)
"""Without auth_kind the first of these whose option is set, as hashicorp/google does; else the application default."""


def strategy_for(params: Mapping[str, Any]) -> Strategy:
    """The validated strategy for a module's parameters; makes no call."""
    kind = params.get("auth_kind")
    if kind:
        chosen = STRATEGIES[kind]
    else:
        chosen = next((one for one in _BY_OPTION if params.get(one.option)), ApplicationDefault)
    strategy = chosen(params)
    strategy.validate()
    return strategy


def read_credential_file(option: str, path: str, expected_type: str) -> dict[str, Any]:
    """The JSON object in a credential file; refuses one of another type and quotes nothing else of it."""
    try:
        info = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise Failure("INVALID_OPTION", f"{option}: {path} cannot be read: {problem.strerror}.") from problem
    except ValueError:
        raise Failure("INVALID_OPTION", f"{option}: {path} is not JSON.") from None
    found = info.get("type") if isinstance(info, dict) else None
    if found != expected_type:
        raise Failure("INVALID_OPTION", f"{option}: {path} holds type {found!r}, but {expected_type!r} is needed.")
    return dict(info)


def _passes(problem: Exception) -> bool:
    """Whether a token endpoint may answer better in a moment."""
    dropped = isinstance(problem, google.auth.exceptions.TransportError)
    return dropped or bool(getattr(problem, "retryable", False))


def _first_words(problem: Exception) -> str:
    """The sentence of a google-auth error: its second argument is the whole answer, which may quote a token."""
    return str(problem.args[0] if problem.args else problem)[:300]

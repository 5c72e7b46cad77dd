"""Where the access token comes from: the provider block, the environment, or application default credentials."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # not in typeshed

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.urllib3
import google.oauth2.credentials as oauth2
import urllib3
from google.auth import impersonated_credentials

from local_cloud.terraform_provider.failures import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.terraform_provider.settings import Settings

WELL_KNOWN_FILE: Final = "application_default_credentials.json"
METADATA_PATH: Final = "/computeMetadata/v1/instance/service-accounts/default/token"
# A token is renewed when it has less than this many seconds left, as google-auth does.
EXPIRY_MARGIN: Final = 225.0
_IMPERSONATION_SECONDS: Final = 3600


class TokenSource(Protocol):
    """Anything that gives a bearer token."""

    async def token(self) -> str:
        """A token that is valid now; ProviderError when there is none to be had."""


class FixedToken:
    """A token the operator gave; it is never checked or renewed."""

    def __init__(self, token: str) -> None:
        """`token` without the word Bearer."""
        self._token = token

    async def token(self) -> str:
        """The token itself."""
        return self._token


class RefreshedToken:
    """A token of google-auth credentials, renewed in a thread before it ends."""

    def __init__(self, credentials: google.auth.credentials.Credentials, http: urllib3.PoolManager) -> None:
        """`http` honours the caller's proxy and CA."""
        self._credentials = credentials
        self._request = google.auth.transport.urllib3.Request(http)  # type: ignore[no-untyped-call]
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """The current token; ProviderError with google-auth's sentence when renewing fails."""
        async with self._lock:
            if not self._credentials.valid:
                try:
                    await asyncio.to_thread(self._credentials.refresh, self._request)
                except google.auth.exceptions.GoogleAuthError as error:
                    raise ProviderError(f"Cannot get an access token: {error}") from error
            return str(self._credentials.token)


class MetadataToken:
    """The token of the machine's service account, from the metadata server the caller's environment names."""

    def __init__(self, host: str, http: urllib3.PoolManager) -> None:
        """`host` is `GCE_METADATA_HOST`: a name with an optional port."""
        self._url = f"http://{host}{METADATA_PATH}"
        self._http = http
        self._lock = asyncio.Lock()
        self._current: tuple[str, float] | None = None

    async def token(self) -> str:
        """The machine's token; ProviderError when the metadata server does not give one."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._current is None or self._current[1] - now < EXPIRY_MARGIN:
                answer = await asyncio.to_thread(self._fetch)
                self._current = (str(answer["access_token"]), now + float(answer["expires_in"]))
            return self._current[0]

    def _fetch(self) -> Mapping[str, Any]:
        try:
            answer = self._http.request(
                "GET", self._url, headers={"Metadata-Flavor": "Google"}, timeout=10.0, retries=2
            )
        except urllib3.exceptions.HTTPError as error:
            raise ProviderError(f"Cannot get an access token from the metadata server {self._url}: {error}") from error
        if answer.status != 200:
            raise ProviderError(f"The metadata server {self._url} answered {answer.status} instead of a token")
        content: Mapping[str, Any] = answer.json()
        return content


def token_source(settings: Settings) -> TokenSource:
    """The token source `settings` and its environment ask for; ProviderError says what is missing."""
    http = http_pool(settings.environment, "oauth2.googleapis.com")
    if settings.access_token and not settings.impersonate_service_account:
        return FixedToken(_contents(settings.access_token))
    source = _source(settings)
    if isinstance(source, str):
        return MetadataToken(source, http)
    if settings.impersonate_service_account:
        source = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
            source_credentials=source,
            target_principal=settings.impersonate_service_account,
            target_scopes=list(settings.scopes),
            delegates=list(settings.impersonate_delegates),
            lifetime=_IMPERSONATION_SECONDS,
        )
    return RefreshedToken(source, http)


def _source(settings: Settings) -> google.auth.credentials.Credentials | str:
    """google-auth credentials, or the metadata server's host."""
    if settings.access_token:
        return oauth2.Credentials(_contents(settings.access_token))  # type: ignore[no-untyped-call]
    if settings.credentials:
        return _load("credentials", _contents(settings.credentials), settings)
    environment = settings.environment
    named = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return _load("GOOGLE_APPLICATION_CREDENTIALS", _read(Path(named)), settings)
    well_known = _configuration_directory(environment) / WELL_KNOWN_FILE
    if well_known.is_file():
        return _load(str(well_known), _read(well_known), settings)
    host = environment.get("GCE_METADATA_HOST")
    if host and not settings.impersonate_service_account:
        return host
    raise ProviderError(
        "No credentials for Google",
        detail="Set GOOGLE_OAUTH_ACCESS_TOKEN, GOOGLE_APPLICATION_CREDENTIALS, or access_token or credentials on the"
        ' provider; for the local cloud: eval "$(python -m local_cloud env)"',
    )


def _contents(path_or_contents: str) -> str:
    """A file's text when the value names one, else the value itself."""
    if path_or_contents.lstrip().startswith("{") or "\n" in path_or_contents:
        return path_or_contents
    path = Path(path_or_contents).expanduser()
    try:
        return path.read_text(encoding="utf-8").strip() if path.is_file() else path_or_contents
    except OSError as error:
        raise ProviderError(f"Cannot read {path}: {error.strerror}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProviderError(f"Cannot read the credentials file {path}: {error.strerror}") from error


def _load(where: str, text: str, settings: Settings) -> google.auth.credentials.Credentials:
    try:
        info = json.loads(text)
        loaded: google.auth.credentials.Credentials
        loaded, _ = google.auth.load_credentials_from_dict(  # type: ignore[no-untyped-call]
            info, scopes=list(settings.scopes)
        )
    except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
        # The text itself may be a secret, so only its place is told.
        kind = type(error).__name__
        raise ProviderError(f"{where} is neither an existing file nor the JSON of a credential ({kind})") from None
    return loaded


def _configuration_directory(environment: Mapping[str, str]) -> Path:
    named = environment.get("CLOUDSDK_CONFIG")
    return Path(named) if named else Path(environment.get("HOME", "/")) / ".config" / "gcloud"


def proxy_for(environment: Mapping[str, str], host: str) -> str | None:
    """The proxy `environment` wants for HTTPS to `host`, or None."""
    excluded = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    if proxy_bypass_environment(host, {"no": excluded}):
        return None
    return environment.get("HTTPS_PROXY") or environment.get("https_proxy") or None


def http_pool(environment: Mapping[str, str], host: str) -> urllib3.PoolManager:
    """A urllib3 pool that uses the caller's proxy and CA file."""
    authorities = environment.get("SSL_CERT_FILE")
    proxy = proxy_for(environment, host)
    return urllib3.ProxyManager(proxy, ca_certs=authorities) if proxy else urllib3.PoolManager(ca_certs=authorities)

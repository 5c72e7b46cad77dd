"""PRIVATE to the collection: send one HTTPS request through the proxy and with the certificates asked for."""

from __future__ import annotations

import os
import ssl
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._failure import Failure, invalid
from ._spec import AUTH_SPEC

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    import urllib3
    import urllib3.exceptions
except ImportError as error:
    MISSING_LIBRARY: ImportError | None = error
else:
    MISSING_LIBRARY = None

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 90.0
"""Seconds. Google's front ends end a call after 60; the rest is for a slow proxy."""


class Unreachable(Exception):
    """Nothing was sent: the host or the proxy did not take the connection."""


class Dropped(Exception):
    """The connection ended after the request may have been sent: whether it took effect is not known."""


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Network:
    """The way to Google. `proxy` is a URL or empty, `ca_certificates` a PEM file or empty (the system's roots)."""

    proxy: str = ""
    ca_certificates: str = ""
    connections: int = field(default=16, compare=False)

    def validate(self) -> None:
        """Refuse settings that cannot work, before the first call."""
        if MISSING_LIBRARY is not None:
            raise Failure(
                "LIBRARY_MISSING",
                f"The Python that runs this module lacks a library: {MISSING_LIBRARY}.",
                hint="Install urllib3 and google-auth for that Python, or point ansible_python_interpreter elsewhere.",
            )
        if self.proxy and urlsplit(self.proxy).scheme not in ("http", "https"):
            raise invalid("proxy", _without_password(self.proxy), "a URL such as http://127.0.0.1:3128")
        if self.ca_certificates and not Path(self.ca_certificates).is_file():
            raise invalid("ca_certificates", self.ca_certificates, "the path of a readable PEM file")

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One attempt. Raises `Unreachable`, `Dropped`, or `Failure` for what no second attempt can mend."""
        try:
            response = self.request(method, url, body=body, headers=dict(headers))
        except urllib3.exceptions.ProxyError as problem:
            raise self._proxy_problem(problem, url) from problem
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as problem:
            raise Unreachable(str(problem)) from problem
        except urllib3.exceptions.SSLError as problem:
            raise self._tls_problem(problem, url) from problem
        except urllib3.exceptions.HTTPError as problem:
            raise Dropped(str(problem)) from problem
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, lowered, response.data)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """The call that google-auth's urllib3 transport makes; redirects and retries are the caller's matter."""
        pool = self._direct if not self.proxy or _bypasses(url) else self._proxied
        options.setdefault("timeout", urllib3.Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT))
        return pool.request(method, url, retries=False, redirect=False, **options)

    def _proxy_problem(self, problem: urllib3.exceptions.ProxyError, url: str) -> Exception:
        """urllib3 blames the proxy also for a connection that was lost after the request was sent."""
        cause = problem.original_error
        told = f"proxy {_without_password(self.proxy)}: {problem}"
        if isinstance(cause, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)):
            return Unreachable(told)
        if "Tunnel connection failed" not in str(cause):
            return Dropped(told)
        if "Tunnel connection failed: 4" not in str(cause):
            return Unreachable(told)
        return Failure(
            "PROXY_REFUSED",
            f"The proxy {_without_password(self.proxy)} refused to connect to {urlsplit(url).hostname}: {cause}",
            hint="Allow the host in the proxy, or check the proxy option.",
        )

    def _tls_problem(self, problem: Exception, url: str) -> Exception:
        if not isinstance(problem.args[0] if problem.args else None, ssl.SSLCertVerificationError):
            return Dropped(str(problem))
        return Failure(
            "CERTIFICATE_NOT_TRUSTED",
            f"The certificate of {urlsplit(url).hostname} is not trusted: {problem}",
            hint="Set ca_certificates (or SSL_CERT_FILE) to the file with the proxy's certificate authority.",
        )

    def context(self) -> ssl.SSLContext:
        """What certificates are held against."""
        return trusting(self.ca_certificates)

    @cached_property
    def _direct(self) -> urllib3.PoolManager:
        return urllib3.PoolManager(ssl_context=self.context(), maxsize=self.connections)

    @cached_property
    def _proxied(self) -> urllib3.ProxyManager:
        parts = urlsplit(self.proxy)
        login = None
        if parts.username:
            login = urllib3.make_headers(proxy_basic_auth=f"{parts.username}:{parts.password or ''}")
        return urllib3.ProxyManager(
            self.proxy, proxy_headers=login, ssl_context=self.context(), maxsize=self.connections
        )


@lru_cache
def trusting(ca_certificates: str) -> ssl.SSLContext:
    """The TLS context that trusts a PEM file, or the system's roots when empty. Reading 140 roots takes 30 ms."""
    return ssl.create_default_context(cafile=ca_certificates or None)


def warm_up() -> None:
    """Read the certificates that the environment names, in a process whose children will need them.

    What cannot be read is left to the module, which can say so.
    """
    named = next(filter(None, map(os.environ.get, AUTH_SPEC["ca_certificates"]["fallback"][1])), "")
    with suppress(OSError):  # ssl.SSLError, a file that is no PEM, is one too
        trusting(named)


def _bypasses(url: str) -> bool:
    """Whether a URL goes past the proxy: the metadata server always, and what NO_PROXY names."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    metadata = {"metadata.google.internal", "169.254.169.254", *filter(None, [_metadata_host()])}
    return host in metadata or bool(urllib.request.proxy_bypass(parts.netloc))


def _metadata_host() -> str | None:
    return urlsplit(f"//{os.environ.get('GCE_METADATA_HOST', '')}").hostname


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url

"""PRIVATE to the collection: a client of the OCI distribution protocol, for Artifact Registry and for public
registries."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from ._failure import Failure, invalid
from ._network import Answer, Dropped, Network, Unreachable
from ._progress import report
from ._retry import UNREACHABLE_TIMEOUT, Patience, retry_after
from ._wait import REAL_CLOCK, Clock

if TYPE_CHECKING:
    from ._client import Client

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ACCEPTED = f"{MANIFEST}, {INDEX}, {_DOCKER_MANIFEST}, {_DOCKER_LIST}"
INDEXES = frozenset({INDEX, _DOCKER_LIST})
_HUB = "registry-1.docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_AGAIN = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HINTS = {
    "NAME_UNKNOWN": "Apply the root `registry`, or check the repository's name.",
    "DENIED": "Grant roles/artifactregistry.writer (to pull: reader) on the repository, and enable Artifact Registry.",
    "UNAUTHORIZED": "Check the credentials.",
    "MANIFEST_UNKNOWN": "Check tag or digest.",
}


@dataclass(frozen=True)
class Reference:
    """An image: `host`, `path` in it, and a tag or a digest (or neither)."""

    host: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        return f"{self.host}/{self.path}"

    @property
    def wanted(self) -> str:
        """What a registry is asked for: the digest, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def at(self, digest: str) -> str:
        """How the image is deployed."""
        return f"{self.name}@{digest}"


def parse_reference(text: str, option: str) -> Reference:
    """`HOST/PATH[:TAG][@DIGEST]`; a name without a host is Docker Hub's. Failure for anything else."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise invalid(option, text, "an image such as HOST/PATH:TAG or HOST/PATH@sha256:…")
    head, slash, path = match["name"].partition("/")
    if not slash or not ("." in head or ":" in head or head == "localhost"):
        path = match["name"] if slash else f"library/{head}"
        head = _HUB
    return Reference(head, path, match["tag"] or "", match["digest"] or "")


@dataclass(frozen=True)
class Manifest:
    """A manifest as the registry keeps it."""

    media_type: str
    content: bytes
    digest: str

    @property
    def parsed(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content)
        return found


@dataclass
class Registry:
    """Calls with the token of `client` at Google's registries, and without one elsewhere."""

    client: Client
    clock: Clock = REAL_CLOCK
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def network(self) -> Network:
        return self.client.network

    def digest(self, image: Reference, reference: str = "") -> str | None:
        """The digest behind a tag (HEAD), or None when there is no such image."""
        answer = self._ask("HEAD", image, f"manifests/{reference or image.wanted}", missing=True)
        return answer.headers.get("docker-content-digest") if answer else None

    def manifest(self, image: Reference, reference: str = "") -> Manifest | None:
        """The manifest at a tag or digest, or None."""
        answer = self._ask("GET", image, f"manifests/{reference or image.wanted}", missing=True)
        if answer is None:
            return None
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        return Manifest(media_type, answer.body, answer.headers.get("docker-content-digest", ""))

    def has_blob(self, image: Reference, digest: str) -> bool:
        return self._ask("HEAD", image, f"blobs/{digest}", missing=True) is not None

    def blob(self, image: Reference, digest: str) -> bytes:
        """The content of a blob; Failure when there is none."""
        return self._told("GET", image, f"blobs/{digest}").body

    def put_blob(self, image: Reference, digest: str, content: bytes, mount: str = "") -> None:
        """Send a blob, or let the registry take it from the repository `mount` of the same host."""
        query = {"mount": digest, "from": mount} if mount else {}
        started = self._told("POST", image, f"blobs/uploads/?{urlencode(query)}" if query else "blobs/uploads/")
        if started.status == 201:
            return
        place = urljoin(f"https://{image.host}/", started.headers["location"])
        url = f"{place}{'&' if '?' in place else '?'}{urlencode({'digest': digest})}"
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._send("PUT", image, url, headers, content)
        if answer.status == 404:
            # The upload was forgotten, e.g. by a registry that was started anew: begin again, once.
            url = f"https://{image.host}/v2/{image.path}/blobs/uploads/?{urlencode({'digest': digest})}"
            answer = self._send("POST", image, url, headers, content)
        self._require(answer, "PUT", url)

    def put_manifest(self, image: Reference, reference: str, content: bytes, media_type: str = MANIFEST) -> str:
        """Let a tag (or digest) be this manifest; its digest."""
        url = f"https://{image.host}/v2/{image.path}/manifests/{reference}"
        answer = self._send("PUT", image, url, {"Content-Type": media_type}, content)
        self._require(answer, "PUT", url)
        return answer.headers.get("docker-content-digest", "")

    def _ask(self, method: str, image: Reference, path: str, *, missing: bool = False) -> Answer | None:
        """The answer; None for a 404 where `missing` is allowed."""
        answer = self._answer(method, image, path)
        return None if missing and answer.status == 404 else self._accepted(answer, method, image, path)

    def _told(self, method: str, image: Reference, path: str) -> Answer:
        """The answer; Failure when it is an error."""
        return self._accepted(self._answer(method, image, path), method, image, path)

    def _answer(self, method: str, image: Reference, path: str) -> Answer:
        url = f"https://{image.host}/v2/{image.path}/{path}"
        return self._send(method, image, url, {"Accept": ACCEPTED}, b"" if method == "POST" else None)

    def _accepted(self, answer: Answer, method: str, image: Reference, path: str) -> Answer:
        if method == "HEAD" and answer.status >= 400:
            # The answer to HEAD has no body that would say why.
            return self._told("GET", image, path)
        self._require(answer, method, f"https://{image.host}/v2/{image.path}/{path}")
        return answer

    @staticmethod
    def _require(answer: Answer, method: str, url: str) -> None:
        """Failure for an answer that is an error."""
        if answer.status < 300:
            return
        code, message = _error_of(answer)
        request = f"{method} {url.partition('?')[0]}"
        raise Failure(code, f"{request}: {message}", answer.status, _HINTS.get(code, ""), request)

    def _send(self, method: str, image: Reference, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One call, tried again while the registry is busy or broken; redirects are followed without the token."""
        patience = Patience(self.clock, self.client.retry_timeout)
        while True:
            outcome = self._attempt(method, image, url, headers, body)
            limit = None
            if isinstance(outcome, Answer):
                if outcome.status not in _AGAIN:
                    return outcome
                pause = patience.pause(retry_after(outcome.headers.get("retry-after")))
                if pause is None:
                    return outcome
            else:
                limit = UNREACHABLE_TIMEOUT if isinstance(outcome, Unreachable) else None
                pause = patience.pause(None, limit) if google(image.host) else None
                if pause is None:
                    raise Failure("CONNECTION_FAILED", f"{image.host}: {outcome}", request=f"{method} {url}")
            report(image.name, "the registry", round(patience.waited(), 1), self.client.retry_timeout)
            self.clock.sleep(pause)

    def _attempt(
        self, method: str, image: Reference, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer | Dropped | Unreachable:
        try:
            answer = self.network.send(method, url, {**headers, **self._authorization(image)}, body)
            if answer.status == 401 and not google(image.host) and self._log_in(image, answer):
                answer = self.network.send(method, url, {**headers, **self._authorization(image)}, body)
            if answer.status in _REDIRECTS and "location" in answer.headers:
                target = urljoin(url, answer.headers["location"])
                own = self._authorization(image) if urlsplit(target).hostname == urlsplit(url).hostname else {}
                answer = self.network.send(method, target, {**headers, **own}, body)
        except (Dropped, Unreachable) as problem:
            return problem
        return answer

    def _authorization(self, image: Reference) -> dict[str, str]:
        token = self.client.token().value if google(image.host) else self._tokens.get((image.host, image.path), "")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _log_in(self, image: Reference, refused: Answer) -> bool:
        """Get an anonymous token where a public registry says that there are some."""
        told = dict(_CHALLENGE.findall(refused.headers.get("www-authenticate", "")))
        if not told.get("realm", "").startswith("https://"):
            return False
        query = {"service": told.get("service", ""), "scope": f"repository:{image.path}:pull"}
        answer = self.network.send("GET", f"{told['realm']}?{urlencode(query)}", {}, None)
        if answer.status != 200:
            return False
        found = json.loads(answer.body)
        with self._lock:
            self._tokens[image.host, image.path] = str(found.get("token") or found.get("access_token") or "")
        return True


def google(host: str) -> bool:
    """Whether a registry is Google's, which takes Google's access tokens."""
    return host == "gcr.io" or host.endswith((".pkg.dev", ".gcr.io"))


def _error_of(answer: Answer) -> tuple[str, str]:
    """(code, message) of a refusal."""
    for code, message in _errors(answer.body):
        return code, message
    return ("UNAUTHORIZED" if answer.status == 401 else "REGISTRY_ERROR"), f"the registry answered {answer.status}"


def _errors(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return
    for error in parsed.get("errors", []) if isinstance(parsed, dict) else []:
        yield str(error.get("code", "REGISTRY_ERROR")), str(error.get("message", ""))
